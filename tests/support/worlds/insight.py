"""Insight: customers who order every month and are late, each with an alert that is given to
somebody else, and rules that are met by nobody for what changes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from guanxi.insight.v1 import alerts_pb2, facts_pb2, predictions_pb2, rules_pb2, segments_pb2

from tests.support.asks import Ask, World, ids_of
from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Insight,
    confirmed,
    customer_event,
    instant,
    running_insight,
)
from tests.support.services import migrated_database
from tests.support.sight_matrix import ANY_SCOPE, ASSIGNEE, OWNER, TEAM

LATENESS = "rules/lateness"
LATE = [TODAY - timedelta(days=100 + 30 * k) for k in range(7)]


def asks(alerts: Mapping[str, str]) -> dict[str, Ask]:
    """`alerts` are the names of the rows' alerts, once there are some: the server chooses them."""

    def alert(row: str) -> str:
        return alerts.get(row, f"alerts/{row}")

    return {
        "GetCustomerFacts": Ask(
            lambda row: facts_pb2.GetCustomerFactsRequest(name=f"customers/{row}/facts")
        ),
        "ListCustomerFacts": Ask(lambda _: facts_pb2.ListCustomerFactsRequest()),
        "ListSegments": Ask(lambda _: segments_pb2.ListSegmentsRequest()),
        "GetCustomerSegment": Ask(
            lambda row: segments_pb2.GetCustomerSegmentRequest(name=f"customers/{row}/segment")
        ),
        "ListSegmentCustomers": Ask(
            lambda _: segments_pb2.ListSegmentCustomersRequest(parent="segments/new-customers")
        ),
        "GetPrediction": Ask(
            lambda row: predictions_pb2.GetPredictionRequest(name=f"customers/{row}/prediction")
        ),
        "ListDueCustomers": Ask(
            lambda _: predictions_pb2.ListDueCustomersRequest(include_overdue=True)
        ),
        "GetRule": Ask(lambda _: rules_pb2.GetRuleRequest(name="rules/missed-cycle")),
        "ListRules": Ask(
            lambda _: rules_pb2.ListRulesRequest(filter='name = "rules/missed-cycle"')
        ),
        "PreviewRule": Ask(lambda _: rules_pb2.PreviewRuleRequest(filter="orders_total >= 1")),
        "GetAlert": Ask(lambda row: alerts_pb2.GetAlertRequest(name=alert(row))),
        "ListAlerts": Ask(lambda _: alerts_pb2.ListAlertsRequest(filter=f'rule = "{LATENESS}"')),
        "AcknowledgeAlert": Ask(lambda row: alerts_pb2.AcknowledgeAlertRequest(name=alert(row))),
        "SnoozeAlert": Ask(
            lambda row: alerts_pb2.SnoozeAlertRequest(
                name=alert(row), snooze_end_time=instant(TODAY + timedelta(days=3))
            )
        ),
        "CloseAlert": Ask(
            lambda row: alerts_pb2.CloseAlertRequest(
                name=alert(row), outcome=alerts_pb2.Alert.WON_BACK
            )
        ),
    }


def rule(row: str, display_name: str = "Whales") -> rules_pb2.Rule:
    return rules_pb2.Rule(
        name=f"rules/{row}",
        kind=rules_pb2.Rule.TAG,
        display_name=display_name,
        filter="orders_total >= 1000000",
        tag=row,
        enabled=True,
    )


def create_rule(row: str) -> rules_pb2.CreateRuleRequest:
    wanted = rule(row)
    wanted.ClearField("name")
    return rules_pb2.CreateRuleRequest(rule=wanted, rule_id=row)


SHARED = {
    "CreateRule": Ask(create_rule),
    "UpdateRule": Ask(lambda row: rules_pb2.UpdateRuleRequest(rule=rule(row, "Bigger whales"))),
    "DeleteRule": Ask(lambda row: rules_pb2.DeleteRuleRequest(name=f"rules/{row}")),
    "RunSegmentation": Ask(lambda _: segments_pb2.RunSegmentationRequest()),
}


@asynccontextmanager
async def insight_world(databases: Databases) -> AsyncIterator[World]:
    url = await migrated_database(databases, "insight")
    async with running_insight(url, roles=ANY_SCOPE) as insight:
        alerts: dict[str, str] = {}

        async def prepare(rows: Mapping[str, Sequence[str]]) -> None:
            desk = await insight.desk()
            given = rules_pb2.Rule(name=LATENESS, assignee=ASSIGNEE)
            await desk.rules.UpdateRule(rules_pb2.UpdateRuleRequest(rule=given))
            alerts.update(await late_customers(insight, ids_of(rows)))
            for row in (*rows.get("UpdateRule", ()), *rows.get("DeleteRule", ())):
                await desk.rules.CreateRule(create_rule(row))
            await desk.rules_followed()

        yield World(insight.service, asks(alerts), prepare, SHARED)


async def late_customers(insight: Insight, rows: Sequence[str]) -> dict[str, str]:
    """Makes them; returns the name of each one's alert."""
    desk = await insight.desk()
    orders = [
        confirmed(f"{row}-{number}", row, on) for row in rows for number, on in enumerate(LATE)
    ]
    await insight.knows(*(customer_event(row, owner=OWNER, team=TEAM) for row in rows), *orders)
    await desk.run()
    opened = await desk.open_alerts(f'rule = "{LATENESS}"')
    return {each.customer.removeprefix("customers/"): each.name for each in opened}
