"""Several replicas on one PostgreSQL: every event counts once, and a rebuild is everyone's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import feeds_pb2, rules_pb2

from services.chassis.store import WriteTransaction
from services.chassis.store.migrate import migrate
from services.insight.engine import stored_runs
from services.insight.engine.stored_runs import StoredRuns
from tests.support.insight import (
    TODAY,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    insight_reading,
    until,
)

CUSTOMERS = 40
ORDERS = 10


@pytest.fixture
async def replicas(postgres_url: str) -> AsyncIterator[list[Insight]]:
    """Two of them, each reading both feeds in four partitions."""
    await migrate(postgres_url, "services.insight")
    customer, sales = WrittenFeed(), WrittenFeed()
    async with AsyncExitStack() as stack:
        running = []
        for _ in range(2):
            reading = insight_reading(
                postgres_url, {"customer": customer, "sales": sales}, feed_partitions=4
            )
            service = await stack.enter_async_context(reading)
            running.append(Insight(service, customer, sales, service.clock))
        yield running


def write_orders(insight: Insight, first: int, last: int) -> None:
    for number in range(first, last):
        insight.sales.write(
            *(
                confirmed(f"o{each}-{number}", f"c{each}", TODAY - timedelta(days=5 * number + 1))
                for each in range(CUSTOMERS)
            )
        )


async def test_every_event_counts_once_while_runs_go_on(replicas: list[Insight]) -> None:
    one, two = replicas
    desk = await one.desk()
    one.customer.write(*(customer_event(f"c{number}") for number in range(CUSTOMERS)))
    for number in range(ORDERS):
        write_orders(one, number, number + 1)
        await asyncio.gather(desk.run(), (await two.desk()).run())
    await one.caught_up()
    await desk.run()
    facts = await desk.all_facts()
    assert {each.orders_total for each in facts.values()} == {ORDERS}
    assert {each.f_score for each in facts.values()} == {1}
    assert await (await two.desk()).all_facts() == facts


async def test_a_changed_rule_is_followed_once_for_all_replicas(
    replicas: list[Insight], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = replicas
    one.customer.write(*(customer_event(f"c{number:02}") for number in range(CUSTOMERS)))
    await one.caught_up()
    monkeypatch.setattr(stored_runs, "CHUNK_CUSTOMERS", 3)
    work, at_work, most = StoredRuns._work_slice, 0, 0

    async def counted(each: StoredRuns, tx: WriteTransaction, *arguments: Any) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        try:
            await asyncio.sleep(0.05)  # long enough for the other one to look
            await work(each, tx, *arguments)
        finally:
            at_work -= 1

    monkeypatch.setattr(StoredRuns, "_work_slice", counted)
    desk, other = await one.desk(), await two.desk()
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.ALERT,
        filter="orders_total = 0",
        enabled=True,
        severity=rules_pb2.NOTICE,
    )
    await asyncio.gather(
        *(
            each.rules.CreateRule(rules_pb2.CreateRuleRequest(rule=rule, rule_id=f"mine-{number}"))
            for number, each in enumerate((desk, other, desk, other))
        )
    )
    await other.rules_followed()
    alerts = await desk.open_alerts('rule = "rules/mine-*"')
    assert len(alerts) == 4 * CUSTOMERS
    assert len({(alert.rule, alert.customer) for alert in alerts}) == 4 * CUSTOMERS
    assert most == 1


async def test_every_replica_answers_from_the_rebuilt_state(replicas: list[Insight]) -> None:
    one, two = replicas
    one.customer.write(*(customer_event(f"c{number}") for number in range(CUSTOMERS)))
    write_orders(one, 0, 3)
    await one.caught_up()
    desk, other = await one.desk(), await two.desk()
    await desk.run()
    before = await desk.all_facts()
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

    async def rebuilt() -> bool:
        found = await other.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        return found.state == feeds_pb2.Rebuild.DONE

    await until(rebuilt)
    assert await desk.all_facts() == before
    assert await other.all_facts() == before
    write_orders(one, 3, 4)
    await one.caught_up()
    await asyncio.sleep(1)  # by then the second replica has noticed
    assert {each.orders_total for each in (await other.all_facts()).values()} == {4}
