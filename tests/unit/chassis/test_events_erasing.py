"""The log can forget: erased events leave it, and readers pass the gaps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Select, select

from services.chassis.events import EventLog, erase
from services.chassis.store import Store, WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import Reading, kept_positions, names, reading
from tests.support.notes import (
    SYSTEM,
    AddNote,
    Note,
    NoteAdded,
    add_note,
    chassis,
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
