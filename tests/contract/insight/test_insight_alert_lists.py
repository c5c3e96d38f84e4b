"""ListAlerts: the order and the pages of alerts, what they say, and what is wrong with a list."""

from __future__ import annotations

from typing import Any

import pytest
from guanxi.insight.v1 import alerts_pb2, rules_pb2

from services.chassis.errors import DomainError
from tests.support.in_turn import in_turn
from tests.support.insight import Desk, Insight, late_buyer


async def test_lists_are_most_severe_first_and_paged(insight: Insight, desk: Desk) -> None:
    await late_buyer(insight)
    await late_buyer(insight, "bob")
    request = alerts_pb2.ListAlertsRequest(page_size=3, filter='severity != "NOTICE"')
    first = await desk.alerts.ListAlerts(request)
    assert [each.severity for each in first.alerts] == [3, 3, 2]
    request.page_token = first.next_page_token
    second = await desk.alerts.ListAlerts(request)
    assert [each.severity for each in second.alerts] == [2]
    oldest = await desk.alerts.ListAlerts(alerts_pb2.ListAlertsRequest(order_by="create_time"))
    assert oldest.alerts[0].customer == "customers/ada"


async def test_who_asks_for_their_own_gets_what_is_assigned_to_them(
    insight: Insight, desk: Desk
) -> None:
    await late_buyer(insight)
    mine = alerts_pb2.ListAlertsRequest(assigned_to_me=True, page_size=1)
    first = await desk.alerts.ListAlerts(mine)
    assert [each.assignee for each in first.alerts] == ["users/ann"]
    mia = await insight.desk("users/mia", role="manager", team="teams/north")
    assert list((await mia.alerts.ListAlerts(mine)).alerts) == []
    assert len(await mia.open_alerts()) > 1
    everybodys = alerts_pb2.ListAlertsRequest(page_token=first.next_page_token, page_size=1)
    with pytest.raises(DomainError) as refused:
        await desk.alerts.ListAlerts(everybodys)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"


async def test_an_alert_of_a_rule_without_a_text_says_what_the_rule_is_called(
    insight: Insight, desk: Desk
) -> None:
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total >= 1",
        enabled=True,
        severity=rules_pb2.NOTICE,
    )
    named = rules_pb2.Rule(display_name="Buyers")
    named.MergeFrom(rule)
    for identifier, each in (("bare", rule), ("named", named)):
        await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule=each, rule_id=identifier))
    await desk.rules_followed()
    await late_buyer(insight)
    told = {each.rule: (each.text_en, each.text_zh) for each in await desk.open_alerts()}
    assert told["rules/named"] == ("Buyers", "Buyers")
    assert told["rules/bare"] == ("orders_total >= 1", "orders_total >= 1")


@in_turn(
    ("arguments", "reason"),
    [
        ({"filter": "colour = 1"}, "FILTER_UNKNOWN_FIELD"),
        ({"filter": "state = WAITING"}, "FILTER_UNKNOWN_VALUE"),
        ({"order_by": "colour"}, "ORDER_BY_UNKNOWN_FIELD"),
        ({"page_token": "x"}, "PAGE_TOKEN_INVALID"),
    ],
)
async def test_what_is_wrong_with_a_list_is_named(
    desk: Desk, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.alerts.ListAlerts(alerts_pb2.ListAlertsRequest(**arguments))
    assert refused.value.reason == reason
