"""How SQLite's connections are set: durable, checked, bounded, and busy as they say."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam, insert, literal, select
from sqlalchemy.exc import IntegrityError, OperationalError

from services.chassis.clock import SystemClock
from services.chassis.errors import DomainError, StartRefused
from services.chassis.ids import Uuid7Ids
from services.chassis.store import Store, WriteTransaction, sqlite_readers
from services.chassis.store.connections import PoolUse
from services.chassis.store.sqlite_readers import SqliteReaders
from tests.support.notes import SYSTEM, add_note, lines, metadata, note_names, opened
from tests.support.running import eventually

SETTINGS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: what was committed survives a power cut
    "foreign_keys": 1,
    "busy_timeout": 5_000,
    "temp_store": 2,
}


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    async with opened(sqlite_url, pool_size=2) as store:
        yield store


@pytest.mark.parametrize(
    ("reads", "own"),
    [(True, {"query_only": 1, "cache_size": -4_096}), (False, {"cache_size": -16_384})],
    ids=["a reader", "the writer"],
)
async def test_a_connection_is_durable_checked_and_bounded(
    store: Store, reads: bool, own: dict[str, Any]
) -> None:
    expected = SETTINGS | own
    statements = {name: sa.text(f"PRAGMA {name}") for name in expected}

    async def found(tx: Any) -> dict[str, Any]:
        return {name: await tx.unscoped().scalar(each) for name, each in statements.items()}

    if reads:
        async with store.read(caller=SYSTEM) as tx:
            assert await found(tx) == expected
    else:
        assert await store.write(found, caller=SYSTEM) == expected


async def test_a_line_of_a_note_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.write(
            lambda tx: tx.run(insert(lines).values(name="lines/1", note="notes/none")),
            caller=SYSTEM,
        )


async def test_who_has_the_file_is_named_by_its_process(sqlite_url: str, store: Store) -> None:
    with pytest.raises(StartRefused, match=f"is in use by process {os.getpid()}: an SQLite file"):
        async with opened(sqlite_url):
            pass


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartRefused, match=r"test\.db can't be opened: (Not a directory|File ex)"):
        async with opened(f"sqlite:///{tmp_path}/file/test.db"):
            pass


async def test_a_store_has_eight_readers_unless_it_is_told_otherwise(sqlite_url: str) -> None:
    store = await Store.open(sqlite_url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids())
    use = store.use()
    await store.close()
    assert (use.readers, use.writers) == (8, 1)


async def test_it_says_who_writes_and_who_waits_for_it(store: Store) -> None:
    assert store.use() == PoolUse(2, 0, 1, 0, 0)
    release = asyncio.Event()

    async def hold(tx: WriteTransaction) -> None:
        await release.wait()

    holding = [asyncio.create_task(store.write(hold, caller=SYSTEM)) for _ in range(3)]
    await eventually(lambda: store.use() == PoolUse(2, 0, 1, 1, 2))
    release.set()
    await asyncio.gather(*holding)
    assert store.use() == PoolUse(2, 0, 1, 0, 0)


async def test_a_transaction_that_did_nothing_leaves_the_database_to_others(
    sqlite_url: str, store: Store
) -> None:
    async def nothing(tx: WriteTransaction) -> None: ...

    await store.write(nothing, caller=SYSTEM)
    outside = sa.create_engine(sqlite_url, isolation_level="AUTOCOMMIT").connect()
    outside.exec_driver_sql("BEGIN IMMEDIATE")
    outside.exec_driver_sql("ROLLBACK")
    outside.close()


async def test_a_failed_statement_is_no_conflict(store: Store) -> None:
    tries = 0

    async def wrong(tx: WriteTransaction) -> None:
        nonlocal tries
        tries += 1
        await tx.unscoped().all(sa.text("SELECT not_there FROM notes"))

    with pytest.raises(OperationalError, match="not_there"):
        await store.write(wrong, caller=SYSTEM)
    assert tries == 1
    await add_note(store, "notes/1")
    assert await note_names(store) == ["notes/1"]


async def test_a_failed_read_is_told_as_it_is_and_not_tried_on_a_thread(store: Store) -> None:
    wrong: sa.Select[Any] = select(sa.column("not_there")).select_from(sa.table("notes"))
    given: tuple[dict[str, Any] | None, ...] = (None, {})
    for parameters in given:
        async with store.read(caller=SYSTEM) as tx:
            with pytest.raises(Exception, match="not_there"):
                await tx.unscoped().all(wrong, parameters)


def counting() -> sa.Select[tuple[int]]:
    """Counts to a number that comes as a parameter, the slow way."""
    first = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < bindparam("most")))
    return select(sa.func.max(numbers.c.n).label("most"))


async def test_a_statement_that_was_long_has_a_thread_at_once_for_a_minute(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    clock = SimpleNamespace(perf_counter=time.perf_counter, monotonic=lambda: now)
    monkeypatch.setattr(sqlite_readers, "time", clock)
    engine, statement = sa.create_engine(sqlite_url), counting()
    readers = SqliteReaders(engine.connect, threads=1)
    used: list[int] = []
    use_thread = readers._use_thread

    def counted(*given: Any) -> Any:
        used.append(1)
        return use_thread(*given)

    monkeypatch.setattr(readers, "_use_thread", counted)

    async def threads(most: int) -> int:
        used.clear()
        assert await readers.scalar(statement, {"most": most}) == most
        return len(used)

    assert await threads(1_000_000) == 1
    now = 1_059.9
    assert await threads(2) == 1
    now = 1_060.1
    # A busy machine may hold up a short one, too, which is then remembered for another minute.
    for _ in range(20):
        now += 61
        if await threads(2) == 0:
            break
    else:
        raise AssertionError("it was never asked on the loop again")
    await readers.close()
    engine.dispose()


async def test_a_database_that_is_locked_is_told_with_when_to_come_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.store.retry._FIRST_PAUSE_SECONDS", 0.0)
    async with opened(sqlite_url) as store:
        quick = sa.text("PRAGMA busy_timeout = 1")
        await store.write(lambda tx: tx.unscoped().scalar(quick), caller=SYSTEM)
        outside = sa.create_engine(sqlite_url, isolation_level="AUTOCOMMIT").connect()
        outside.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(DomainError) as refused:
            await add_note(store, "notes/1")
        outside.close()
    assert refused.value.retry_after_seconds == 1
