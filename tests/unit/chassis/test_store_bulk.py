"""Many rows at once, on both engines: as dictionaries, as tuples, over rows that are there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.chassis.store import Store, Taken, WriteTransaction, upsert
from tests.support.notes import SYSTEM, add_note, note_names, notes, opened

MOMENT = datetime(2020, 2, 29, 12, tzinfo=UTC)
ROWS = [
    {
        "name": f"notes/{number:03}",
        "owner": "a",
        "text": "",
        "number": number,
        "write_time": MOMENT,
        "labels": ("x",),
    }
    for number in range(100)
]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


async def stored(store: Store) -> list[Any]:
    columns = notes.c.name, notes.c.number, notes.c.write_time, notes.c.labels, notes.c.text
    async with store.read(caller=SYSTEM) as tx:
        return [tuple(row) for row in await tx.all(select(*columns).order_by(notes.c.name))]


@pytest.mark.parametrize("count", [1, 100])
async def test_values_are_converted_however_many_rows_there_are(store: Store, count: int) -> None:
    await store.write(lambda tx: tx.run_many(insert(notes), ROWS[:count]), caller=SYSTEM)
    assert await stored(store) == [
        (f"notes/{number:03}", number, MOMENT, ("x",), "") for number in range(count)
    ]


@pytest.mark.parametrize("count", [1, 100])
async def test_defaults_and_constants_of_the_statement_are_filled_in(
    store: Store, count: int
) -> None:
    rows = [{"name": row["name"], "owner": "a"} for row in ROWS[:count]]
    statement = insert(notes).values(text="constant")
    await store.write(lambda tx: tx.run_many(statement, rows), caller=SYSTEM)
    assert await stored(store) == [(row["name"], 0, None, None, "constant") for row in rows]


async def test_many_updates_go_by_their_own_keys(store: Store) -> None:
    await store.write(lambda tx: tx.run_many(insert(notes), ROWS), caller=SYSTEM)
    change = update(notes).where(notes.c.name == bindparam("which"))
    changes = [{"which": row["name"], "number": -1, "write_time": None} for row in ROWS[:60]]
    await store.write(lambda tx: tx.run_many(change, changes), caller=SYSTEM)
    numbers = [row[1] for row in await stored(store)]
    assert numbers == [-1] * 60 + list(range(60, 100))


async def test_many_upserts_insert_and_update(store: Store) -> None:
    await add_note(store, "notes/000", number=7, text="mine")

    async def work(tx: WriteTransaction) -> None:
        await tx.run_many(upsert(tx.dialect, notes, key=("name",), update=("number",)), ROWS)

    await store.write(work, caller=SYSTEM)
    found = await stored(store)
    assert len(found) == 100
    assert found[0][1] == 0
    assert found[0][4] == "mine"


async def test_a_duplicate_among_many_rows_fails_all_of_them(store: Store) -> None:
    await add_note(store, "notes/050")
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.run_many(insert(notes), ROWS), caller=SYSTEM)
    assert await note_names(store) == ["notes/050"]


@pytest.mark.parametrize("count", [1, 49, 50, 500, 1_103])
async def test_every_row_goes_in_once_however_many_there_are(store: Store, count: int) -> None:
    rows = [as_tuple(f"notes/{number:04}", number) for number in range(count)]
    await store.write(lambda tx: tx.insert_rows(notes, rows), caller=SYSTEM)
    assert [row[:2] for row in await stored(store)] == [
        (f"notes/{number:04}", number) for number in range(count)
    ]


def as_tuple(name: str, number: int, text: str = "") -> tuple[Any, ...]:
    return (name, "a", None, text, number, MOMENT, ("x",), {"k": 1})


async def test_tuples_go_in_as_rows(store: Store) -> None:
    async def work(tx: WriteTransaction) -> None:
        await tx.insert_rows(notes, [as_tuple("notes/1", 1), as_tuple("notes/2", 2)])
        await tx.insert_rows(notes, [])

    await store.write(work, caller=SYSTEM)
    assert await stored(store) == [
        ("notes/1", 1, MOMENT, ("x",), ""),
        ("notes/2", 2, MOMENT, ("x",), ""),
    ]


async def test_tuples_overwrite_what_is_there_unless_it_is_newer(store: Store) -> None:
    await add_note(store, "notes/1", number=5, text="old")
    await add_note(store, "notes/2", number=50, text="newer")
    taken = Taken(key=("name",), update=("number", "text"), newest="number")
    rows = [as_tuple(f"notes/{number}", 10, "new") for number in (1, 2, 3)]
    await store.write(lambda tx: tx.insert_rows(notes, rows, taken), caller=SYSTEM)
    assert [(row[1], row[4]) for row in await stored(store)] == [
        (10, "new"),
        (50, "newer"),
        (10, "new"),
    ]
