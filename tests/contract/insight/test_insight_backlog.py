"""Imports: facts follow at once, rules when all is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import alerts_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.errors import DomainError, Kind
from services.chassis.events.caught_up import CaughtUp
from services.chassis.store.migrate import migrate
from services.insight.engine import caught_up
from services.insight.engine.generations import Generations
from services.insight.engine.segmenting import Segmenting
from services.insight.sources.registered import DERIVATION
from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    insight_reading,
    running_insight,
    until,
)
from tests.support.services import migrated_database

YESTERDAY = TODAY - timedelta(days=1)
CAUGHT_UP = (("guanxi-consistency", "caught-up"),)
CUSTOMERS = [f"c{number}" for number in range(60)]


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


async def test_rules_follow_an_import_though_their_first_evaluation_fails(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failover passes, and the alerts of an import don't wait for the next day."""
    url = await migrated_database(databases, "insight")
    async with running_insight(url, idle_seconds=0.3) as insight:
        desk = await insight.desk()
        await bought_once(insight, desk)
        evaluate, failed = Segmenting.evaluate, 0

        async def failing_once(self: Segmenting, generation: int) -> None:
            nonlocal failed
            if not failed:
                failed += 1
                raise DomainError(Kind.ABORTED, "WRITE_CONFLICT", "too many others")
            await evaluate(self, generation)

        monkeypatch.setattr(Segmenting, "evaluate", failing_once)
        import_past(insight)
        await until(lambda: all_are_late(desk))
        assert failed == 1


async def test_another_replica_lets_the_rules_follow_what_one_has_read_that_is_no_more(
    postgres_url: str,
) -> None:
    await migrate(postgres_url, "services.insight")
    away = {"customer": WrittenFeed(), "sales": WrittenFeed()}
    for feed in away.values():
        feed.reachable = False
    feeds = {"customer": WrittenFeed(), "sales": WrittenFeed()}
    async with insight_reading(postgres_url, away) as left:
        async with insight_reading(postgres_url, feeds, idle_seconds=60.0) as service:
            insight = Insight(service, feeds["customer"], feeds["sales"], service.clock)
            await bought_once(insight, await insight.desk())
            import_past(insight)
            await insight.caught_up()
        desk = await Insight(left, away["customer"], away["sales"], left.clock).desk()
        await until(lambda: all_are_late(desk))


async def test_who_asks_for_an_answer_that_has_caught_up_gets_the_alerts_of_what_was_imported(
    databases: Databases,
) -> None:
    url = await migrated_database(databases, "insight")
    async with running_insight(url, idle_seconds=2.0) as insight:
        desk = await insight.desk()
        await bought_once(insight, desk)
        import_past(insight)
        request = alerts_pb2.ListAlertsRequest(page_size=1000, filter='rule = "rules/lateness"')
        reply = await desk.alerts.ListAlerts(request, metadata=CAUGHT_UP)
        assert len(reply.alerts) == len(CUSTOMERS)


async def test_an_answer_that_cant_wait_for_the_rules_is_refused(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.events.caught_up._LONGEST_SECONDS", 0.3)
    url = await migrated_database(databases, "insight")
    async with running_insight(url, idle_seconds=60.0) as insight:
        desk = await insight.desk()
        await bought_once(insight, desk)
        import_past(insight)
        await insight.caught_up()
        store = insight.service.store
        waiting = caught_up.CaughtUpWithRules(
            store,
            CaughtUp(store, {}, lambda feed: feed),
            Generations(store, 1, DERIVATION.consumer("insight")),
        )
        with pytest.raises(DomainError, match="rules are yet to follow") as behind:
            await waiting.wait()
        assert (behind.value.kind, behind.value.reason) == (Kind.UNAVAILABLE, "NOT_CAUGHT_UP")
        assert (await desk.facts_of("c0")).orders_total == 9


async def bought_once(insight: Insight, desk: Desk) -> None:
    """Sixty buyers, whom the cut points know."""
    await insight.knows(
        *(customer_event(name) for name in CUSTOMERS),
        *(confirmed(f"x-{name}", name, YESTERDAY) for name in CUSTOMERS),
    )
    await desk.run()


def import_past(insight: Insight) -> None:
    """They bought regularly, and not lately; as many buyers as before."""
    past = [
        confirmed(f"{name}-{k}", name, TODAY - timedelta(days=200 + 10 * k))
        for name in CUSTOMERS
        for k in range(9)
    ]
    cancelled: Any = orders_pb2.OrderCancelled
    gone = [confirmed(f"x-{name}", name, YESTERDAY, event=cancelled) for name in CUSTOMERS]
    insight.sales.write(*past, *gone)


async def all_are_late(desk: Desk) -> bool:
    return len(await desk.open_alerts('rule = "rules/lateness"')) == len(CUSTOMERS)
