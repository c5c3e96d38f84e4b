"""Statements over many rows and what they need: wide tables, upserts, names that are taken, slots
in the log, and what callers without limits are spared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Table, insert, select, update

from services.chassis.caller import Caller, Scope
from services.chassis.clock import SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    Name,
    Owned,
    Shared,
    Store,
    Taken,
    WriteTransaction,
    chassis_tables,
    new_metadata,
    upsert,
)
from services.chassis.store.known import KnownNames
from services.chassis.store.mentions import mentions
from services.chassis.store.outbox import log_row
from tests.support.notes import ANN, SYSTEM, NoteAdded, add_note, notes, opened

metadata = new_metadata()
chassis_tables(metadata)
WIDTH = 100
wide = Table(
    "wide",
    metadata,
    Column("name", Name, primary_key=True),
    *(Column(f"c{number}", sa.Integer) for number in range(WIDTH - 1)),
    info={"sight": Shared()},
)
known = Table(
    "known",
    metadata,
    Column("name", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("fingerprint", sa.LargeBinary),
    info={"sight": Shared()},
)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids())
    await store.create_tables()
    yield store
    await store.close()


@pytest.fixture
async def noted(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


@pytest.mark.parametrize("count", [299, 300, 301, 660])
async def test_rows_of_a_wide_table_go_in_however_many_parameters_that_makes(
    store: Store, count: int
) -> None:
    """SQLite takes 32,766 of them at once, which are 327 rows."""
    rows = [(f"w/{number:04}", *range(number, number + WIDTH - 1)) for number in range(count)]
    await store.write(lambda tx: tx.insert_rows(wide, rows), caller=SYSTEM)
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.all(select(wide).order_by(wide.c.name)) == rows
    as_named = [dict(zip(wide.c.keys(), (f"x{row[0]}", *row[1:]), strict=True)) for row in rows]
    await store.write(lambda tx: tx.run_many(insert(wide), as_named), caller=SYSTEM)
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(select(sa.func.count()).select_from(wide)) == 2 * count


@pytest.mark.parametrize("count", [49, 50, 51])
async def test_values_and_conditions_of_many_updates_are_each_rows_own(
    noted: Store, count: int
) -> None:
    made = [{"name": f"notes/{number:03}", "owner": "a"} for number in range(60)]
    await noted.write(lambda tx: tx.run_many(insert(notes), made), caller=SYSTEM)
    change = update(notes).where(notes.c.name == sa.bindparam("which"))
    moment = datetime(2020, 2, 29, tzinfo=UTC)
    changes = [
        {"which": f"notes/{number:03}", "number": number, "write_time": moment, "labels": ("x",)}
        for number in range(count)
    ]
    await noted.write(lambda tx: tx.run_many(change, changes), caller=SYSTEM)
    columns = notes.c.number, notes.c.write_time, notes.c.labels
    async with noted.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(*columns).order_by(notes.c.name))
    assert rows[:count] == [(number, moment, ("x",)) for number in range(count)]
    assert rows[count:] == [(0, None, None)] * (60 - count)


def as_tuple(name: str, number: int, text: str) -> tuple[Any, ...]:
    return (name, "a", None, text, number, None, None, None)


@pytest.mark.parametrize(
    ("number", "becomes"), [(4, "there"), (5, "new"), (6, "new")], ids=["older", "as new", "newer"]
)
async def test_a_row_that_is_there_is_overwritten_by_what_is_as_new_or_newer(
    noted: Store, number: int, becomes: str
) -> None:
    await add_note(noted, "notes/1", number=5, text="there")
    taken = Taken(key=("name",), update=("number", "text"), newest="number")
    row = as_tuple("notes/1", number, "new")
    await noted.write(lambda tx: tx.insert_rows(notes, [row], taken), caller=SYSTEM)
    async with noted.read(caller=SYSTEM) as tx:
        assert await tx.scalar(select(notes.c.text)) == becomes


@pytest.mark.parametrize(
    ("owner", "number", "written"), [("a", 6, 1), ("a", 4, 0), ("b", 6, 0), ("b", 4, 0)]
)
async def test_an_upsert_writes_where_its_condition_holds_and_nothing_newer_is_there(
    noted: Store, owner: str, number: int, written: int
) -> None:
    await add_note(noted, "notes/1", owner=owner, number=5, text="there")

    async def work(tx: WriteTransaction) -> int:
        statement = upsert(
            tx.dialect, notes, key=("name",), where=notes.c.owner == "a", newest="number"
        )
        return await tx.run(statement.values(name="notes/1", owner="z", number=number, text="new"))

    assert await noted.write(work, caller=SYSTEM) == written
    async with noted.read(caller=SYSTEM) as tx:
        row = await tx.first(select(notes.c.owner, notes.c.number, notes.c.text))
    assert row == (("z", 6, "new") if written else (owner, 5, "there"))


class Counted:
    """A connection that counts what is asked of it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        called = getattr(self._connection, name)
        if name in ("all", "first", "scalar", "run", "run_many"):
            self.asked.append(name)
        return called


async def asked(store: Store, caller: Caller) -> list[str]:
    """What the database is asked for changes, of one row and of many, that meet no row."""

    async def work(tx: WriteTransaction) -> list[str]:
        counted = Counted(tx.connection)
        limited = replace(tx, connection=counted)
        none = update(notes).where(notes.c.name == sa.bindparam("which")).values(text="")
        await limited.run(none, {"which": "notes/none"})
        await limited.run_many(none, [{"which": "notes/none"}, {"which": "notes/none-either"}])
        await limited.run_many(none, [])
        assert await limited.only_read(notes, ["notes/none"]) == set()
        return counted.asked

    return await store.write(work, caller=caller)


@pytest.mark.parametrize("scope", Scope)
async def test_a_table_whose_every_reader_may_change_it_is_asked_for_the_change_alone(
    noted: Store, scope: Scope
) -> None:
    """Looked up after each change, or row by row, an import would take many times as long."""
    assert await asked(noted, replace(ANN, scope=scope)) == ["run", "run_many"]


async def test_names_are_taken_with_their_fingerprints_and_no_names_are_no_question(
    store: Store,
) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "k/1", "owner": "a", "fingerprint": b"x"},
        {"name": "k/2", "owner": "b"},
    ]
    await store.write(lambda tx: tx.run_many(insert(known), rows[:1]), caller=SYSTEM)
    await store.write(lambda tx: tx.run_many(insert(known), rows[1:]), caller=SYSTEM)
    look = KnownNames(known)
    async with store.read(caller=ANN) as tx:
        assert await look.among(tx, ["k/1", "k/2", "k/3"]) == {"k/1": b"x", "k/2": None}
        assert await look.among(tx, []) == {}


owned = new_metadata()
chassis_tables(owned)
plans = Table(
    "plans",
    owned,
    Column("name", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("fingerprint", sa.LargeBinary),
    info={"sight": Owned("owner")},
)


async def test_a_name_out_of_sight_is_taken_and_says_no_more(database_url: str) -> None:
    store = await Store.open(database_url, metadata=owned, clock=SystemClock(), ids=Uuid7Ids())
    await store.create_tables()
    rows = [
        {"name": f"plans/{owner}", "owner": f"users/{owner}", "fingerprint": owner.encode()}
        for owner in ("ann", "bob")
    ]
    await store.write(lambda tx: tx.run_many(insert(plans), rows), caller=SYSTEM)
    look, names = KnownNames(plans), ["plans/ann", "plans/bob", "plans/none"]
    async with store.read(caller=ANN) as tx:
        assert await look.among(tx, names) == {"plans/ann": b"ann", "plans/bob": None}
        assert await look.among(tx, names[:1]) == {"plans/ann": b"ann"}
    async with store.read(caller=replace(ANN, scope=Scope.ALL)) as tx:
        assert await look.among(tx, names) == {"plans/ann": b"ann", "plans/bob": b"bob"}
    await store.close()


@pytest.mark.parametrize(("key", "slot"), [("customers/ann", 359), ("customers/bob", 596), ("", 0)])
def test_a_key_keeps_its_slot_for_readers_have_read_by_it(key: str, slot: int) -> None:
    row = log_row(
        NoteAdded(text="a"),
        id="1",
        aggregate_type="note",
        aggregate_id="notes/1",
        partition_key=key,
        now=datetime(2026, 3, 1, 12, 0, 1, 250_999, tzinfo=UTC),
        caller=SYSTEM,
    )
    assert row["slot"] == slot
    assert row["time_ms"] == 1_772_366_401_250


@pytest.mark.parametrize("length", [1, 127, 128, 300, 16_383, 16_384, 20_000])
async def test_a_name_of_any_length_is_found_where_it_is_mentioned_whole(
    noted: Store, length: int
) -> None:
    """On the wire a text stands behind its length, which takes a byte, two or three."""
    name = "n" * length
    rest = {
        "aggregatetype": "n",
        "aggregateid": "n",
        "type": "t",
        "slot": 0,
        "time_ms": 0,
        "partition_key": "",
        "actor": "{}",
        "request_id": "",
    }
    rows = [
        {**rest, "id": str(number), "payload": NoteAdded(name="a", text=text).SerializeToString()}
        for number, text in enumerate((name, f"{name}n", f"{name}/touchpoints/1", "m"))
    ]
    log = noted.tables.event_log
    await noted.write(lambda tx: tx.run_many(insert(log), rows), caller=SYSTEM)
    async with noted.read(caller=SYSTEM) as tx:
        found = await tx.all(select(log.c.id).where(mentions(log.c.payload, [name])))
        nothing = await tx.all(select(log.c.id).where(mentions(log.c.payload, ["elsewhere"])))
    assert sorted(row.id for row in found) == ["0", "2"]
    assert not nothing
