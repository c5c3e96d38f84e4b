"""Column types on both engines: what goes in comes out, and is searched and ordered alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from services.chassis.store import Store, holds_name
from tests.support.notes import SYSTEM, add_note, note_names, notes, opened


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


async def value_of(store: Store, name: str, column: Any) -> Any:
    async with store.read(caller=SYSTEM) as tx:
        return await tx.scalar(select(column).where(notes.c.name == name))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2011, 12, 9, 12, 50, 59, 999_999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2020, 6, 1, 2, tzinfo=timezone(timedelta(hours=8))),
    ],
)
async def test_an_instant_comes_back_to_the_microsecond_in_utc(
    store: Store, moment: datetime
) -> None:
    await add_note(store, "notes/1", write_time=moment)
    found = await value_of(store, "notes/1", notes.c.write_time)
    assert found == moment
    assert found.tzinfo is UTC


async def test_an_instant_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises((TypeError, StatementError)):
        await add_note(store, "notes/1", write_time=datetime(2020, 1, 1))  # noqa: DTZ001 - the point


async def test_instants_compare(store: Store) -> None:
    early, late = datetime(1950, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
    await add_note(store, "notes/1", write_time=early)
    await add_note(store, "notes/2", write_time=late)
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(notes.c.name).where(notes.c.write_time < late))
    assert [row.name for row in rows] == ["notes/1"]


async def test_absent_values_stay_absent(store: Store) -> None:
    await add_note(store, "notes/1")
    for column in (notes.c.write_time, notes.c.labels, notes.c.extra):
        assert await value_of(store, "notes/1", column) is None


async def test_nested_values_come_back(store: Store) -> None:
    value = {"关系": [1, 2.5, None, {"a": True}], "quote": 'say "hi"'}
    await add_note(store, "notes/1", extra=value)
    assert await value_of(store, "notes/1", notes.c.extra) == value


async def test_names_in_one_column_are_found_as_a_whole(store: Store) -> None:
    await add_note(store, "notes/1", labels=("VIP", 'a "b"', "50%_off", "关系"))
    await add_note(store, "notes/2", labels=("VIPS", "50 percent off"))
    await add_note(store, "notes/3", labels=())
    assert await value_of(store, "notes/1", notes.c.labels) == ("VIP", 'a "b"', "50%_off", "关系")

    async def holding(name: str) -> list[str]:
        async with store.read(caller=SYSTEM) as tx:
            rows = await tx.all(select(notes.c.name).where(holds_name(notes.c.labels, name)))
        return [row.name for row in rows]

    for name in ("VIP", 'a "b"', "50%_off", "关系"):
        assert await holding(name) == ["notes/1"], name
    assert await holding("VI") == []


async def test_names_are_ordered_byte_by_byte(store: Store) -> None:
    names = ["notes/B", "notes/_", "notes/a", "notes/é", "notes/关"]
    for name in reversed(names):
        await add_note(store, name)
    assert await note_names(store) == names
