"""Alerts: opened, updated and resolved by events and by time; what people do with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import alerts_pb2, rules_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    confirmed,
    customer_event,
    late_buyer,
    touch,
    until,
)

Alert = alerts_pb2.Alert


async def one_alert(desk: Desk, rule: str = "rules/lateness") -> alerts_pb2.Alert:
    (alert,) = await desk.open_alerts(f'rule = "{rule}"')
    return alert


async def get(desk: Desk, name: str) -> alerts_pb2.Alert:
    return await desk.alerts.GetAlert(alerts_pb2.GetAlertRequest(name=name))


async def close(
    desk: Desk, alert: alerts_pb2.Alert, outcome: Any = Alert.WON_BACK, **fields: Any
) -> alerts_pb2.Alert:
    return await desk.alerts.CloseAlert(
        alerts_pb2.CloseAlertRequest(name=alert.name, outcome=outcome, **fields)
    )


async def snooze(
    insight: Insight, desk: Desk, alert: alerts_pb2.Alert, **fields: Any
) -> alerts_pb2.Alert:
    until_time = Timestamp()
    until_time.FromDatetime(insight.clock.now() + timedelta(hours=fields.pop("hours", 1)))
    return await desk.alerts.SnoozeAlert(
        alerts_pb2.SnoozeAlertRequest(name=alert.name, snooze_end_time=until_time, **fields)
    )


async def test_a_late_buyer_opens_one_alert_with_its_reasons(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    assert alert.customer == "customers/ada"
    assert alert.customer_display_name == "Ada"
    assert alert.assignee == "users/ann"
    assert alert.severity == rules_pb2.WARNING
    assert alert.state == Alert.OPEN
    assert alert.text_en == "3.33 of their own cycles since the last order, 100 days ago."
    assert "100天" in alert.text_zh
    assert [(each.fact, each.value) for each in alert.evidence] == [
        ("cycles_since_order", "3.33"),
        ("orders_total", "7"),
    ]
    assert await get(desk, alert.name) == alert


async def test_an_order_resolves_the_alert(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    await insight.knows(confirmed("back", "ada", TODAY))
    found = await get(desk, alert.name)
    assert found.state == Alert.RESOLVED
    assert found.outcome == Alert.OUTCOME_UNSPECIFIED
    assert found.HasField("resolve_time")


async def test_a_cancelled_order_opens_another(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    first = await one_alert(desk)
    await insight.knows(confirmed("back", "ada", TODAY))
    await insight.knows(confirmed("back", "ada", TODAY, event=orders_pb2.OrderCancelled))
    second = await one_alert(desk)
    assert second.name != first.name


async def test_new_evidence_updates_the_alert(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    before = await one_alert(desk)
    await insight.knows(confirmed("old", "ada", TODAY - timedelta(days=400)))
    after = await one_alert(desk)
    assert after.name == before.name
    assert after.etag != before.etag
    assert after.evidence[1].value == "8"


async def test_a_new_owner_takes_over_the_alert(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    await insight.knows(
        customer_event("ada", customers_pb2.CustomerUpdated, owner="users/eve", team="teams/south")
    )
    assert (await one_alert(desk)).assignee == "users/eve"
    eve = await insight.desk("users/eve", role="rep", team="teams/south")
    assert len(await eve.open_alerts()) > 0


async def test_alerts_of_a_deleted_customer_resolve(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    await insight.knows(customer_event("ada", customers_pb2.CustomerDeleted))
    assert await desk.open_alerts() == []


async def test_time_alone_opens_an_alert(insight: Insight, desk: Desk) -> None:
    await insight.knows(customer_event("lea"), touch("t1", "lea", TODAY, "DOWNLOAD"))
    assert await desk.open_alerts('rule = "rules/unattended-lead"') == []
    insight.clock.move(days=2)

    async def opened() -> bool:
        return len(await desk.open_alerts('rule = "rules/unattended-lead"')) == 1

    await until(opened)
    await insight.knows(touch("t2", "lea", TODAY + timedelta(days=2), "CALL"))
    assert await desk.open_alerts('rule = "rules/unattended-lead"') == []


async def test_each_example_of_the_business_alerts(insight: Insight, desk: Desk) -> None:
    def ago(days: int) -> Any:
        return TODAY - timedelta(days=days)

    await insight.knows(
        *(customer_event(name) for name in ("monthly", "vip", "cycle", "season", "lead")),
        *(confirmed(f"m{k}", "monthly", ago(95 + 30 * k)) for k in range(8)),
        confirmed("v1", "vip", ago(40), 1_200_000),
        touch("v2", "vip", ago(35), "MEETING"),
        *(confirmed(f"c{k}", "cycle", ago(40 + 45 * k)) for k in range(5)),
        *(confirmed(f"s{k}", "season", ago(20 + 60 * k)) for k in range(5)),
        confirmed("s-large", "season", ago(365), 900),
        touch("l1", "lead", ago(3), "DOWNLOAD"),
    )
    found = {(each.rule[6:], each.customer[10:]) for each in await desk.open_alerts()}
    assert {
        ("missed-cycle", "monthly"),
        ("silent-vip", "vip"),
        ("repurchase-due", "cycle"),
        ("same-period-last-year", "season"),
        ("lateness", "monthly"),
        ("unattended-lead", "lead"),
    } <= found
    assert ("missed-cycle", "cycle") not in found
    facts = await desk.all_facts()
    assert list(facts["vip"].tags) == ["VIP"]
    assert list(facts["lead"].tags) == ["intent"]
    (silent,) = await desk.open_alerts('rule = "rules/silent-vip"')
    assert silent.text_en == (
        "VIP (1,200,000.00 GBP in a year), and nobody has been in touch for 35 days."
    )


async def test_somebody_is_on_it(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    request = alerts_pb2.AcknowledgeAlertRequest(name=alert.name, etag=alert.etag)
    acknowledged = await desk.alerts.AcknowledgeAlert(request)
    assert acknowledged.state == Alert.ACKNOWLEDGED
    again = await desk.alerts.AcknowledgeAlert(
        alerts_pb2.AcknowledgeAlertRequest(name=alert.name, etag=acknowledged.etag)
    )
    assert again == acknowledged
    await insight.knows(confirmed("old", "ada", TODAY - timedelta(days=400)))
    assert (await get(desk, alert.name)).state == Alert.ACKNOWLEDGED


async def test_a_snoozed_alert_opens_again_in_time(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    snoozed = await snooze(insight, desk, alert)
    assert snoozed.state == Alert.SNOOZED
    assert await desk.open_alerts('rule = "rules/lateness"') == []
    insight.clock.move(hours=2)

    async def awake() -> bool:
        return (await get(desk, alert.name)).state == Alert.OPEN

    await until(awake)
    assert not (await get(desk, alert.name)).HasField("snooze_end_time")


async def test_a_snoozed_alert_whose_condition_ends_does_not_come_back(
    insight: Insight, desk: Desk
) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    await snooze(insight, desk, alert)
    await insight.knows(confirmed("back", "ada", TODAY))
    assert (await get(desk, alert.name)).state == Alert.RESOLVED


async def test_a_closed_alert_stays_away_for_its_cooldown(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    closed = await close(desk, alert, Alert.FALSE_ALARM, note="moved house")
    assert (closed.state, closed.outcome) == (Alert.RESOLVED, Alert.FALSE_ALARM)
    assert closed.note == "moved house"
    await insight.knows(confirmed("old", "ada", TODAY - timedelta(days=400)))
    assert await desk.open_alerts('rule = "rules/lateness"') == []
    insight.clock.move(days=31)

    async def back() -> bool:
        return len(await desk.open_alerts('rule = "rules/lateness"')) == 1

    await until(back)


async def test_a_repeat_of_a_close_gives_the_first_result(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    first = await close(desk, alert, request_id="r1")
    assert await close(desk, alert, request_id="r1") == first


async def test_a_closed_alert_changes_no_more(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    await close(desk, alert)
    for call in (
        close(desk, alert),
        snooze(insight, desk, alert),
        desk.alerts.AcknowledgeAlert(alerts_pb2.AcknowledgeAlertRequest(name=alert.name)),
    ):
        with pytest.raises(DomainError) as refused:
            await call
        assert refused.value.kind is Kind.FAILED_PRECONDITION
        assert refused.value.reason == "ALERT_CLOSED"


async def test_a_change_of_what_has_changed_meanwhile_is_refused(
    insight: Insight, desk: Desk
) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    await snooze(insight, desk, alert)
    for call in (
        close(desk, alert, etag=alert.etag),
        snooze(insight, desk, alert, etag=alert.etag),
        desk.alerts.AcknowledgeAlert(
            alerts_pb2.AcknowledgeAlertRequest(name=alert.name, etag=alert.etag)
        ),
    ):
        with pytest.raises(DomainError) as refused:
            await call
        assert refused.value.reason == "ETAG_MISMATCH"


async def test_a_snooze_ends_in_the_future(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    with pytest.raises(DomainError) as refused:
        await snooze(insight, desk, await one_alert(desk), hours=-1)
    assert refused.value.reason == "SNOOZE_NOT_IN_FUTURE"


async def test_alerts_of_others_are_not_found(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    alert = await one_alert(desk)
    eve = await insight.desk("users/eve", role="rep", team="teams/south")
    assert await eve.open_alerts() == []
    for call in (get(eve, alert.name), close(eve, alert)):
        with pytest.raises(DomainError) as refused:
            await call
        assert refused.value.kind is Kind.NOT_FOUND


async def test_an_alert_is_seen_by_whom_it_is_given_to(insight: Insight, desk: Desk) -> None:
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
        text_en="{orders_total} orders",
        assignee="users/eve",
    )
    await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule=rule, rule_id="mine"))
    await desk.rules_followed()
    await late_buyer(insight)
    eve = await insight.desk("users/eve", role="rep", team="teams/south")
    [given] = await eve.open_alerts()
    assert (given.rule, given.assignee) == ("rules/mine", "users/eve")
    closed = await close(eve, given)
    assert closed.state == alerts_pb2.Alert.RESOLVED
