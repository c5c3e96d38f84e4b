"""Who sees an alert: whoever sees its customer, the ended ones too, and whom it is given to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import alerts_pb2, feeds_pb2, rules_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.insight import Desk, Insight, customer_event, late_buyer, poisoned, until

Alert = alerts_pb2.Alert
HANDED_OVER: dict[str, Any] = {"owner": "users/nia", "team": "teams/south"}


async def alerts(desk: Desk) -> list[alerts_pb2.Alert]:
    return list((await desk.alerts.ListAlerts(alerts_pb2.ListAlertsRequest())).alerts)


async def close(desk: Desk, alert: alerts_pb2.Alert) -> alerts_pb2.Alert:
    return await desk.alerts.CloseAlert(
        alerts_pb2.CloseAlertRequest(
            name=alert.name, outcome=Alert.CONTACTED, note="said they move to Leeds"
        )
    )


async def hand_over(insight: Insight, customer: str = "ada") -> None:
    await insight.knows(customer_event(customer, customers_pb2.CustomerUpdated, **HANDED_OVER))


async def given_to_bob(desk: Desk) -> None:
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
        assignee="users/bob",
        text_en="{orders_total} orders",
        # Without it the next evaluation, whenever it comes, opens what was closed.
        cooldown_days=30,
    )
    await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule_id="for-bob", rule=rule))
    await desk.rules_followed()


async def test_ended_alerts_go_with_their_customer_to_the_new_owner(insight: Insight) -> None:
    await late_buyer(insight, owner="users/rex", team="teams/north")
    rex = await insight.desk("users/rex", role="rep", team="teams/north")
    nia = await insight.desk("users/nia", role="rep", team="teams/south")
    (tess, otto) = (
        await insight.desk("users/tess", role="manager", team="teams/north"),
        await insight.desk("users/otto", role="manager", team="teams/south"),
    )
    for alert in await rex.open_alerts():
        await close(rex, alert)
    history = await alerts(rex)
    assert history
    assert await alerts(nia) == await alerts(otto) == []
    await hand_over(insight)
    assert await alerts(rex) == await alerts(tess) == []
    assert await alerts(nia) == await alerts(otto) == history
    with pytest.raises(DomainError) as unseen:
        await rex.alerts.GetAlert(alerts_pb2.GetAlertRequest(name=history[0].name))
    assert unseen.value.kind is Kind.NOT_FOUND


async def test_alerts_of_a_customer_who_cannot_be_evaluated_are_handed_over_too(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await late_buyer(insight, owner="users/rex", team="teams/north")
    rex = await insight.desk("users/rex", role="rep", team="teams/north")
    nia = await insight.desk("users/nia", role="rep", team="teams/south")
    assert await alerts(rex)
    poisoned(monkeypatch, "ada")
    await hand_over(insight)
    aside = await desk.feeds.ListSetAsideCustomers(feeds_pb2.ListSetAsideCustomersRequest())
    assert [each.customer for each in aside.set_aside_customers] == ["customers/ada"]
    assert await alerts(rex) == []
    assert await alerts(nia)


async def test_whoever_is_given_an_alert_sees_it_until_it_ends(
    insight: Insight, desk: Desk
) -> None:
    await late_buyer(insight, owner="users/rex", team="teams/north")
    await given_to_bob(desk)
    bob = await insight.desk("users/bob", role="rep", team="teams/south")
    (alert,) = await alerts(bob)
    assert alert.text_en == "7 orders"
    watch: Callable[..., Any] = bob.alerts.WatchAlerts
    async with bob.channel.stream(watch, alerts_pb2.WatchAlertsRequest()) as replies:
        await anext(replies)
        closed = await close(bob, alert)
        assert closed.note == "said they move to Leeds"
        async with asyncio.timeout(15):
            # That it was opened may be told yet: events get their positions after the commit.
            while (told := await anext(replies)).change != alerts_pb2.WatchAlertsResponse.RESOLVED:
                assert told.change == alerts_pb2.WatchAlertsResponse.OPENED
    assert told.alert == Alert(
        name=alert.name,
        rule=alert.rule,
        assignee="users/bob",
        state=Alert.RESOLVED,
        update_time=closed.update_time,
        resolve_time=closed.resolve_time,
    )
    assert await alerts(bob) == []


async def test_a_rebuild_gives_ended_alerts_to_whose_the_customers_are_then(
    insight: Insight, desk: Desk
) -> None:
    await late_buyer(insight, owner="users/rex", team="teams/north")
    rex = await insight.desk("users/rex", role="rep", team="teams/north")
    nia = await insight.desk("users/nia", role="rep", team="teams/south")
    for alert in await rex.open_alerts():
        await close(rex, alert)
    insight.customer.replace("second", customer_event("ada", **HANDED_OVER))

    async def handed_over() -> bool:
        return not await alerts(rex) and bool(await alerts(nia))

    await until(handed_over)
