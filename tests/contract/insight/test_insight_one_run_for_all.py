"""What is for everyone is done once: by one replica for all, and once a day by each edition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import feeds_pb2

from services.chassis.caller import Caller
from services.chassis.store.migrate import migrate
from services.insight import main
from services.insight.engine import segmenting, sweep
from services.insight.engine.measuring import measure
from services.insight.engine.segmenting import Segmenting
from services.insight.engine.sweep import Sweep
from services.insight.feeds.model import FIRST_GENERATION
from services.insight.feeds.store import owe_rules, owed_since
from services.insight.segments import store as runs
from tests.support.databases import Databases
from tests.support.insight import Insight, customer_event, replicas, until
from tests.support.services import migrated_database

LOOKS_SECONDS = 1.0
FIRST = FIRST_GENERATION
SYSTEM = Caller.system("tests")


@dataclass(slots=True)
class Counted:
    """How often everyone was measured, and judged by the rules; both wait until they may go."""

    measured: int = 0
    evaluated: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def has_measured(self, count: int) -> Callable[[], Any]:
        async def so() -> bool:
            return self.measured >= count

        return so


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    count = Counted()
    count.go.set()
    evaluate = Segmenting.evaluate

    async def measured(*arguments: Any) -> Any:
        count.measured += 1
        await asyncio.sleep(0.3)  # long enough for another one to look
        await count.go.wait()
        return await measure(*arguments)

    async def evaluated(self: Segmenting, generation: int) -> None:
        count.evaluated += 1
        await count.go.wait()
        await evaluate(self, generation)

    monkeypatch.setattr(segmenting, "measure", measured)
    monkeypatch.setattr(Segmenting, "evaluate", evaluated)
    monkeypatch.setattr(sweep, "_OTHERS_TURN_SECONDS", 0.1)
    return count


async def have_looked() -> None:
    """Waits until each sweep has looked several times."""
    await asyncio.sleep(LOOKS_SECONDS)


def is_done(insight: Insight) -> Callable[[], Any]:
    """Whether the run in force has gone over everyone; a stop before leaves that to the next."""

    async def so() -> bool:
        async with insight.service.store.read(caller=SYSTEM) as tx:
            made = await runs.made(tx, FIRST)
        return made is not None and made.done

    return so


async def owe(insight: Insight) -> None:
    """Rules are owed, as by a replica that was killed: nothing comes of which ours would know."""
    await insight.service.store.write(lambda tx: owe_rules(tx, FIRST), caller=SYSTEM)


async def is_made_up_for(insight: Insight) -> bool:
    async with insight.service.store.read(caller=SYSTEM) as tx:
        return await owed_since(tx, FIRST) is None


async def test_replicas_that_start_make_one_run_and_one_more_for_each_new_day(
    postgres_url: str, counted: Counted
) -> None:
    await migrate(postgres_url, "services.insight")
    async with replicas(postgres_url) as running:
        await until(counted.has_measured(1))
        await have_looked()
        assert counted.measured == 1
        for each in running:
            each.clock.move(days=1)
        await until(counted.has_measured(2))
        await have_looked()
        assert counted.measured == 2
        await (await running[0].desk()).run()
        assert counted.measured == 3


async def test_a_replica_takes_the_run_over_of_one_that_is_no_more(
    postgres_url: str, counted: Counted
) -> None:
    await migrate(postgres_url, "services.insight")
    counted.go.clear()
    async with AsyncExitStack() as first:
        await first.enter_async_context(replicas(postgres_url, 1))
        await until(counted.has_measured(1))
        async with replicas(postgres_url, 1):
            await have_looked()
            assert counted.measured == 1
            await first.aclose()
            await until(counted.has_measured(2))
            counted.go.set()
            await have_looked()
        assert counted.measured == 2


async def test_a_start_on_the_same_day_makes_no_second_run(
    databases: Databases, counted: Counted
) -> None:
    url = await migrated_database(databases, "insight")
    async with replicas(url, 1) as (insight,):
        await until(is_done(insight))
    async with replicas(url, 1):
        await have_looked()
    assert counted.measured == 1


async def test_a_start_makes_a_run_where_the_last_one_was_not_done_with_everyone(
    databases: Databases, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await migrated_database(databases, "insight")
    at_work = asyncio.Event()
    rescore = Segmenting._rescore_span

    async def hanging(*_: Any) -> None:
        at_work.set()
        await asyncio.Event().wait()

    async with replicas(url, 1) as (insight,):
        await until(counted.has_measured(1))
        await insight.knows(customer_event("ada"))
        await have_looked()
        monkeypatch.setattr(Segmenting, "_rescore_span", hanging)
        insight.clock.move(days=1)
        await at_work.wait()
    begun = counted.measured
    monkeypatch.setattr(Segmenting, "_rescore_span", rescore)
    async with replicas(url, 1) as (insight,):
        insight.clock.move(days=1)
        await until(counted.has_measured(begun + 1))


async def test_a_start_of_another_edition_makes_a_run_of_its_own(
    databases: Databases, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its facts may be computed otherwise."""
    url = await migrated_database(databases, "insight")
    async with replicas(url, 1) as (insight,):
        await until(is_done(insight))
    monkeypatch.setattr(main, "edition", lambda _: "the next one")
    async with replicas(url, 1):
        await until(counted.has_measured(2))
        await have_looked()
    assert counted.measured == 2


async def test_rules_that_are_owed_are_made_up_for_by_one_replica(
    postgres_url: str, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_ASK_SECONDS", 0.2)
    await migrate(postgres_url, "services.insight")
    async with replicas(postgres_url) as (one, two):
        await one.knows(customer_event("ada"))
        await have_looked()
        counted.evaluated = 0
        counted.go.clear()
        await owe(one)
        await have_looked()
        assert counted.evaluated == 1  # it is at it, and the other one has seen that it is due
        counted.go.set()
        await until(lambda: is_made_up_for(two))
        await have_looked()
        assert counted.evaluated == 1


async def test_a_rebuild_is_scored_by_one_replica(postgres_url: str, counted: Counted) -> None:
    await migrate(postgres_url, "services.insight")
    async with replicas(postgres_url) as (one, two):
        await one.knows(customer_event("ada"))
        await until(counted.has_measured(1))
        await have_looked()
        before = counted.measured
        desk = await two.desk()
        await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

        async def rebuilt() -> bool:
            found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
            return found.state == feeds_pb2.Rebuild.DONE

        await until(rebuilt)
        await have_looked()
        assert counted.measured == before + 1


async def test_a_sweep_to_which_nothing_has_come_hardly_asks_what_is_owed(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    owed_for = Sweep._owed_for

    async def noted(each: Sweep, generation: int) -> timedelta | None:
        nonlocal asked
        asked += 1
        return await owed_for(each, generation)

    monkeypatch.setattr(Sweep, "_owed_for", noted)
    url = await migrated_database(databases, "insight")
    async with replicas(url, 1) as (insight,):
        await insight.knows(customer_event("ada"))
        await have_looked()
        asked = 0
        await have_looked()
        assert asked <= 1  # and looked four times
        await insight.knows(customer_event("bob"))
        await have_looked()
        assert asked >= 2


async def test_what_a_replica_owed_that_is_no_more_another_finds_to_which_nothing_comes(
    postgres_url: str, counted: Counted
) -> None:
    await migrate(postgres_url, "services.insight")
    async with replicas(postgres_url, 1) as (insight,):
        await insight.knows(customer_event("ada"))
        await have_looked()
        counted.evaluated = 0
        await owe(insight)
        await until(lambda: is_made_up_for(insight))
        assert counted.evaluated == 1
