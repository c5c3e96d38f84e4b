"""Cursors: they move from where their reader saw them, under a lock nobody waits for."""

import asyncio

import pytest

from services.chassis.events.cursors import Cursor, Cursors, Fenced
from services.chassis.store import WriteTransaction
from tests.support.notes import SYSTEM, opened


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
