"""Compaction: superseded events leave the log, and nobody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from services.chassis.events import Compaction, EventLog, erasing
from services.chassis.store import Store, WriteTransaction, purging
from services.chassis.store.columns import microseconds
from services.chassis.store.purging import Purging
from tests.support.feeds import kept_positions, write_events
from tests.support.notes import (
    SYSTEM,
    Note,
    NoteAdded,
    StoppedClock,
    chassis,
    count,
    emit,
    opened,
)
from tests.support.running import running

ANN, BOB = "customers/ann", "customers/bob"


async def fill(store: Store, *, events: int, records: int, clock: StoppedClock) -> None:
    """A log of so many events about so many records, by turns."""
    time_ms = microseconds(clock.now()) // 1_000
    rows = [
        {
            "id": f"e{number}",
            "aggregatetype": "note",
            "aggregateid": f"notes/{number % records}",
            "type": "tests.NoteAdded",
            "payload": b"x" * 600,
            "partition_key": f"customers/{number % records}",
            "position": number + 1,
            "slot": number % 1_024,
            "time_ms": time_ms,
            "request_id": "",
            "actor": "{}",
        }
        for number in range(events)
    ]
    await store.write(lambda tx: tx.run_many(insert(chassis.event_log), rows), caller=SYSTEM)


async def compacted(store: Store, *, leaves: int) -> None:
    """Runs the compaction until so many events are left, and a little longer."""
    async with running(Compaction(store, timedelta(days=30)).run), asyncio.timeout(20):
        while await count(store, chassis.event_log) > leaves:  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)


async def test_compaction_keeps_the_newest_of_each_record_and_all_that_is_young(
    database_url: str,
) -> None:
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        log = await EventLog.open(store)

        async def change(*names: str) -> None:
            async def work(tx: WriteTransaction) -> None:
                for name in names:
                    emit(tx, name)

            await store.write(work, caller=SYSTEM)
            await log.sequence()

        await change("notes/1", "notes/1", "notes/2")
        clock.advance(timedelta(days=40))
        await change("notes/1", "notes/3")
        clock.advance(timedelta(days=1))
        await change("notes/3")
        await compacted(store, leaves=4)
        assert await kept_positions(store) == [3, 4, 5, 6]
        await change("notes/1")
        assert (await kept_positions(store))[-1] == 7


async def test_compaction_keeps_the_newest_of_each_type(database_url: str) -> None:
    """For a reader that knows one of them, and would find nothing else of the record."""
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        log = await EventLog.open(store)

        async def work(tx: WriteTransaction) -> None:
            for event in (NoteAdded(), Note(), NoteAdded(), Note(), Note()):
                tx.emit(event, aggregate_type="note", aggregate_id="notes/1", partition_key=ANN)

        await store.write(work, caller=SYSTEM)
        await log.sequence()
        clock.advance(timedelta(days=40))
        await compacted(store, leaves=2)
        assert await kept_positions(store) == [3, 5]


async def test_compaction_keeps_the_newest_of_each_customer_a_record_was_of(
    database_url: str,
) -> None:
    """For a reader of one partition, which doesn't see what moved to another."""
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        log = await EventLog.open(store)

        async def work(tx: WriteTransaction) -> None:
            for key in (ANN, ANN, BOB, BOB):
                emit(tx, "notes/1", key=key)

        await store.write(work, caller=SYSTEM)
        await log.sequence()
        clock.advance(timedelta(days=40))
        await compacted(store, leaves=2)
        assert await kept_positions(store) == [2, 4]


async def test_compaction_gets_through_a_log_of_many_slices(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "_SLICE", 7)
    monkeypatch.setattr(erasing, "_TAKEN_AT_ONCE", 3)
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        await fill(store, events=200, records=30, clock=clock)
        clock.advance(timedelta(days=40))
        await compacted(store, leaves=30)
        assert await kept_positions(store) == [*range(171, 201)]


async def test_writers_go_on_while_a_long_log_is_compacted(database_url: str) -> None:
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        await fill(store, events=12_000, records=6_000, clock=clock)
        clock.advance(timedelta(days=40))
        compacting = asyncio.create_task(compacted(store, leaves=6_000))
        longest = 0.0
        while not compacting.done():
            began = time.monotonic()
            await store.write(
                lambda tx: tx.run(update(chassis.feed_epoch).values(head_position=12_000)),
                caller=SYSTEM,
            )
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.005)
        await compacting
    assert longest < 3.0  # and not the whole of it, which took a minute


async def test_without_a_retention_nothing_is_compacted(database_url: str) -> None:
    async with opened(database_url) as store:
        assert Compaction.tasks(store, None) == []
        assert len(Compaction.tasks(store, 30)) == 1


@pytest.mark.parametrize(("age_days", "kept"), [(30, [1, 2]), (31, [2])])
async def test_superseded_events_leave_the_log_when_they_are_older_than_the_retention(
    database_url: str, age_days: int, kept: Sequence[int]
) -> None:
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        log = await EventLog.open(store)
        await write_events(store, "a", note="notes/1")
        clock.advance(timedelta(days=age_days))
        await write_events(store, "b", note="notes/1")
        await log.sequence()
        (compacting,) = Compaction.tasks(store, 30)
        async with running(compacting), asyncio.timeout(20):
            while await kept_positions(store) != list(kept):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
        assert await kept_positions(store) == list(kept)


async def test_logs_are_compacted_day_by_day_and_request_ids_purged_hour_by_hour(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []

    async def repeat(task: str, _step: object, *, every_seconds: float) -> None:
        told.append((task, every_seconds))

    monkeypatch.setattr(erasing, "repeat", repeat)
    monkeypatch.setattr(purging, "repeat", repeat)
    async with opened(database_url) as store:
        await Compaction(store, timedelta(days=30)).run()
        await Purging(store).run()
    assert told == [("compaction", 86_400), ("purging", 3_600)]
