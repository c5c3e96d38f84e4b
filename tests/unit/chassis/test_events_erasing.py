"""The log can forget: erased and superseded events leave it, and readers pass the gaps."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, update

from services.chassis.events import Compaction, EventLog, erase, erasing
from services.chassis.store import Store, WriteTransaction
from services.chassis.store.columns import microseconds
from tests.support.databases import Databases
from tests.support.feeds import Reading, names, reading
from tests.support.notes import (
    SYSTEM,
    AddNote,
    Note,
    NoteAdded,
    StoppedClock,
    add_note,
    chassis,
    count,
    emit,
    notes,
    opened,
)
from tests.support.running import eventually, running

ANN = "customers/ann"


async def forget_ann(store: Store, lock: Select[str] | None = None) -> int:
    async def work(tx: WriteTransaction) -> int:
        if lock is not None:
            await tx.scalar(lock)
        return await erase(
            tx,
            chassis,
            NoteAdded(name=ANN, text="erased"),
            aggregate_type="customer",
            aggregate_id=ANN,
            partition_key=ANN,
            also=["customers/ann-of-old"],
        )

    return await store.write(work, caller=SYSTEM, snapshot=False)


async def write_of(sales: Reading, key: str, *texts: str) -> None:
    async def work(tx: WriteTransaction) -> None:
        for text in texts:
            emit(tx, f"notes/{text}", text, key=key)

    await sales.producer.write(work, caller=SYSTEM)


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


async def kept_positions(store: Store) -> list[int]:
    log = chassis.event_log
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(log.c.position).order_by(log.c.sequence))
    return [row.position for row in rows]


async def test_erased_events_are_gone_and_positions_go_on_behind_them(
    databases: Databases,
) -> None:
    async with reading(databases) as sales:
        await write_of(sales, "customers/bob", "b1")
        await write_of(sales, ANN, "a1", "a2")
        await write_of(sales, "customers/ann-of-old", "a3")
        await eventually(lambda: sales.log.head_position == 4)
        assert await forget_ann(sales.producer) == 3
        await eventually(lambda: sales.log.head_position == 5)
        assert await kept_positions(sales.producer) == [1, 5]
        async with running(sales.puller().run):
            texts = await sales.until(lambda found: len(found) == 2)
    assert sorted(texts) == ["b1", "erased"]


async def test_no_position_is_given_twice_where_the_whole_log_was_erased(
    databases: Databases,
) -> None:
    async with reading(databases) as sales:
        await write_of(sales, ANN, *names(0, 5))
        async with running(sales.puller(partitions=1).run):
            await sales.until(lambda found: len(found) == 5)
            await forget_ann(sales.producer)
            await write_of(sales, ANN, "after")
            await sales.until(lambda found: found[5:] == ["erased", "after"])
        assert await kept_positions(sales.producer) == [6, 7]


async def test_a_reader_passes_pages_that_are_all_gap(databases: Databases) -> None:
    async with reading(databases) as sales:
        await write_of(sales, ANN, *names(0, 50))
        await eventually(lambda: sales.log.head_position == 50)
        await forget_ann(sales.producer)
        await write_of(sales, "customers/bob", "b1")
        async with running(sales.puller(max_events=3).run):
            texts = await sales.until(lambda found: len(found) == 2)
    assert sorted(texts) == ["b1", "erased"]


async def test_an_event_that_is_not_sequenced_yet_is_erased_too(database_url: str) -> None:
    async with opened(database_url) as store:
        log = await EventLog.open(store)

        async def work(tx: WriteTransaction) -> None:
            emit(tx, "notes/1", key=ANN)

        await store.write(work, caller=SYSTEM)
        await forget_ann(store)
        await log.sequence()
        assert await kept_positions(store) == [1]


async def test_what_a_writer_commits_while_the_erasing_waits_is_erased_too(
    database_url: str,
) -> None:
    """Both lock the customer's row first; the writer has it, and changes nothing in it."""
    async with opened(database_url) as store:
        await add_note(store, ANN)
        lock = select(notes.c.name).where(notes.c.name == ANN).with_for_update()
        holds, go_on = asyncio.Event(), asyncio.Event()

        async def write(tx: WriteTransaction) -> None:
            await tx.scalar(lock)
            holds.set()
            await go_on.wait()
            emit(tx, "touchpoints/1", "personal", key=ANN)

        writing = asyncio.create_task(store.write(write, caller=SYSTEM))
        await holds.wait()
        erasing_her = asyncio.create_task(forget_ann(store, lock))
        await asyncio.sleep(0.2)  # until it waits for the row
        go_on.set()
        await writing
        assert await erasing_her == 1
        log = chassis.event_log
        async with store.read(caller=SYSTEM) as tx:
            left = [row.aggregateid for row in await tx.all(select(log.c.aggregateid))]
    assert left == [ANN]


async def test_erasing_from_a_snapshot_is_refused(database_url: str) -> None:
    """It would leave behind what was committed while it waited for the customer's row."""

    async def work(tx: WriteTransaction) -> int:
        return await erase(
            tx, chassis, NoteAdded(), aggregate_type="c", aggregate_id=ANN, partition_key=ANN
        )

    async with opened(database_url) as store:
        with pytest.raises(RuntimeError, match="snapshot=False"):
            await store.write(work, caller=SYSTEM)


async def test_a_request_to_erase_is_answered_once(database_url: str) -> None:
    erased: list[int] = []

    async def work(tx: WriteTransaction) -> Any:
        erased.append(
            await erase(
                tx, chassis, NoteAdded(), aggregate_type="c", aggregate_id=ANN, partition_key=ANN
            )
        )
        return Note(name=ANN)

    async with opened(database_url) as store:
        request = AddNote(request_id="request-1", name=ANN)
        for _ in range(2):
            reply = await store.answer(request, Note, work, caller=SYSTEM, snapshot=False)
            assert reply.name == ANN
    assert erased == [0]


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
            for key in (ANN, ANN, "customers/bob", "customers/bob"):
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
    assert longest < 1.0


async def test_without_a_retention_nothing_is_compacted(database_url: str) -> None:
    async with opened(database_url) as store:
        assert Compaction.tasks(store, None) == []
        assert len(Compaction.tasks(store, 30)) == 1
