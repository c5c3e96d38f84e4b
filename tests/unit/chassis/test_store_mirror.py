"""What is kept of another service's records: the newest stays, and a log that begins anew takes
nothing away before it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import BigInteger, Column, Table, Text, select

from services.chassis.ids import Uuid7Ids
from services.chassis.store import Mirror, Name, Shared, Store, chassis_tables, new_metadata
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
mirror = Mirror(kept)


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


async def found(store: Store) -> dict[str, str]:
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(kept.c.name, kept.c.text))
    return {row.name: row.text for row in rows}


async def test_what_is_told_again_or_late_changes_nothing(store: Store) -> None:
    await keep(store, ("a", "old", 1), ("b", "only", 2))
    await keep(store, ("a", "new", 3))
    await keep(store, ("a", "old", 1))
    assert await found(store) == {"a": "new", "b": "only"}


async def test_a_log_that_begins_anew_is_newer_and_takes_away_at_its_end_what_it_does_not_tell_of(
    store: Store,
) -> None:
    await keep(store, ("a", "before", 7), ("b", "before", 8))
    await store.write(mirror.mark_all, caller=SYSTEM)
    assert await found(store) == {"a": "before", "b": "before"}
    await keep(store, ("a", "anew", 1))
    await store.write(mirror.remove_marked, caller=SYSTEM)
    assert await found(store) == {"a": "anew"}
