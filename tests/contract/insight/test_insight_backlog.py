"""Imports: facts follow at once, rules when all is read."""

from __future__ import annotations

from datetime import timedelta

from guanxi.insight.v1 import alerts_pb2

from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    confirmed,
    customer_event,
    running_insight,
    until,
)
from tests.support.services import migrated_database


async def test_rules_wait_for_the_end_of_an_import(databases: Databases) -> None:
    url = await migrated_database(databases, "insight")
    async with running_insight(url, idle_seconds=1.5) as insight:
        await import_in_two_parts(insight, await insight.desk())


async def import_in_two_parts(insight: Insight, desk: Desk) -> None:
    # Read up to the middle, every customer would be late; the second half has their last orders.
    customers = [f"c{number}" for number in range(60)]
    past = [
        confirmed(f"{customer}-{k}", customer, TODAY - timedelta(days=101 + 10 * k))
        for customer in customers
        for k in range(9)
    ]
    lately = [confirmed(f"{name}-last", name, TODAY - timedelta(days=1)) for name in customers[1:]]
    insight.customer.write(*(customer_event(name) for name in customers))
    await insight.caught_up()
    insight.sales.write(*past)
    await insight.caught_up()
    assert (await desk.facts_of("c0")).orders_total == 9
    insight.sales.write(*lately)
    await insight.caught_up()

    async def found() -> bool:
        return len(await desk.open_alerts('rule = "rules/lateness"')) == 1

    await until(found)
    reply = await desk.alerts.ListAlerts(
        alerts_pb2.ListAlertsRequest(page_size=1000, filter="state = RESOLVED")
    )
    assert not reply.alerts
    (late,) = await desk.open_alerts('rule = "rules/lateness"')
    assert late.customer == "customers/c0"
