"""A version that derives otherwise rebuilds by itself, beside what answers are given from."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import feeds_pb2

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.events.derivation import Derivation
from services.chassis.store.migrate import migrate
from services.insight import main
from services.insight.engine import reactions
from services.insight.engine.stored_runs import StoredRuns
from services.insight.feeds import actions, store
from services.insight.feeds.model import Rebuild, RebuildState
from services.insight.sources.registered import DERIVATION, READERS, SOURCES
from services.insight.sources.source import Readers
from services.insight.sources.touches import TOUCHES
from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    insight_reading,
    touch,
    until,
)
from tests.support.rule_runs import create
from tests.support.services import RunningService, migrated_database

SYSTEM = Caller.system("test")
YESTERDAY = TODAY - timedelta(days=1)
NEXT = Derivation(DERIVATION.version + 1, DERIVATION.types)
OURS, THEIRS = DERIVATION.consumer("insight"), NEXT.consumer("insight")
UNAWARE = Readers([*SOURCES[:-1], replace(TOUCHES, readers={})])


class Upgraded:
    """One database and its feeds, and versions of the service that start on it, one by one."""

    def __init__(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self.customer, self.sales = WrittenFeed(), WrittenFeed()
        self._monkeypatch = monkeypatch

    def started(self, derivation: Derivation = DERIVATION, readers: Readers = READERS) -> Any:
        """The service in a version that derives so."""
        self._monkeypatch.setattr(main, "DERIVATION", derivation)
        self._monkeypatch.setattr(reactions, "READERS", readers)
        return insight_reading(self.url, {"customer": self.customer, "sales": self.sales})

    def at(self, service: RunningService) -> Insight:
        return Insight(service, self.customer, self.sales, service.clock)


@pytest.fixture
async def upgraded(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Upgraded:
    return Upgraded(await migrated_database(databases, "insight"), monkeypatch)


async def test_a_new_version_rebuilds_by_itself_while_the_old_state_answers(
    upgraded: Upgraded,
) -> None:
    async with upgraded.started() as service:
        insight = upgraded.at(service)
        await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY, 7))
        assert await rebuilds(service) == (1, OURS, None)

    upgraded.sales.reachable = False  # the rebuild can't catch up
    async with upgraded.started(NEXT) as service:
        insight = upgraded.at(service)
        desk = await insight.desk()
        generation, derivation, rebuild = await rebuilds(service)
        assert (generation, derivation) == (1, OURS)
        assert rebuild is not None
        assert (rebuild.running, rebuild.derivation) == (True, THEIRS)
        assert (await desk.facts_of("ada")).spend_total.units == 7
        upgraded.customer.write(customer_event("bob"))
        await until(lambda: knows(desk, "bob"))

        upgraded.sales.reachable = True
        await until(lambda: in_use(service, 2))
        assert (await rebuilds(service))[1] == THEIRS
        assert (await desk.facts_of("ada")).spend_total.units == 7


async def test_a_second_start_of_a_version_does_nothing(upgraded: Upgraded) -> None:
    async with upgraded.started() as service:
        await upgraded.at(service).knows(customer_event("ada"))
    async with upgraded.started(NEXT) as service:
        await until(lambda: in_use(service, 2))
        before = await rebuilds(service)
    async with upgraded.started(NEXT) as service:
        await upgraded.at(service).knows(customer_event("bob"))
        assert await rebuilds(service) == before


async def test_a_start_during_the_rebuild_goes_on_with_it(upgraded: Upgraded) -> None:
    async with upgraded.started() as service:
        await upgraded.at(service).knows(customer_event("ada"))
    upgraded.sales.reachable = False
    async with upgraded.started(NEXT) as service:
        before = await rebuilds(service)
    async with upgraded.started(NEXT) as service:
        assert await rebuilds(service) == before
        upgraded.sales.reachable = True
        await until(lambda: in_use(service, 2))


async def test_events_of_a_type_that_was_passed_are_caught_up_on(upgraded: Upgraded) -> None:
    async with upgraded.started(Derivation(1, UNAWARE.types), UNAWARE) as service:
        insight = upgraded.at(service)
        await insight.knows(customer_event("ada"), touch("t1", "ada", YESTERDAY, "CALL"))
        assert (await (await insight.desk()).facts_of("ada")).contacts_90d == 0
    async with upgraded.started() as service:
        desk = await upgraded.at(service).desk()
        await until(lambda: in_use(service, 2))
        assert (await desk.facts_of("ada")).contacts_90d == 1


async def test_a_version_leaves_alone_what_a_later_one_has_begun(upgraded: Upgraded) -> None:
    """While versions run side by side, the old one would pass events that the new one reads."""
    async with upgraded.started(Derivation(1, UNAWARE.types), UNAWARE) as service:
        insight = upgraded.at(service)
        await insight.knows(customer_event("ada"))
        await service.store.write(lambda tx: actions.start_rebuild(tx, OURS), caller=SYSTEM)
        await insight.knows(customer_event("bob"))
        await asyncio.sleep(0.6)  # it looks four times a second
        async with service.store.read(caller=SYSTEM) as tx:
            assert await store.positions(tx, 2) == {}
        generation, _, rebuild = await rebuilds(service)
        assert generation == 1
        assert rebuild is not None
        assert rebuild.running


async def test_a_version_does_not_put_in_use_what_another_one_has_begun(upgraded: Upgraded) -> None:
    """Who reads it knows that it has caught up; and runs over it are theirs too."""
    async with upgraded.started() as service:
        await service.store.write(lambda tx: actions.start_rebuild(tx, THEIRS), caller=SYSTEM)
        await asyncio.sleep(0.6)  # nothing waits in the feeds
        generation, _, rebuild = await rebuilds(service)
        assert generation == 1
        assert rebuild is not None
        assert rebuild.running


async def test_a_way_back_gives_up_the_rebuild_of_the_version_that_is_left(
    upgraded: Upgraded,
) -> None:
    async with upgraded.started() as service:
        await upgraded.at(service).knows(customer_event("ada"))
    upgraded.sales.reachable = False
    async with upgraded.started(NEXT) as service:
        pass
    upgraded.sales.reachable = True
    async with upgraded.started() as service:
        desk = await upgraded.at(service).desk()
        found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        assert found.state == feeds_pb2.Rebuild.FAILED
        assert found.error == "a version that derives otherwise has started meanwhile"
        await upgraded.at(service).knows(customer_event("bob"))
        assert set(await desk.all_facts()) == {"ada", "bob"}


async def test_a_version_whose_rebuild_failed_follows_the_old_state(upgraded: Upgraded) -> None:
    async with upgraded.started() as service:
        await upgraded.at(service).knows(customer_event("ada"))
    upgraded.sales.reachable = False
    async with upgraded.started(NEXT) as service:
        await service.store.write(
            lambda tx: actions.give_up_rebuild(tx, 2, "no such column"), caller=SYSTEM
        )
        upgraded.sales.reachable = True
        await upgraded.at(service).knows(customer_event("bob"))
        assert set(await (await upgraded.at(service).desk()).all_facts()) == {"ada", "bob"}
        _, derivation, rebuild = await rebuilds(service)
        assert derivation == OURS
        assert rebuild is not None
        assert rebuild.state is RebuildState.FAILED


async def test_an_older_version_writes_nothing_to_what_a_newer_one_has_derived(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers until it is stopped, and leaves runs, replays and rebuilds to the newer one."""
    await migrate(postgres_url, "services.insight")
    upgraded = Upgraded(postgres_url, monkeypatch)
    work, worked = StoredRuns._work_slice, set()

    async def noted(self: StoredRuns, *arguments: Any) -> None:
        worked.add(self._derivation)
        await work(self, *arguments)

    async with upgraded.started() as older:
        old = upgraded.at(older)
        await old.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
        async with upgraded.started(NEXT) as newer:
            await until(lambda: in_use(newer, 2))
            old_desk, desk = await old.desk(), await upgraded.at(newer).desk()
            await asyncio.sleep(0.6)  # it looks four times a second
            monkeypatch.setattr(StoredRuns, "_work_slice", noted)
            old.clock.move(days=1)
            for name in ("one", "two", "three"):
                await create(old_desk, name)
            await old_desk.rules_followed()
            assert worked == {THEIRS}
            await asyncio.sleep(0.6)
            assert (await desk.facts_of("ada")).as_of.day == TODAY.day
            replayed = feeds_pb2.ReplayParkedEventRequest(name="parkedEvents/some")
            for refused in (
                old_desk.run(),
                old_desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest()),
                old_desk.feeds.ReplayParkedEvent(replayed),
            ):
                with pytest.raises(DomainError) as error:
                    await refused
                assert (error.value.kind, error.value.reason) == (
                    Kind.UNAVAILABLE,
                    "ANOTHER_VERSION_IN_USE",
                )
            await desk.run()


async def test_nobody_can_give_up_a_newer_versions_rebuild_by_asking_an_older_one(
    upgraded: Upgraded,
) -> None:
    async with upgraded.started() as service:
        await service.store.write(lambda tx: actions.start_rebuild(tx, THEIRS), caller=SYSTEM)
        desk = await upgraded.at(service).desk()
        with pytest.raises(DomainError) as error:
            await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())
        assert error.value.reason == "ANOTHER_VERSION_IN_USE"
        _, _, rebuild = await rebuilds(service)
        assert rebuild is not None
        assert (rebuild.running, rebuild.derivation) == (True, THEIRS)


async def rebuilds(service: RunningService) -> tuple[int, str, Rebuild | None]:
    """The generation in use, by what it was derived, and the last rebuild."""
    async with service.store.read(caller=SYSTEM) as tx:
        return (
            await store.active_generation(tx),
            await store.active_derivation(tx),
            await store.last_rebuild(tx),
        )


async def in_use(service: RunningService, generation: int) -> bool:
    """Whether answers come from a generation, as the process itself knows it."""
    desk_generation, _, rebuild = await rebuilds(service)
    return desk_generation == generation and rebuild is not None and not rebuild.running


async def knows(desk: Desk, customer: str) -> bool:
    return customer in await desk.all_facts()
