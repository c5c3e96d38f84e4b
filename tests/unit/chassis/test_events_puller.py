"""The puller: every event applied once, whatever fails, is killed or runs beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import select

from services.chassis.errors import DomainError, Kind, StartRefused
from services.chassis.events import (
    EventFeed,
    EventLog,
    Lag,
    ParkedEvent,
    Puller,
    Sequencer,
    list_parked,
)
from services.chassis.events.cursors import Cursor, Cursors, Fenced
from services.chassis.metrics import Metrics
from services.chassis.store import Store, WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import (
    DirectFeed,
    KeepingReaction,
    applied_texts,
    write_events,
)
from tests.support.notes import SYSTEM, chassis, count, opened
from tests.support.running import eventually, running


@pytest.fixture
async def producer(databases: Databases) -> AsyncIterator[Store]:
    async with opened(databases.new()) as store:
        yield store


@pytest.fixture
async def log(producer: Store) -> AsyncIterator[EventLog]:
    log = await EventLog.open(producer)
    async with running(Sequencer(log).run):
        yield log


@pytest.fixture
async def store(databases: Databases) -> AsyncIterator[Store]:
    """The reader's own."""
    async with opened(databases.new()) as store:
        yield store


@pytest.fixture
def stub(log: EventLog) -> DirectFeed:
    return DirectFeed(EventFeed(log))


@pytest.fixture
def reaction() -> KeepingReaction:
    return KeepingReaction()


def puller(store: Store, stub: DirectFeed, reaction: KeepingReaction, **options: Any) -> Puller:
    chosen = {"consumer": "insight", "partitions": 4, "wait_seconds": 0.5, **options}
    return Puller(
        store, "sales", stub, reaction=reaction, on_epoch_change=reaction.forget, **chosen
    )


async def until(store: Store, holds: Callable[[list[str]], bool]) -> list[str]:
    """Waits for what has been applied to be as expected; returns it."""
    async with asyncio.timeout(15):
        while not holds(texts := await applied_texts(store)):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.01)
    return texts


def names(first: int, last: int) -> list[str]:
    return [f"{number:03}" for number in range(first, last)]


async def test_every_event_is_applied_once_and_each_notes_in_order(
    producer: Store, store: Store, stub: DirectFeed, reaction: KeepingReaction
) -> None:
    await write_events(producer, *names(0, 50))
    async with running(puller(store, stub, reaction, max_events=7).run):
        for text in names(50, 80):
            await write_events(producer, text, note="notes/same")
        texts = await until(store, lambda found: len(found) >= 80)
    assert sorted(texts) == names(0, 80)
    assert [text for text in texts if text >= "050"] == names(50, 80)


async def test_a_puller_stopped_anywhere_goes_on_where_it_was(
    producer: Store, store: Store, stub: DirectFeed, reaction: KeepingReaction
) -> None:
    await write_events(producer, *names(0, 100))
    for pause in (0.0, 0.01, 0.02, 0.03, 0.05, 0.08):
        async with running(puller(store, stub, reaction, max_events=3).run):
            await asyncio.sleep(pause)
    async with running(puller(store, stub, reaction).run):
        texts = await until(store, lambda found: len(found) >= 100)
    assert sorted(texts) == names(0, 100)


async def test_two_replicas_apply_every_event_once(
    producer: Store,
    databases: Databases,
    stub: DirectFeed,
    reaction: KeepingReaction,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.events.puller._STAND_BY_SECONDS", 0.01)
    url = databases.new()
    async with opened(url) as store:
        replicas = [puller(store, stub, reaction, max_events=3) for _ in range(2)]
        if databases.engine == "postgresql":
            async with opened(url, create=False) as second:
                replicas[1] = puller(second, stub, reaction, max_events=3)
                texts = await _both(producer, store, replicas)
        else:
            texts = await _both(producer, store, replicas)
    assert sorted(texts) == names(0, 120)


async def _both(producer: Store, store: Store, replicas: list[Puller]) -> list[str]:
    await write_events(producer, *names(0, 60))
    async with running(*(replica.run for replica in replicas)):
        for text in names(60, 120):
            await write_events(producer, text)
        return await until(store, lambda found: len(found) >= 120)


async def test_a_passing_failure_is_tried_again_and_parks_nothing(
    producer: Store, store: Store, stub: DirectFeed, reaction: KeepingReaction
) -> None:
    reaction.failures.append(DomainError(Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "away"))
    stub.failures += [DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "away"), OSError("reset")]
    await write_events(producer, *names(0, 5))
    async with running(puller(store, stub, reaction).run):
        texts = await until(store, lambda found: len(found) >= 5)
    assert sorted(texts) == names(0, 5)
    assert await count(store, chassis.parked_events) == 0


async def test_a_poisonous_event_is_parked_and_the_others_go_on(
    producer: Store, store: Store, stub: DirectFeed, reaction: KeepingReaction
) -> None:
    reaction.poison |= {"013", "014", "040"}
    told: list[ParkedEvent] = []

    async def on_parked(parked: ParkedEvent) -> None:
        told.append(parked)

    metrics = Metrics()
    await write_events(producer, *names(0, 50), note="notes/same")
    async with running(puller(store, stub, reaction, on_parked=on_parked, metrics=metrics).run):
        texts = await until(store, lambda found: len(found) >= 47)
    assert texts == [text for text in names(0, 50) if text not in reaction.poison]
    assert [parked.event.position for parked in told] == [14, 15, 41]
    async with store.read(caller=SYSTEM) as tx:
        parked = await list_parked(tx, store.tables)
    assert parked == told
    assert parked[0].error == "ValueError: can't apply 013"
    assert (parked[0].consumer, parked[0].feed) == ("insight", "sales")
    assert metrics.registry.get_sample_value("guanxi_events_parked_total", {"feed": "sales"}) == 3


async def test_a_parked_event_is_replayed_once_it_can_be_applied(
    producer: Store, store: Store, stub: DirectFeed, reaction: KeepingReaction
) -> None:
    reaction.poison.add("001")
    await write_events(producer, *names(0, 3))
    reader = puller(store, stub, reaction)
    async with running(reader.run):
        await until(store, lambda found: len(found) >= 2)
    async with store.read(caller=SYSTEM) as tx:
        (parked,) = await list_parked(tx, store.tables)

    with pytest.raises(ValueError, match="can't apply 001"):
        await reader.replay(parked.id)
    assert await count(store, chassis.parked_events) == 1

    reaction.poison.clear()
    await reader.replay(parked.id)
    assert sorted(await applied_texts(store)) == names(0, 3)
    with pytest.raises(DomainError) as gone:
        await reader.replay(parked.id)
    assert gone.value.kind is Kind.NOT_FOUND


async def test_a_cursor_moves_only_from_where_its_reader_saw_it(store: Store) -> None:
    cursors = Cursors(store.tables, consumer="c", feed="f", partition_count=1)
    await store.write(cursors.prepare, caller=SYSTEM)
    start = Cursor(partition=0, position=0, epoch="")

    async def move(cursor: Cursor, position: int) -> Cursor:
        return await store.write(
            lambda tx: cursors.move(tx, cursor, position=position, epoch="e"), caller=SYSTEM
        )

    moved = await move(start, 5)
    with pytest.raises(Fenced):
        await move(start, 6)
    assert (await move(moved, 6)).position == 6


async def test_a_replica_passes_on_while_another_is_applying(postgres_url: str) -> None:
    async with opened(postgres_url) as store:
        cursors = Cursors(store.tables, consumer="c", feed="f", partition_count=1)
        await store.write(cursors.prepare, caller=SYSTEM)
        cursor, held, release = Cursor(0, 0, ""), asyncio.Event(), asyncio.Event()

        async def slow(tx: Any) -> None:
            await cursors.move(tx, cursor, position=5, epoch="e")
            held.set()
            await release.wait()

        applying = asyncio.create_task(store.write(slow, caller=SYSTEM))
        await held.wait()
        with pytest.raises(Fenced):
            async with asyncio.timeout(1):
                await store.write(
                    lambda tx: cursors.move(tx, cursor, position=5, epoch="e"), caller=SYSTEM
                )
        release.set()
        await applying


async def test_partitions_can_be_multiplied_without_losing_or_repeating_events(
    producer: Store, store: Store, stub: DirectFeed, reaction: KeepingReaction
) -> None:
    await write_events(producer, *names(0, 40))
    async with running(puller(store, stub, reaction, partitions=2, max_events=3).run):
        await until(store, lambda found: len(found) >= 10)
    async with running(puller(store, stub, reaction, partitions=8).run):
        await write_events(producer, *names(40, 60))
        texts = await until(store, lambda found: len(found) >= 60)
    assert sorted(texts) == names(0, 60)
    with pytest.raises(StartRefused, match="in 8 partitions; their number can be multiplied"):
        await puller(store, stub, reaction, partitions=4).run()


async def test_a_restored_producer_is_read_from_the_beginning_after_forgetting_once(
    producer: Store,
    log: EventLog,
    store: Store,
    stub: DirectFeed,
    reaction: KeepingReaction,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.events.puller._STAND_BY_SECONDS", 0.01)
    await write_events(producer, *names(0, 20))
    async with running(puller(store, stub, reaction).run):
        await until(store, lambda found: len(found) == 20)
        await log.renew_epoch()
        await write_events(producer, *names(20, 25))
        texts = await until(store, lambda found: len(found) == 25)
    assert sorted(texts) == names(0, 25)
    async with store.read(caller=SYSTEM) as tx:
        epochs = await tx.all(select(chassis.feed_cursors.c.epoch).distinct())
    assert [row.epoch for row in epochs] == [log.epoch]


async def test_a_log_that_became_shorter_is_another_log(
    databases: Databases, store: Store, reaction: KeepingReaction
) -> None:
    for texts in (names(0, 9), names(100, 103)):
        async with opened(databases.new()) as producer:
            log = await EventLog.open(producer)
            log.epoch = "the-same"  # restored from a copy, and nobody renewed the epoch
            async with (
                running(Sequencer(log).run),
                running(puller(store, DirectFeed(EventFeed(log)), reaction, partitions=1).run),
            ):
                await write_events(producer, *texts)
                await until(store, lambda found, texts=texts: sorted(found) == texts)  # type: ignore[misc] # mypy infers no default in a lambda


async def test_two_generations_read_the_same_feed_side_by_side(
    producer: Store, databases: Databases, stub: DirectFeed
) -> None:
    async with opened(databases.new()) as store:
        live, rebuilt = KeepingReaction(), KeepingReaction()
        await write_events(producer, *names(0, 10))
        async with running(puller(store, stub, live).run):
            await until(store, lambda found: len(found) == 10)
            second = puller(store, stub, rebuilt, consumer="insight.2")
            async with running(second.run):
                texts = await until(store, lambda found: len(found) == 20)
    assert sorted(texts) == sorted(names(0, 10) * 2)


async def test_lag_is_unknown_then_what_is_missing_then_nothing(
    producer: Store, store: Store, stub: DirectFeed
) -> None:
    metrics = Metrics()
    seen: list[int] = []

    class Observed(KeepingReaction):
        async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
            lag = reader.lag()
            assert lag is not None
            assert lag.seconds > 0
            seen.append(lag.positions)
            await KeepingReaction.apply(self, tx, events)

    reader = puller(store, stub, Observed(), partitions=1, max_events=4, metrics=metrics)
    assert reader.lag() is None
    await write_events(producer, *names(0, 10))
    async with running(reader.run):
        await until(store, lambda found: len(found) == 10)
        await eventually(lambda: reader.lag() == Lag(positions=0, seconds=0))
    assert seen == [10, 6, 2]
    labels = {"feed": "sales", "partition": "0"}
    assert metrics.registry.get_sample_value("guanxi_event_lag_positions", labels) == 0
