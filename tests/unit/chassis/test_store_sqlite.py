"""What only SQLite does: one process per file, short reads on the loop, long ones beside it."""

import asyncio
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import insert, literal, select
from sqlalchemy.exc import OperationalError

from services.chassis.errors import DomainError, Kind, StartRefused
from services.chassis.store import Store, WriteTransaction
from services.chassis.store.sqlite_readers import SqliteReaders
from tests.support.notes import SYSTEM, StoppedClock, add_note, metadata, note_names, notes, opened
from tests.support.running import eventually

SECOND_PROCESS = """
import asyncio, sys
from tests.support.notes import opened
async def main():
    async with opened(sys.argv[1], create=False):
        print("opened")
asyncio.run(main())
"""


def endless(rows: int) -> sa.Select[tuple[int]]:
    """Counts to `rows` the slow way."""
    first = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < rows))
    return select(sa.func.max(numbers.c.n))


async def test_a_second_process_is_refused_and_told_who_has_the_file(sqlite_url: str) -> None:
    command = [sys.executable, "-c", SECOND_PROCESS, sqlite_url]

    def second() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False)

    async with opened(sqlite_url) as store:
        refused = await asyncio.to_thread(second)
        assert "StartRefused" in refused.stderr
        assert "test.db is in use by process" in refused.stderr
        await add_note(store, "notes/1")
    assert (await asyncio.to_thread(second)).stdout == "opened\n"


async def test_a_new_database_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    umask = os.umask(0o022)
    try:
        async with opened(f"sqlite:///{folder}/test.db") as store:
            await add_note(store, "notes/1")
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    finally:
        os.umask(umask)
    assert {"test.db", "test.db-wal", "test.db.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o750)
    async with opened(f"sqlite:///{folder}/test.db"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o750


async def test_a_second_store_in_the_same_process_is_refused_too(sqlite_url: str) -> None:
    async with opened(sqlite_url):
        with pytest.raises(StartRefused, match="is in use"):
            async with opened(sqlite_url):
                pass


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://localhost/x", "mysql://localhost/x"])
async def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(StartRefused, match="sqlite:///path or postgresql"):
        async with opened(url):
            pass


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StartRefused, match=r"letter\.db can't be opened"):
        async with opened(f"sqlite:///{file}"):
            pass


async def test_readers_cannot_write(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store, store.read(caller=SYSTEM) as tx:
        with pytest.raises(OperationalError, match="readonly"):
            await tx.unscoped().all(sa.text("DELETE FROM notes RETURNING name"))


@pytest.mark.parametrize("parameters", [None, {}], ids=["composed", "prepared"])
async def test_a_long_read_does_not_hold_up_the_loop(
    sqlite_url: str, parameters: dict[str, object] | None
) -> None:
    counting = endless(1_000_000)
    async with opened(sqlite_url) as store:
        await add_note(store, "notes/1")

        async def long() -> int:
            async with store.read(caller=SYSTEM) as tx:
                return int(await tx.scalar(counting, parameters))

        for _ in range(2):
            running = asyncio.create_task(long())
            began = last = time.perf_counter()
            longest, turns = 0.0, 0
            while not running.done():
                assert await note_names(store) == ["notes/1"]
                await asyncio.sleep(0.001)
                now = time.perf_counter()
                longest, last, turns = max(longest, now - last), now, turns + 1
            assert running.result() == 1_000_000
            assert turns > 20
            # Told by its share, so that a busy machine makes no difference.
            assert longest < (last - began) / 2


async def test_a_short_read_is_answered_while_long_ones_hold_every_thread(sqlite_url: str) -> None:
    async with opened(sqlite_url, pool_size=2) as store:
        await add_note(store, "notes/1")

        async def long() -> None:
            async with store.read(caller=SYSTEM) as tx:
                await tx.scalar(endless(10**12), {})

        holding = [asyncio.create_task(long()) for _ in range(2)]
        try:
            await eventually(lambda: store.use().readers_busy == 2)
            assert await asyncio.wait_for(note_names(store), 5) == ["notes/1"]
            assert store.use().readers_busy == 2
        finally:
            for each in holding:
                each.cancel()


async def test_a_read_needs_a_thread_only_after_two_milliseconds(sqlite_url: str) -> None:
    engine, held = sa.create_engine(sqlite_url), threading.Event()
    readers = SqliteReaders(engine.connect, threads=1)

    async def is_answered(rows: int, name: str) -> bool:
        statement = select(endless(rows).scalar_subquery().label(name))
        try:
            return bool(await asyncio.wait_for(readers.scalar(statement, {}), 0.1) == rows)
        except TimeoutError:
            return False

    readers._threads.submit(held.wait)
    # Each a statement of its own, of some hundred µs, for a busy machine may hold up one or two.
    answered = [await is_answered(500, f"try_{number}") for number in range(20)]
    assert not await is_answered(3_000_000, "long")
    held.set()
    await readers.close()
    engine.dispose()
    assert sum(answered) >= 10


@pytest.mark.parametrize("parameters", [None, {}], ids=["composed", "prepared"])
async def test_a_cancelled_long_read_gives_its_thread_back(
    sqlite_url: str, parameters: dict[str, object] | None
) -> None:
    async with opened(sqlite_url, pool_size=1) as store:

        async def read(rows: int) -> int:
            async with store.read(caller=SYSTEM) as tx:
                return int(await tx.scalar(endless(rows), parameters))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(10**12), 0.2)
        assert await asyncio.wait_for(read(1_000_000), 5) == 1_000_000


async def test_writers_take_turns_in_the_order_they_came(sqlite_url: str) -> None:
    async with opened(sqlite_url) as store:
        order: list[int] = []

        async def write(number: int) -> None:
            async def work(tx: WriteTransaction) -> None:
                await tx.run(insert(notes).values(name=f"notes/{number}", owner="a"))
                order.append(number)

            await store.write(work, caller=SYSTEM)

        await asyncio.gather(*(write(number) for number in range(20)))
        assert order == list(range(20))


async def test_a_database_locked_from_outside_is_waited_for_and_then_reported(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.store.sqlite._PRAGMAS", ())
    outside = sa.create_engine(sqlite_url, isolation_level="AUTOCOMMIT").connect()
    async with opened(sqlite_url) as store:
        shortened = sa.text("PRAGMA busy_timeout = 10")

        async def shorten(tx: WriteTransaction) -> None:
            await tx.unscoped().scalar(shortened)

        await store.write(shorten, caller=SYSTEM)
        outside.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(DomainError) as refused:
            await add_note(store, "notes/1")
        assert (refused.value.kind, refused.value.reason) == (Kind.ABORTED, "WRITE_CONFLICT")
        waiting = asyncio.create_task(add_note(store, "notes/2"))
        await asyncio.sleep(0.05)
        outside.exec_driver_sql("COMMIT")
        await waiting
        assert await note_names(store) == ["notes/2"]
    outside.close()


async def test_what_was_committed_survives_a_kill(sqlite_url: str) -> None:
    script = """
import asyncio, os, signal, sys
from tests.support.notes import add_note, opened
async def main():
    async with opened(sys.argv[1]) as store:
        await add_note(store, "notes/1")
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, sqlite_url], check=False
    )
    assert killed.returncode == -9
    async with opened(sqlite_url, create=False) as store:
        assert await note_names(store) == ["notes/1"]


async def test_close_waits_for_the_writer(sqlite_url: str) -> None:
    store = await Store.open(
        sqlite_url, metadata=metadata, clock=StoppedClock(), ids=_Counting(), pool_size=1
    )
    await store.create_tables()
    writing = asyncio.create_task(add_note(store, "notes/1"))
    await asyncio.sleep(0)
    await store.close()
    await writing
    async with opened(sqlite_url, create=False) as again:
        assert await note_names(again) == ["notes/1"]


class _Counting:
    """Ids that a test can read."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return str(self._last)
