"""What is kept of another service's records: the newest stays, and a log that begins anew changes
and takes away nothing before it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import BigInteger, Column, Table, Text, select

from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    Name,
    RenewedMirror,
    Shared,
    Store,
    WriteTransaction,
    chassis_tables,
    new_metadata,
)
from tests.support.notes import SYSTEM, StoppedClock

metadata = new_metadata()
chassis_tables(metadata)
kept = Table(
    "kept",
    metadata,
    Column("name", Name, primary_key=True),
    Column("text", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    info={"sight": Shared()},
)
mirror = RenewedMirror(kept)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(
        database_url, metadata=metadata, clock=StoppedClock(), ids=Uuid7Ids(), pool_size=4
    )
    await store.create_tables()
    yield store
    await store.close()


async def keep(store: Store, *rows: tuple[str, str, int]) -> None:
    await store.write(lambda tx: mirror.keep(tx, rows), caller=SYSTEM)


async def begin_anew(store: Store) -> None:
    await store.write(mirror.begin_anew, caller=SYSTEM)


async def put_in_use(store: Store) -> None:
    await store.write(mirror.put_in_use, caller=SYSTEM)


async def found(store: Store) -> dict[str, str]:
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(kept.c.name, kept.c.text))
    return {row.name: row.text for row in rows}


async def test_what_is_told_again_or_late_changes_nothing(store: Store) -> None:
    await keep(store, ("a", "old", 1), ("b", "only", 2))
    await keep(store, ("a", "new", 3))
    await keep(store, ("a", "old", 1))
    assert await found(store) == {"a": "new", "b": "only"}


async def test_while_a_log_begins_anew_nobody_sees_what_was_once_and_at_its_end_what_it_told_last(
    store: Store,
) -> None:
    await keep(store, ("a", "before", 7), ("b", "before", 8))
    await begin_anew(store)
    await keep(store, ("a", "long ago", 1))
    assert await found(store) == {"a": "before", "b": "before"}
    await keep(store, ("a", "anew", 2))
    await keep(store, ("a", "long ago", 1))
    assert await found(store) == {"a": "before", "b": "before"}
    await put_in_use(store)
    assert await found(store) == {"a": "anew"}
    await keep(store, ("a", "long ago", 1))
    await keep(store, ("b", "back", 3))
    assert await found(store) == {"a": "anew", "b": "back"}


async def test_what_is_new_while_a_log_begins_anew_is_known_at_once(store: Store) -> None:
    await keep(store, ("a", "before", 7))
    await begin_anew(store)
    await keep(store, ("a", "anew", 1), ("b", "new", 2))
    assert await found(store) == {"a": "before", "b": "new"}
    await keep(store, ("b", "newer", 3))
    assert await found(store) == {"a": "before", "b": "newer"}
    await put_in_use(store)
    assert await found(store) == {"a": "anew", "b": "newer"}


async def test_a_log_that_begins_anew_before_the_last_was_read_starts_over(store: Store) -> None:
    await keep(store, ("a", "before", 7), ("b", "before", 8))
    await begin_anew(store)
    await keep(store, ("a", "of the second", 5), ("c", "of the second", 6))
    await begin_anew(store)
    await keep(store, ("b", "of the third", 1))
    assert await found(store) == {"a": "before", "b": "before", "c": "of the second"}
    await put_in_use(store)
    assert await found(store) == {"b": "of the third"}


async def test_a_log_that_is_read_on_puts_nothing_else_in_use(store: Store) -> None:
    await keep(store, ("a", "before", 7))
    await put_in_use(store)
    assert await found(store) == {"a": "before"}
    await keep(store)
    assert await found(store) == {"a": "before"}


@pytest.mark.parametrize("first", ["told", "put in use"])
async def test_what_is_told_while_a_log_is_put_in_use_is_in_use_too(
    store: Store, first: str
) -> None:
    """Neither transaction sees what the other has done, whichever is committed first."""
    await keep(store, ("a", "before", 7), ("b", "before", 8))
    await begin_anew(store)
    await keep(store, ("a", "anew", 1), ("b", "anew", 2))
    begun = asyncio.Event()

    async def tell(tx: WriteTransaction) -> None:
        await mirror.keep(tx, [("a", "newest", 3)])
        await hold("told")

    async def use(tx: WriteTransaction) -> None:
        await mirror.put_in_use(tx)
        await hold("put in use")

    async def hold(done: str) -> None:
        if done == first:
            begun.set()
            await asyncio.sleep(0.2)

    works = [tell, use] if first == "told" else [use, tell]
    earlier = asyncio.create_task(store.write(works[0], caller=SYSTEM))
    await begun.wait()
    await store.write(works[1], caller=SYSTEM)
    await earlier
    assert await found(store) == {"a": "newest", "b": "anew"}
    await keep(store, ("a", "last", 4))
    assert await found(store) == {"a": "last", "b": "anew"}
