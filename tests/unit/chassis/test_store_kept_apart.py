"""Statements of a kind that nobody writes twice leave nothing behind."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from sqlalchemy import Select, or_, select

from services.chassis.store import Store, WriteTransaction
from services.chassis.store.kept_apart import kept_apart
from tests.support.notes import SYSTEM, add_note, notes, opened

Names = Select[*tuple[Any, ...]]


def of_any(count: int) -> Names:
    """Of its own form for each count, as those are that people make."""
    wanted = or_(*(notes.c.number == number for number in range(count)))
    return kept_apart(select(notes.c.name).where(wanted))


async def read_twice(store: Store, statement: Names) -> list[str]:
    async with store.read(caller=SYSTEM) as tx:
        await tx.all(statement)
        return [row.name for row in await tx.all(statement)]


async def ask_in_writing_twice(store: Store, statement: Names) -> list[str]:
    async def work(tx: WriteTransaction) -> list[str]:
        await tx.all(statement)
        return [row.name for row in await tx.all(statement)]

    return await store.write(work, caller=SYSTEM)


@pytest.mark.parametrize(("ask", "count"), [(read_twice, 5), (ask_in_writing_twice, 6)])
async def test_what_was_compiled_goes_with_the_statement(
    database_url: str, ask: Any, count: int
) -> None:
    async with opened(database_url) as store:
        await add_note(store, "notes/1", number=1)
        statement = of_any(count)
        left = weakref.ref(statement)
        assert await ask(store, statement) == ["notes/1"]
        del statement
        gc.collect()
        assert left() is None
