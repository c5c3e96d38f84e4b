"""The log can forget: erased and superseded events leave it, and readers pass the gaps."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from services.chassis.events import Compaction, EventLog, erase
from services.chassis.store import Store, WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import Reading, names, reading
from tests.support.notes import SYSTEM, NoteAdded, StoppedClock, chassis, emit, opened
from tests.support.running import eventually, running

ANN = "customers/ann"


async def forget_ann(store: Store) -> int:
    async def work(tx: WriteTransaction) -> int:
        return await erase(
            tx,
            chassis,
            NoteAdded(name=ANN, text="erased"),
            aggregate_type="customer",
            aggregate_id=ANN,
            partition_key=ANN,
            also=["customers/ann-of-old"],
        )

    return await store.write(work, caller=SYSTEM)


async def write_of(sales: Reading, key: str, *texts: str) -> None:
    async def work(tx: WriteTransaction) -> None:
        for text in texts:
            emit(tx, f"notes/{text}", text, key=key)

    await sales.producer.write(work, caller=SYSTEM)


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
        async with running(Compaction(store, timedelta(days=30)).run), asyncio.timeout(10):
            while len(await kept_positions(store)) > 4:  # noqa: ASYNC110 - rows have no event
                await asyncio.sleep(0.02)
        assert await kept_positions(store) == [3, 4, 5, 6]
        await change("notes/1")
        assert (await kept_positions(store))[-1] == 7


async def test_without_a_retention_nothing_is_compacted(database_url: str) -> None:
    async with opened(database_url) as store:
        assert Compaction.tasks(store, None) == []
        assert len(Compaction.tasks(store, 30)) == 1
