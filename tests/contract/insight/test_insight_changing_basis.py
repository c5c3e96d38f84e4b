"""Nobody is judged by what was in force before, whoever's event is being applied meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.chassis.store import WriteTransaction
from services.chassis.store.migrate import migrate
from services.insight.alerts import actions as alerts
from services.insight.engine.reactions import DeriveFacts
from services.insight.sources.store import Few, Selection
from tests.support.insight import TODAY, Insight, confirmed, customer_event, running_insight, until
from tests.support.rule_runs import alerted, create

BUYERS = [f"b{number}" for number in range(30)]


class Held:
    """The events of one customer, in the middle of being applied."""

    def __init__(self, customer: str) -> None:
        self.name = f"customers/{customer}"
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def wait(self) -> None:
        self.begun.set()
        await self.go.wait()


@pytest.fixture
async def company(postgres_url: str) -> AsyncIterator[Insight]:
    """Thirty buyers; only PostgreSQL has writers side by side."""
    await migrate(postgres_url, "services.insight")
    async with running_insight(postgres_url, idle_seconds=60.0) as insight:
        await insight.knows(
            *(customer_event(name) for name in BUYERS),
            *(confirmed(f"o-{name}", name, TODAY, 500) for name in BUYERS),
        )
        yield insight


def held_when_judged(monkeypatch: pytest.MonkeyPatch, customer: str) -> Held:
    """Held after the rules in force were asked, and before anything is committed."""
    held, follow_rules = Held(customer), alerts.follow_rules

    async def slow(
        tx: WriteTransaction, generation: int, who: Selection, *arguments: Any, **options: Any
    ) -> None:
        await follow_rules(tx, generation, who, *arguments, **options)
        if isinstance(who, Few) and who.includes(held.name):
            await held.wait()

    monkeypatch.setattr(alerts, "follow_rules", slow)
    return held


async def test_a_rules_run_misses_nobody_whose_event_is_being_applied(
    company: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, desk = held_when_judged(monkeypatch, "ada"), await company.desk()
    company.customer.write(customer_event("ada"))
    await held.begun.wait()
    await create(desk, filter="orders_total = 0")
    await desk.rules_followed()
    assert await alerted(desk) == set()
    held.go.set()
    await company.caught_up()
    assert await alerted(desk) == {"ada"}


async def test_a_rule_waits_for_an_event_that_was_judged_and_is_about_to_be_committed(
    company: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, held, desk = DeriveFacts.apply, Held("ada"), await company.desk()

    async def slow(self: DeriveFacts, tx: WriteTransaction, events: Any) -> None:
        await apply(self, tx, events)
        await held.wait()

    monkeypatch.setattr(DeriveFacts, "apply", slow)
    company.customer.write(customer_event("ada"))
    await held.begun.wait()
    creating = asyncio.create_task(create(desk, filter="orders_total = 0"))
    await asyncio.sleep(0.2)
    held.go.set()
    await creating
    await desk.rules_followed()
    await company.caught_up()
    assert await alerted(desk) == {"ada"}


async def test_a_run_scores_everybody_whose_event_is_being_applied(
    company: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, desk = held_when_judged(monkeypatch, "new"), await company.desk()
    company.sales.write(confirmed("o1", "new", TODAY, 900))
    await held.begun.wait()
    await desk.run()
    held.go.set()
    await company.caught_up()
    assert (await desk.facts_of("new")).m_score == 5


async def test_who_is_judged_again_by_a_run_is_judged_by_the_rules_in_force(
    company: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day's run brings facts that fulfil a rule which was made meanwhile."""
    desk = await company.desk()
    judged, go, follow_rules = asyncio.Event(), asyncio.Event(), alerts.follow_rules

    async def slow(*arguments: Any, by_event: bool, **options: Any) -> None:
        await follow_rules(*arguments, by_event=by_event, **options)
        if not by_event:
            judged.set()
            await go.wait()

    monkeypatch.setattr(alerts, "follow_rules", slow)
    company.clock.move(days=1)
    await judged.wait()
    await create(desk, filter="days_since_order = 1")
    await desk.rules_followed()
    assert await alerted(desk) == set()
    go.set()

    async def all_are() -> bool:
        return await alerted(desk) == set(BUYERS)

    await until(all_are)
