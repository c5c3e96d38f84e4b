"""Cursors: they move from where their reader saw them, under a lock nobody waits for."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.chassis.events import Derivation
from services.chassis.events.cursors import Cursor, Cursors, Fenced
from services.chassis.store import Store, WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import reading
from tests.support.notes import SYSTEM, StoppedClock, chassis, opened
from tests.support.running import running


async def test_a_cursor_moves_only_from_where_its_reader_saw_it(database_url: str) -> None:
    async with opened(database_url) as store:
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

        async def slow(tx: WriteTransaction) -> None:
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


async def consumers(store: Store) -> set[str]:
    async with store.read(caller=SYSTEM) as tx:
        return {row.consumer for row in await tx.all(select(chassis.feed_cursors.c.consumer))}


async def test_cursors_of_derivations_that_nobody_reads_by_any_more_are_removed(
    databases: Databases,
) -> None:
    """Those of other readers stay, however long they have stood."""
    of_old, latest, newest = (Derivation(version, {"a"}) for version in (1, 2, 3))
    clock = StoppedClock()
    async with reading(databases) as sales, opened(databases.new(), clock=clock) as store:

        async def start(derivation: Derivation | None = None, reader: str = "insight") -> None:
            name = derivation.consumer(reader) if derivation else reader
            puller = sales.puller(store=store, consumer=reader, derivation=derivation)
            async with running(puller.run):
                await sales.write(name)
                while name not in await consumers(store):  # noqa: ASYNC110 - rows have no event
                    await asyncio.sleep(0.01)

        await start(of_old)
        await start(of_old, "insight-of-another")
        await start(reader="insight.2")
        clock.advance(timedelta(days=60))
        await start(latest)
        clock.advance(timedelta(days=60))
        await start(newest)
        assert await consumers(store) == {
            latest.consumer("insight"),
            newest.consumer("insight"),
            of_old.consumer("insight-of-another"),
            "insight.2",
        }
