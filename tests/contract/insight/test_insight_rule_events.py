"""What insight's log tells of rules: every change, whole, by whom, and from the first start on."""

from __future__ import annotations

import asyncio
from typing import Any

from google.protobuf import symbol_database
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.events.v1.event_feed_pb2 import Event, PullRequest
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub
from guanxi.insight.v1 import rules_pb2

from services.chassis.errors import DomainError
from tests.support.databases import Databases
from tests.support.insight import Desk, Insight, customer_event, running_insight
from tests.support.services import migrated_database

Rule = rules_pb2.Rule


async def told_of_rules(insight: Insight, count: int) -> list[Event]:
    """The events of rules in the log, once there are so many."""
    feed = EventFeedStub(await insight.service.channel("services/sales", role="service", team=""))
    found: list[Event] = []
    after = 0
    async with asyncio.timeout(10):
        while len(found) < count:
            request = PullRequest(consumer="test", partition_count=1, after=after)
            request.wait.FromMilliseconds(200)
            reply = await feed.Pull(request)
            after = reply.events[-1].position if reply.events else after
            found += [each for each in reply.events if each.aggregate_type == "rule"]
    return found


def rule_of(event: Event) -> Any:
    message: Any = symbol_database.Default().GetSymbol(event.type).FromString(event.payload)
    return message.rule


def whales(**fields: Any) -> Rule:
    chosen = {
        "kind": Rule.TAG,
        "display_name": "Whales",
        "filter": "orders_total = 0",
        "tag": "whale",
        "enabled": True,
        **fields,
    }
    return Rule(**chosen)


async def create(desk: Desk, rule_id: str, **fields: Any) -> Rule:
    return await desk.rules.CreateRule(
        rules_pb2.CreateRuleRequest(rule=whales(**fields), rule_id=rule_id)
    )


async def renamed(desk: Desk, name: str, display_name: str) -> Rule:
    return await desk.rules.UpdateRule(
        rules_pb2.UpdateRuleRequest(
            rule=Rule(name=name, display_name=display_name),
            update_mask=FieldMask(paths=["display_name"]),
        )
    )


async def defaults(desk: Desk) -> dict[str, Rule]:
    """The rules that came with the suite, as an event would carry them."""
    listed = await desk.rules.ListRules(rules_pb2.ListRulesRequest(filter="built_in = true"))
    return {each.name: uncounted(each) for each in listed.rules}


def uncounted(rule: Rule) -> Rule:
    rule.ClearField("match_count")
    return rule


async def test_the_rules_that_come_with_the_suite_are_told_when_they_are_written(
    databases: Databases,
) -> None:
    url = await migrated_database(databases, "insight")
    async with running_insight(url) as insight:
        there = await defaults(await insight.desk())
        told = await told_of_rules(insight, len(there))
    assert {each.type for each in told} == {"guanxi.insight.v1.RuleCreated"}
    assert {each.aggregate_id: rule_of(each) for each in told} == there
    assert {each.actor.subject for each in told} == {"system/insight"}
    async with running_insight(url) as insight:
        await create(await insight.desk(), "mine")
        after_the_second_start = await told_of_rules(insight, len(there) + 1)
    assert len(after_the_second_start) == len(there) + 1


async def test_every_change_of_a_rule_is_told_with_what_it_came_to_and_by_whom(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(customer_event("ada"))
    known = len(await defaults(desk))
    zoe = await insight.desk("users/zoe")
    created = uncounted(await create(desk, "mine"))
    changed = uncounted(await renamed(zoe, created.name, "Big whales"))
    ended = await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=created.name))
    told = (await told_of_rules(insight, known + 3))[known:]
    assert [each.type.rpartition(".")[2] for each in told] == [
        "RuleCreated",
        "RuleUpdated",
        "RuleDeleted",
    ]
    assert [each.actor.subject for each in told] == ["users/ann", "users/zoe", "users/ann"]
    assert {each.aggregate_id for each in told} == {created.name}
    assert [rule_of(each) for each in told[:2]] == [created, changed]
    assert created.etag != changed.etag
    changed.run = ended.run
    assert rule_of(told[2]) == changed


async def test_an_event_of_a_rule_counts_nobody(insight: Insight, desk: Desk) -> None:
    """What a rule matches depends on who asks, and a reader is nobody's colleague."""
    await insight.knows(customer_event("ada"))
    known = len(await defaults(desk))
    await create(desk, "mine")
    await desk.rules_followed()
    changed = await renamed(desk, "rules/mine", "Big whales")
    assert changed.match_count == 1
    told = await told_of_rules(insight, known + 2)
    assert rule_of(told[-1]).match_count == 0


async def test_a_deleted_rule_that_was_disabled_is_told_without_a_run(
    insight: Insight, desk: Desk
) -> None:
    known = len(await defaults(desk))
    await create(desk, "mine", enabled=False)
    await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name="rules/mine"))
    told = await told_of_rules(insight, known + 2)
    assert rule_of(told[-1]).run == ""


async def test_what_changes_no_rule_is_not_told(insight: Insight, desk: Desk) -> None:
    known = len(await defaults(desk))
    await create(desk, "mine")
    await renamed(desk, "rules/mine", "Whales")
    for refused in (create(desk, "mine"), create(desk, "yours", filter="no_fact = 1")):
        try:
            await refused
        except DomainError:
            continue
        raise AssertionError("it should have been refused")
    await create(desk, "last")
    told = (await told_of_rules(insight, known + 2))[known:]
    assert [each.aggregate_id for each in told] == ["rules/mine", "rules/last"]
