"""Watching alerts that come into one's sight and leave it: with their customer, or their rule."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import alerts_pb2, rules_pb2

from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event
from tests.support.watched_alerts import Watched, begun, told, watching

REXS: dict[str, Any] = {"owner": "users/rex", "team": "teams/north"}
NIAS: dict[str, Any] = {"owner": "users/nia", "team": "teams/south"}


async def hand_over(insight: Insight, to: dict[str, Any], customer: str = "ada") -> None:
    await insight.knows(customer_event(customer, customers_pb2.CustomerUpdated, **to))


def of_buyers(**fields: Any) -> rules_pb2.Rule:
    return rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
        **fields,
    )


@pytest.fixture(autouse=True)
async def buyers(insight: Insight) -> None:
    """A rule that gives one alert to the owner of whoever has bought anything."""
    desk = await insight.desk()
    await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id="buyers", rule=of_buyers()))
    await desk.rules_followed()


async def opened(insight: Insight, customer: str = "ada", **whose: Any) -> alerts_pb2.Alert:
    """The one alert of a customer, whose opening has been told."""
    async with watching(await insight.desk()) as replies:
        bought = confirmed(f"{customer}-bought", customer, TODAY)
        await insight.knows(customer_event(customer, **whose), bought)
        (first,) = await told(replies, 1)
    assert first.change == Watched.OPENED
    return first.alert


def parting(alert: alerts_pb2.Alert, assignee: str = "") -> alerts_pb2.Alert:
    return alerts_pb2.Alert(name=alert.name, rule=alert.rule, assignee=assignee)


async def test_whose_customer_is_handed_over_is_told_that_the_alert_is_out_of_sight_and_no_more(
    insight: Insight,
) -> None:
    rex = await insight.desk("users/rex", role="rep", team="teams/north")
    tess = await insight.desk("users/tess", role="manager", team="teams/north")
    alert = await opened(insight, **REXS)
    async with begun(rex) as (since, to_rex), watching(tess) as to_tess:
        await hand_over(insight, NIAS)
        (left,) = await told(to_rex, 1)
        (left_tess,) = await told(to_tess, 1)
    assert (left.change, left.alert) == (Watched.OUT_OF_SIGHT, parting(alert, "users/rex"))
    assert (left_tess.change, left_tess.alert) == (Watched.OUT_OF_SIGHT, parting(alert))
    async with watching(rex, resume_token=since) as replies:
        assert await told(replies, 1) == [left]


async def test_who_is_given_a_customer_is_told_of_the_alerts_and_whoever_never_saw_it_of_nothing(
    insight: Insight,
) -> None:
    nia = await insight.desk("users/nia", role="rep", team="teams/south")
    otto = await insight.desk("users/otto", role="manager", team="teams/south")
    eve = await insight.desk("users/eve", role="rep", team="teams/north")
    await opened(insight, **REXS)
    async with watching(nia) as to_nia, watching(otto) as to_otto, watching(eve) as to_eve:
        await hand_over(insight, NIAS)
        (came, to_act) = await told(to_nia, 2)
        assert await told(to_otto, 2) == [came, to_act]
        await opened(insight, "bob", owner="users/eve", team="teams/north")
        (only,) = await told(to_eve, 1)
    assert came.alert.customer == to_act.alert.customer == "customers/ada"
    assert (came.change, to_act.change) == (Watched.UPDATED, Watched.UPDATED)
    assert to_act.alert.assignee == "users/nia"
    assert only.alert.customer == "customers/bob"


async def test_who_sees_an_alert_before_and_after_a_handover_is_told_once(
    insight: Insight, desk: Desk
) -> None:
    await opened(insight, **REXS)
    async with watching(desk) as replies:
        await hand_over(insight, NIAS)
        await hand_over(insight, REXS)
        to_nia, to_rex = await told(replies, 2)
    assert [to_nia.alert.assignee, to_rex.alert.assignee] == ["users/nia", "users/rex"]


async def test_who_watches_ones_own_alerts_is_told_when_somebody_else_should_act(
    insight: Insight,
) -> None:
    """Also where they go on seeing it."""
    rex = await insight.desk("users/rex", role="rep", team="teams/north")
    tess = await insight.desk("users/tess", role="manager", team="teams/north")
    await opened(insight, owner="users/tess", team="teams/north")
    async with watching(tess, assigned_to_me=True) as replies:
        await hand_over(insight, REXS)
        (to_rex,) = await told(replies, 1)
    assert (to_rex.change, to_rex.alert.assignee) == (Watched.UPDATED, "users/rex")
    async with watching(rex, assigned_to_me=True) as replies:
        await hand_over(insight, NIAS)
        (left,) = await told(replies, 1)
    assert (left.change, left.alert) == (
        Watched.OUT_OF_SIGHT,
        parting(to_rex.alert, "users/rex"),
    )


async def test_who_was_given_an_alert_that_its_rule_gives_to_another_is_told_so(
    insight: Insight, desk: Desk
) -> None:
    bob = await insight.desk("users/bob", role="rep", team="teams/south")
    await opened(insight, **REXS)
    rule = of_buyers(assignee="users/bob")
    async with watching(bob) as replies:
        await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id="given", rule=rule))
        (given,) = await told(replies, 1)
        rule.name, rule.assignee = "rules/given", "users/eve"
        await desk.rules.UpdateRule(
            rules_pb2.UpdateRuleRequest(rule=rule, update_mask=FieldMask(paths=["assignee"]))
        )
        (left,) = await told(replies, 1)
    assert (left.change, left.alert) == (Watched.OUT_OF_SIGHT, parting(given.alert, "users/bob"))
