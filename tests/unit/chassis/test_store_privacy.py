"""What a store fails with is logged, so no value of a row or of a filter is in it."""

from __future__ import annotations

import ast
import traceback
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, insert, literal, select, text
from sqlalchemy.exc import DBAPIError

import services
from services.chassis.store import ReadTransaction, Store
from tests.support.notes import SYSTEM, add_note, notes, opened

TELEPHONE = "+44 20 7946 0123"


async def test_a_refused_write_does_not_tell_what_was_written(database_url: str) -> None:
    async with opened(database_url) as store:
        await add_note(store, "notes/1")
        row = {"name": "notes/1", "owner": "users/ann", "text": TELEPHONE}
        with pytest.raises(DBAPIError) as refused:
            await store.write(lambda tx: tx.run(insert(notes).values(row)), caller=SYSTEM)
        assert TELEPHONE not in told_by(refused.value)


async def test_a_refused_bulk_write_does_not_tell_what_was_written(database_url: str) -> None:
    async with opened(database_url) as store:
        rows = [{"name": "notes/1", "owner": "users/ann", "text": TELEPHONE}] * 2
        with pytest.raises(DBAPIError) as refused:
            await store.write(lambda tx: tx.run_many(insert(notes), rows), caller=SYSTEM)
        assert TELEPHONE not in told_by(refused.value)


async def test_a_row_the_database_finds_fault_with_is_not_told(database_url: str) -> None:
    async with opened(database_url) as store:
        row = {"name": "notes/1", "owner": None, "text": TELEPHONE}
        with pytest.raises(DBAPIError) as refused:
            await store.write(lambda tx: tx.run(insert(notes).values(row)), caller=SYSTEM)
        assert "owner" in told_by(refused.value)
        assert TELEPHONE not in told_by(refused.value)


async def test_a_value_the_driver_can_not_send_is_not_told(postgres_url: str) -> None:
    async with opened(postgres_url) as store:
        number = literal(TELEPHONE, BigInteger)
        with pytest.raises(DBAPIError) as refused:
            await store.write(lambda tx: tx.scalar(select(number)), caller=SYSTEM)
        assert "query argument $1" in told_by(refused.value)
        assert TELEPHONE not in told_by(refused.value)


async def test_a_failed_read_does_not_tell_what_was_looked_for(database_url: str) -> None:
    async def fails(store: Store) -> None:
        async with store.read(caller=SYSTEM) as tx:
            await look_in_a_missing_column(tx)

    async with opened(database_url) as store:
        with pytest.raises(DBAPIError) as failed:
            await fails(store)
        assert "missing" in told_by(failed.value)
        assert TELEPHONE not in told_by(failed.value)


def test_no_engine_anywhere_tells_its_parameters() -> None:
    folder = Path(services.__file__).parent
    engines = [
        (path.relative_to(folder).as_posix(), node.lineno, {each.arg for each in node.keywords})
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("create_engine", "create_async_engine"))
    ]
    assert len(engines) > 3
    assert [where for *where, given in engines if "hide_parameters" not in given] == []


async def look_in_a_missing_column(tx: ReadTransaction) -> None:
    await tx.all(select(notes).where(notes.c.text == TELEPHONE, text("missing = 1")))


def told_by(error: BaseException) -> str:
    """What a log line has of it, causes included."""
    return "".join(traceback.format_exception(error))
