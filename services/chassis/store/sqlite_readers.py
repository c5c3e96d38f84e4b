"""SQLite's read connections: one on the event loop for short statements, threads for long ones.

A hop to a thread costs more than a read by key does, and under load the thread waits for the
interpreter's lock after every row. So a statement gets 2 ms on the loop; past that SQLite
interrupts it, it runs again on a thread, and for a minute it goes there at once. A long list never
holds up the loop, and nobody has to say beforehand which lists are long.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, event
from sqlalchemy.exc import OperationalError

from services.chassis.store.connections import AnyRow, Parameters

__all__ = ["SqliteReaders"]

T = TypeVar("T")
Result = CursorResult[*tuple[Any, ...]]

_INLINE_SECONDS = 0.002
_REMEMBER_LONG_SECONDS = 60.0
_MOST_LONG_STATEMENTS = 1_000
_OPERATIONS_BETWEEN_CHECKS = 1_000  # about 50 µs of SQLite's virtual machine


class SqliteReaders:
    """Runs statements that change nothing, each seeing what is committed by then."""

    def __init__(self, connect: Callable[[], Connection], threads: int) -> None:
        self.count = threads
        self.busy = 0
        self._inline = _InlineReader(connect())
        self._free = [_ThreadReader(connect()) for _ in range(threads)]
        self._connections = (self._inline.connection, *(each.connection for each in self._free))
        self._threads = ThreadPoolExecutor(threads, "sqlite-reader")

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        return await self._read(statement, parameters, lambda result: result.all())

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        return await self._read(statement, parameters, lambda result: result.first())

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return await self._read(statement, parameters, lambda result: result.scalar())

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    async def _read(
        self,
        statement: Executable,
        parameters: Parameters | None,
        fetch: Callable[[Result], T],
    ) -> T:
        def run(connection: Connection) -> T:
            return fetch(connection.execute(statement, parameters))

        try:
            return self._inline.read(run)
        except _TooLong:
            pass
        stop = threading.Event()
        loop = asyncio.get_running_loop()
        work = partial(self._use_thread, run, stop)
        try:
            return await loop.run_in_executor(self._threads, work)
        except asyncio.CancelledError:
            stop.set()  # nobody waits for the answer any more: give the thread to somebody else
            raise

    def _use_thread(self, run: Callable[[Connection], T], stop: threading.Event) -> T:
        reader = self._free.pop()  # as many as threads, so there always is one; pop is atomic
        self.busy += 1
        try:
            return reader.read(run, stop)
        finally:
            self.busy -= 1
            self._free.append(reader)


class _TooLong(Exception):
    """The statement needs more time than the event loop can give."""


class _InlineReader:
    """The event loop's own connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._until = 0.0
        self._long: dict[str, float] = {}
        event.listen(connection, "before_cursor_execute", self._refuse_known_long)
        _driver(connection).set_progress_handler(self._overran, _OPERATIONS_BETWEEN_CHECKS)

    def read(self, run: Callable[[Connection], T]) -> T:
        self._until = time.perf_counter() + _INLINE_SECONDS
        try:
            return run(self.connection)
        except OperationalError as error:
            if not _interrupted(error):
                raise
            self._remember_long(error.statement)
            raise _TooLong from None

    def _overran(self) -> bool:
        return time.perf_counter() > self._until

    def _refuse_known_long(
        self, _connection: object, _cursor: object, sql: str, *_rest: object
    ) -> None:
        again = self._long.get(sql)
        if again is None:
            return
        if again > time.monotonic():
            raise _TooLong
        del self._long[sql]

    def _remember_long(self, sql: str | None) -> None:
        if len(self._long) >= _MOST_LONG_STATEMENTS:
            self._long.clear()
        self._long[sql or ""] = time.monotonic() + _REMEMBER_LONG_SECONDS


class _ThreadReader:
    """A reader thread's connection; it gives up when told to stop."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._stop = threading.Event()
        _driver(connection).set_progress_handler(self._told_to_stop, _OPERATIONS_BETWEEN_CHECKS)

    def read(self, run: Callable[[Connection], T], stop: threading.Event) -> T:
        self._stop = stop
        return run(self.connection)

    def _told_to_stop(self) -> bool:
        return self._stop.is_set()


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"expected a sqlite3 connection, got {type(driver)}")
    return driver


def _interrupted(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
