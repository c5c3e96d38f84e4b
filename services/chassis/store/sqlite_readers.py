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
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Executable, event
from sqlalchemy.exc import OperationalError

from services.chassis.store.connections import AnyRow, Parameters
from services.chassis.store.kept_apart import execute
from services.chassis.store.prepared import Prepared, prepared

__all__ = ["SqliteReaders"]

T = TypeVar("T")

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
        question = self._question(statement, parameters)
        return await self._read(question, question.all)

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        question = self._question(statement, parameters)
        return await self._read(question, question.first)

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        question = self._question(statement, parameters)
        return await self._read(question, question.scalar)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    def _question(self, statement: Executable, parameters: Parameters | None) -> "_Question":
        if parameters is not None:
            known = prepared(statement, self._inline.connection.dialect)
            if known is not None:
                return _Direct(known, known.bound(parameters))
        return _Composed(statement, parameters)

    async def _read(self, question: "_Question", ask: "Callable[[_Reader], T]") -> T:
        try:
            return self._inline.read(question, ask)
        except _TooLong:
            pass
        stop = threading.Event()
        loop = asyncio.get_running_loop()
        work = partial(self._use_thread, ask, stop)
        try:
            return await loop.run_in_executor(self._threads, work)
        except asyncio.CancelledError:
            stop.set()  # nobody waits for the answer any more: give the thread to somebody else
            raise

    def _use_thread(self, ask: "Callable[[_Reader], T]", stop: threading.Event) -> T:
        reader = self._free.pop()  # as many as threads, so there always is one; pop is atomic
        self.busy += 1
        try:
            return reader.read(ask, stop)
        finally:
            self.busy -= 1
            self._free.append(reader)


class _Reader:
    """A connection, and the driver's own beneath it."""

    def __init__(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise TypeError(f"expected a sqlite3 connection, got {type(driver)}")
        self.connection = connection
        self.driver = driver


class _Question(Protocol):
    """A statement with its parameters; `sql` is empty where it is not known before it runs."""

    @property
    def sql(self) -> str: ...

    def all(self, reader: _Reader) -> Sequence[AnyRow]: ...

    def first(self, reader: _Reader) -> AnyRow | None: ...

    def scalar(self, reader: _Reader) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Composed:
    """Made for this run, by SQLAlchemy."""

    statement: Executable
    parameters: Parameters | None
    sql: str = ""

    def all(self, reader: _Reader) -> Sequence[AnyRow]:
        return execute(reader.connection, self.statement, self.parameters).all()

    def first(self, reader: _Reader) -> AnyRow | None:
        return execute(reader.connection, self.statement, self.parameters).first()

    def scalar(self, reader: _Reader) -> Any:
        return execute(reader.connection, self.statement, self.parameters).scalar()


@dataclass(frozen=True, slots=True)
class _Direct:
    """Prepared before; the driver's cursors end with the statement, or it would hold a snapshot."""

    prepared: Prepared
    values: Sequence[Any]

    @property
    def sql(self) -> str:
        return self.prepared.sql

    def all(self, reader: _Reader) -> Sequence[AnyRow]:
        row = self.prepared.row
        return [row(values) for values in reader.driver.execute(self.sql, self.values).fetchall()]

    def first(self, reader: _Reader) -> AnyRow | None:
        cursor = reader.driver.execute(self.sql, self.values)
        values = cursor.fetchone()
        cursor.close()
        return None if values is None else self.prepared.row(values)

    def scalar(self, reader: _Reader) -> Any:
        row = self.first(reader)
        return None if row is None else row[0]


class _TooLong(Exception):
    """The statement needs more time than the event loop can give."""


class _InlineReader(_Reader):
    """The event loop's own connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._until = 0.0
        self._long: dict[str, float] = {}
        event.listen(connection, "before_cursor_execute", self._before_execute)
        self.driver.set_progress_handler(self._overran, _OPERATIONS_BETWEEN_CHECKS)

    def read(self, question: _Question, ask: Callable[[_Reader], T]) -> T:
        if question.sql:
            self._refuse_known_long(question.sql)
        self._until = time.perf_counter() + _INLINE_SECONDS
        try:
            return ask(self)
        except sqlite3.OperationalError as error:
            if not _interrupted(error):
                raise
            self._remember_long(question.sql)
        except OperationalError as error:
            if not _interrupted(error.orig):
                raise
            self._remember_long(error.statement or "")
        raise _TooLong

    def _overran(self) -> bool:
        return time.perf_counter() > self._until

    def _before_execute(
        self, _connection: object, _cursor: object, sql: str, *_rest: object
    ) -> None:
        self._refuse_known_long(sql)

    def _refuse_known_long(self, sql: str) -> None:
        again = self._long.get(sql)
        if again is None:
            return
        if again > time.monotonic():
            raise _TooLong
        del self._long[sql]

    def _remember_long(self, sql: str) -> None:
        if len(self._long) >= _MOST_LONG_STATEMENTS:
            self._long.clear()
        self._long[sql] = time.monotonic() + _REMEMBER_LONG_SECONDS


class _ThreadReader(_Reader):
    """A reader thread's connection; it gives up when told to stop."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._stop = threading.Event()
        self.driver.set_progress_handler(self._told_to_stop, _OPERATIONS_BETWEEN_CHECKS)

    def read(self, ask: Callable[[_Reader], T], stop: threading.Event) -> T:
        self._stop = stop
        return ask(self)

    def _told_to_stop(self) -> bool:
        return self._stop.is_set()


def _interrupted(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
