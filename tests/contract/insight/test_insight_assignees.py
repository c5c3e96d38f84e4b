"""Whom a rule gives its alerts to, once there is anybody in the directory of people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.insight.v1.rules_pb2 import (
    NOTICE,
    CreateRuleRequest,
    GetRuleRequest,
    ListRulesRequest,
    Rule,
    UpdateRuleRequest,
)
from guanxi.insight.v1.rules_pb2_grpc import RuleServiceStub
from guanxi.insight.v1.runs_pb2 import ListRunsRequest
from guanxi.sales.v1.people_pb2 import (
    User,
    UserCreated,
    UserDeactivated,
    UserReactivated,
    UserUpdated,
)

from services.chassis.errors import DomainError, Kind
from tests.support.asked_people import AWAY, OLDER, REFUSED, AskedPeople
from tests.support.databases import Databases
from tests.support.insight import Insight, WrittenFeed, customer_event, insight_reading, until
from tests.support.refusals import refusal
from tests.support.services import migrated_database

SILENT = Rule(
    display_name="Silent",
    kind=Rule.ALERT,
    filter="days_since_contact > 30",
    severity=NOTICE,
    text_en="Silent.",
    text_zh="沉默。",
)


ANN = User(name="users/ann", active=True)
EVE = User(name="users/eve")


@pytest.fixture
def people() -> AskedPeople:
    return AskedPeople()


@pytest.fixture
async def insight(databases: Databases, people: AskedPeople) -> AsyncIterator[Insight]:
    """Nobody is in the directory yet."""
    url = await migrated_database(databases, "insight")
    feeds = {"customer": WrittenFeed(), "sales": WrittenFeed()}
    async with insight_reading(url, feeds, people=people) as service:
        yield Insight(service, feeds["customer"], feeds["sales"], service.clock)


@pytest.fixture
async def rules(insight: Insight) -> RuleServiceStub:
    """Ann works here, Eve did."""
    await insight.knows(UserCreated(user=ANN), UserDeactivated(user=EVE))
    return (await insight.desk()).rules


def giving_to(assignee: str, *, request_id: str = "", **fields: Any) -> CreateRuleRequest:
    rule = Rule(assignee=assignee, **fields)
    whole = Rule()
    whole.CopyFrom(SILENT)
    whole.MergeFrom(rule)
    return CreateRuleRequest(rule=whole, rule_id="silent", request_id=request_id)


async def changed(rules: RuleServiceStub, **fields: Any) -> Rule:
    rule = Rule(name="rules/silent", **fields)
    mask = FieldMask(paths=list(fields))
    return await rules.UpdateRule(UpdateRuleRequest(rule=rule, update_mask=mask))


@pytest.mark.parametrize(
    ("assignee", "reason"),
    [("users/zoe", "ASSIGNEE_UNKNOWN"), ("users/eve", "ASSIGNEE_INACTIVE")],
)
async def test_alerts_are_given_to_nobody_who_is_unknown_or_has_left(
    rules: RuleServiceStub, assignee: str, reason: str
) -> None:
    error = await refusal(rules.CreateRule(giving_to(assignee)))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert [each.field for each in error.violations] == ["rule.assignee"]
    await rules.CreateRule(giving_to("owner"))
    assert (await refusal(changed(rules, assignee=assignee))).reason == reason
    assert (await changed(rules, assignee="users/ann")).assignee == "users/ann"


async def test_while_nobody_is_in_the_directory_every_name_goes(
    insight: Insight, people: AskedPeople
) -> None:
    rules = (await insight.desk()).rules
    assert (await rules.CreateRule(giving_to("users/new"))).assignee == "users/new"
    assert people.asked == []


async def test_only_a_person_who_is_named_anew_is_asked_for(
    insight: Insight, rules: RuleServiceStub, people: AskedPeople
) -> None:
    await rules.CreateRule(giving_to("users/ann"))
    people.refusal = AWAY
    assert (await changed(rules, display_name="Quiet")).assignee == "users/ann"
    assert (await changed(rules, assignee="owner")).assignee == "owner"
    assert (await changed(rules, assignee="users/ann")).assignee == "users/ann"
    assert people.asked == []
    error = await refusal(changed(rules, assignee="users/zoe"))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "PEOPLE_UNAVAILABLE")
    people.refusal = REFUSED
    assert (await refusal(changed(rules, assignee="users/zoe"))).kind is REFUSED.kind
    people.refusal = OLDER
    assert (await changed(rules, assignee="users/zoe")).assignee == "users/zoe"


@pytest.mark.parametrize("away", [True, False])
async def test_a_rule_sent_back_as_read_keeps_an_assignee_who_has_left(
    insight: Insight, rules: RuleServiceStub, people: AskedPeople, away: bool
) -> None:
    await rules.CreateRule(giving_to("users/ann"))
    await insight.knows(UserDeactivated(user=User(name="users/ann")))
    people.refusal = AWAY if away else None
    rule = await rules.GetRule(GetRuleRequest(name="rules/silent"))
    rule.enabled = not rule.enabled
    answer = await rules.UpdateRule(UpdateRuleRequest(rule=rule))
    assert (answer.enabled, answer.assignee) == (rule.enabled, "users/ann")


async def test_who_came_back_a_moment_ago_can_be_given_alerts_at_once(
    rules: RuleServiceStub, people: AskedPeople
) -> None:
    people.has("users/eve")
    assert (await rules.CreateRule(giving_to("users/eve"))).assignee == "users/eve"


async def test_a_repeat_asks_nobody(rules: RuleServiceStub, people: AskedPeople) -> None:
    people.has("users/zoe")
    created = await rules.CreateRule(giving_to("users/zoe", request_id="once"))
    people.refusal = AWAY
    again = await rules.CreateRule(giving_to("users/zoe", request_id="once"))
    assert (again.name, again.etag) == (created.name, created.etag)
    assert people.asked == [["users/zoe"]]


async def test_the_rules_that_give_alerts_to_somebody_can_be_listed(
    rules: RuleServiceStub,
) -> None:
    await rules.CreateRule(giving_to("users/ann"))
    reply = await rules.ListRules(ListRulesRequest(filter='assignee = "users/ann"'))
    assert [each.name for each in reply.rules] == ["rules/silent"]


async def test_alerts_of_who_has_left_go_to_whoever_looks_after_the_customer(
    insight: Insight, rules: RuleServiceStub
) -> None:
    """Those there are, without an event of the customer's, and new ones; and back with them."""
    desk = await insight.desk()
    await insight.knows(customer_event("acme", owner="users/bob"))
    await rules.CreateRule(giving_to("users/ann", filter='owner = "users/bob"', enabled=True))
    await until(given(insight, {"customers/acme": "users/ann"}))
    ann = await insight.desk("users/ann", role="rep", team="teams/south")
    assert len(await ann.open_alerts()) == 1

    await insight.knows(UserDeactivated(user=User(name="users/ann")))
    await until(given(insight, {"customers/acme": "users/bob"}))
    assert await ann.open_alerts() == []
    await insight.knows(customer_event("new", owner="users/bob"))
    await until(given(insight, {"customers/acme": "users/bob", "customers/new": "users/bob"}))
    rule = await desk.rules.GetRule(GetRuleRequest(name="rules/silent"))
    assert rule.assignee == "users/ann"

    await insight.knows(UserReactivated(user=ANN))
    await until(given(insight, {"customers/acme": "users/ann", "customers/new": "users/ann"}))


async def test_a_change_of_somebody_who_works_here_asks_for_no_run(
    insight: Insight, rules: RuleServiceStub
) -> None:
    desk = await insight.desk()
    await rules.CreateRule(giving_to("users/ann", enabled=True))
    await desk.rules_followed()
    before = await desk.runs.ListRuns(ListRunsRequest())
    await insight.knows(
        UserUpdated(user=User(name="users/ann", active=True, team="teams/north")),
        UserReactivated(user=User(name="users/eve", active=True)),
    )
    assert await desk.runs.ListRuns(ListRunsRequest()) == before


async def test_a_new_log_of_the_directory_tells_of_everybody_anew(
    insight: Insight, rules: RuleServiceStub
) -> None:
    """At positions that the one before had given to others."""
    await insight.knows(UserDeactivated(user=User(name="users/ann")))
    error = await refusal(rules.CreateRule(giving_to("users/ann")))
    assert error.reason == "ASSIGNEE_INACTIVE"
    insight.sales.replace("second", UserCreated(user=ANN))
    await until(lambda: is_given(rules, "users/ann"))


def given(insight: Insight, expected: dict[str, str]) -> Callable[[], Awaitable[bool]]:
    """Whether exactly these customers have a live alert of the rule, which goes to them."""

    async def so() -> bool:
        desk = await insight.desk()
        found = await desk.open_alerts('rule = "rules/silent"')
        return {each.customer: each.assignee for each in found} == expected

    return so


async def is_given(rules: RuleServiceStub, assignee: str) -> bool:
    try:
        await rules.CreateRule(giving_to(assignee))
    except DomainError:
        return False
    return True
