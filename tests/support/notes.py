"""A small service's store for tests of the chassis: owned notes, their lines, a request that makes
one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from sqlalchemy import Column, ForeignKey, Table, insert, select

from services.chassis.caller import Caller, Scope
from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    Json,
    Name,
    Names,
    Owned,
    Shared,
    Store,
    UtcTime,
    WriteTransaction,
    chassis_tables,
    new_metadata,
)

SYSTEM = Caller.system("tests")
ANN = Caller("users/ann", ("rep",), ("teams/north",), Scope.OWN, "request-1")

metadata = new_metadata()
chassis = chassis_tables(metadata)
notes = Table(
    "notes",
    metadata,
    Column("name", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("team", Name),
    Column("text", sa.Text, nullable=False, default=""),
    Column("number", sa.BigInteger, nullable=False, default=0),
    Column("write_time", UtcTime),
    Column("labels", Names),
    Column("extra", Json),
    info={"sight": Owned("owner", "team")},
)
lines = Table(
    "lines",
    metadata,
    Column("name", Name, primary_key=True),
    Column("note", Name, ForeignKey("notes.name"), nullable=False),
    info={"sight": Shared()},
)


@dataclass(slots=True)
class StoppedClock:
    """A clock that a test moves."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def advance(self, step: timedelta) -> None:
        self.moment += step


@asynccontextmanager
async def opened(
    url: str, *, clock: StoppedClock | None = None, create: bool = True, pool_size: int = 4
) -> AsyncIterator[Store]:
    """A store with the tables above."""
    store = await Store.open(
        url, metadata=metadata, clock=clock or StoppedClock(), ids=Uuid7Ids(), pool_size=pool_size
    )
    try:
        if create:
            await store.create_tables()
        yield store
    finally:
        await store.close()


async def add_note(store: Store, name: str, **values: Any) -> None:
    """Writes one note, ann's if nothing else is said."""
    row = {"owner": ANN.subject, "team": "teams/north", **values, "name": name}
    await store.write(lambda tx: tx.run(insert(notes).values(row)), caller=SYSTEM)


async def note_names(store: Store, caller: Caller = SYSTEM) -> list[str]:
    """The names of the notes the caller sees, in order."""
    async with store.read(caller=caller) as tx:
        return [row.name for row in await tx.all(select(notes.c.name).order_by(notes.c.name))]


async def count(store: Store, table: Table) -> int:
    """How many rows the table has."""
    async with store.read(caller=SYSTEM) as tx:
        return int(await tx.scalar(select(sa.func.count()).select_from(table)))


def _message(name: str, *fields: str) -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"tests/{name}.proto", package="tests", syntax="proto3"
    )
    described = file.message_type.add(name=name)
    for number, each in enumerate(fields, start=1):
        described.field.add(
            name=each,
            number=number,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    made: type[Message] = message_factory.GetMessageClass(
        pool.FindMessageTypeByName(f"tests.{name}")
    )
    return made


Note: Any = _message("Note", "name", "text")
AddNote: Any = _message("AddNote", "request_id", "name", "text")
NoteAdded: Any = _message("NoteAdded", "name", "text")


def emit(tx: WriteTransaction, name: str, text: str = "", *, key: str | None = None) -> None:
    """Emits one event about a note."""
    tx.emit(
        NoteAdded(name=name, text=text),
        aggregate_type="note",
        aggregate_id=name,
        partition_key=key or name,
    )
