"""Migrations of one service: run once, all or nothing, and refused where versions do not fit."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Table, insert, select
from sqlalchemy.engine import make_url

from services.chassis.caller import Caller
from services.chassis.clock import SystemClock
from services.chassis.errors import StartRefused
from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    Name,
    Shared,
    Store,
    chassis_tables,
    new_metadata,
)
from services.chassis.store.migrate import check_revision, migrate
from services.chassis.store.schema import differences

PACKAGE = "tests.support.migrated"
SYSTEM = Caller.system("tests")

metadata = new_metadata()
chassis_tables(metadata)
notes = Table(
    "notes",
    metadata,
    Column("name", Name, primary_key=True),
    Column("text", sa.Text),
    info={"sight": Shared()},
)


async def open_store(url: str) -> Store:
    return await Store.open(url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids())


async def test_migrating_makes_every_table_of_the_service_and_of_the_chassis(
    database_url: str,
) -> None:
    assert await migrate(database_url, PACKAGE) == "notes_0001"
    store = await open_store(database_url)
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(select(notes.c.text)) == "kept"
        assert await tx.all(select(chassis_tables(metadata).event_log)) == []
    await store.close()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await migrate(database_url, PACKAGE)
    assert await migrate(database_url, PACKAGE) == "notes_0001"
    await check_revision(database_url, PACKAGE)


async def test_two_migrations_at_once_end_as_one(postgres_url: str) -> None:
    await asyncio.gather(*(migrate(postgres_url, PACKAGE) for _ in range(3)))
    await check_revision(postgres_url, PACKAGE)


async def test_the_scripts_make_what_the_tables_declare(database_url: str) -> None:
    await migrate(database_url, PACKAGE)
    declared = new_metadata()
    chassis_tables(declared)
    notes.to_metadata(declared).c.text.nullable = False
    assert list(await differences(database_url, declared)) == []


async def test_a_database_without_migrations_is_refused_with_the_command_to_run(
    database_url: str,
) -> None:
    with pytest.raises(
        StartRefused, match=f"none and .* needs notes_0001: run `python -m {PACKAGE} mig"
    ):
        await check_revision(database_url, PACKAGE)


def is_there(url: str) -> bool:
    return Path(make_url(url).database or "").exists()


async def test_looking_for_a_file_that_is_not_there_makes_none(
    tmp_path: Path, sqlite_url: str
) -> None:
    """An empty one, for everybody to read, would be taken for the database by the next start."""
    folder = tmp_path / "data"
    for url in (f"sqlite:///{folder}/test.db", sqlite_url):
        with pytest.raises(StartRefused, match="is at revision none"):
            await check_revision(url, PACKAGE)
        assert not is_there(url)
    assert not is_there(f"sqlite:///{folder}")


async def test_a_statement_that_the_database_refuses_is_told_with_its_reason(
    database_url: str,
) -> None:
    store = await open_store(database_url)
    await store.create_tables()
    await store.close()
    with pytest.raises(StartRefused, match=r"refuses `CREATE TABLE event_log .* already exists"):
        await migrate(database_url, PACKAGE)


async def test_a_database_that_is_not_there_is_told_as_that(postgres_url: str) -> None:
    with pytest.raises(StartRefused, match=r"can't be reached: .*no_such"):
        await migrate(postgres_url.replace("/test_", "/no_such_"), PACKAGE)


async def test_a_running_service_keeps_its_file_from_being_migrated(sqlite_url: str) -> None:
    await migrate(sqlite_url, PACKAGE)
    store = await open_store(sqlite_url)
    with pytest.raises(StartRefused, match="is in use by process"):
        await migrate(sqlite_url, PACKAGE)
    await store.write(lambda tx: tx.run(insert(notes).values(name="a", text="b")), caller=SYSTEM)
    await store.close()
