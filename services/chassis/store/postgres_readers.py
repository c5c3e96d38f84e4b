"""PostgreSQL's read connections, in AUTOCOMMIT.

They are kept here and not in SQLAlchemy's pool: to borrow one there for each statement, and wait
for it, costs a third of a read by key.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util.concurrency import greenlet_spawn

from services.chassis.store.connections import AnyRow, Parameters
from services.chassis.store.kept_apart import execute
from services.chassis.store.postgres_errors import busy, connecting, translated
from services.chassis.store.prepared import prepared

__all__ = ["COMPILED_STATEMENTS", "WAIT_FOR_CONNECTION_SECONDS", "PostgresReaders"]

COMPILED_STATEMENTS = 1_000
WAIT_FOR_CONNECTION_SECONDS = 5.0

# A connection that ends at this moment may say so before it is closed, or be between two states.
_LOST = (asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.InternalClientError)

T = TypeVar("T")
Result = CursorResult[*tuple[Any, ...]]


class PostgresReaders:
    """Runs statements that change nothing, each seeing what is committed by then."""

    def __init__(self, url: URL, size: int) -> None:
        self.busy = 0
        self._engine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            query_cache_size=COMPILED_STATEMENTS,
            hide_parameters=True,  # filters may be personal, and errors are logged
        )
        self._idle: list[Connection] = []  # the last one used is the warmest
        self._turns = asyncio.Semaphore(size)

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        rows = await self._read_directly(statement, parameters)
        if rows is not None:
            return rows
        return await self._read(statement, parameters, lambda result: result.all())

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        rows = await self._read_directly(statement, parameters)
        if rows is not None:
            return rows[0] if rows else None
        return await self._read(statement, parameters, lambda result: result.first())

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        rows = await self._read_directly(statement, parameters)
        if rows is not None:
            return rows[0][0] if rows else None
        return await self._read(statement, parameters, lambda result: result.scalar())

    async def close(self) -> None:
        await greenlet_spawn(self._close_idle)
        await self._engine.dispose()

    async def _read(
        self,
        statement: Executable,
        parameters: Parameters | None,
        fetch: Callable[[Result], T],
    ) -> T:
        def run(connection: Connection) -> T:
            return fetch(execute(connection, statement, parameters))

        return await self._twice(lambda: greenlet_spawn(self._use, run))

    async def _read_directly(
        self, statement: Executable, parameters: Parameters | None
    ) -> list[AnyRow] | None:
        """The rows, where the driver can be asked by itself."""
        known = None if parameters is None else prepared(statement, self._engine.dialect)
        if known is None or parameters is None:
            return None
        values = known.bound(parameters)
        records = await self._twice(lambda: self._ask_driver(known.sql, values))
        return [known.row(record) for record in records]

    async def _twice(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks again, over a new connection, where the first one was lost."""
        async with self._turn():
            with translated():
                try:
                    return await ask()
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                # The server was restarted: what lay idle since then is lost as well.
                await greenlet_spawn(self._close_idle)
                return await ask()

    async def _ask_driver(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        connection = self._idle.pop() if self._idle else await greenlet_spawn(self._connect)
        driver: asyncpg.Connection = connection.connection.driver_connection
        try:
            records: Sequence[Sequence[Any]] = await driver.fetch(sql, *values)
        except BaseException as error:
            lost = driver.is_closed() or isinstance(error, _LOST)
            # Also when cancelled in the middle of an answer: nobody may get the rest of it.
            connection.invalidate()
            connection.close()
            if isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError, *_LOST)):
                raise DBAPIError(
                    sql, None, error, hide_parameters=True, connection_invalidated=lost
                ) from error
            raise
        self._idle.append(connection)
        return records

    def _connect(self) -> Connection:
        with connecting():
            return self._engine.sync_engine.connect()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._turns.locked():
            try:
                async with asyncio.timeout(WAIT_FOR_CONNECTION_SECONDS):
                    await self._turns.acquire()
            except TimeoutError:
                raise busy() from None
        else:
            await self._turns.acquire()
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self._turns.release()

    def _use(self, run: Callable[[Connection], T]) -> T:
        connection = self._idle.pop() if self._idle else self._connect()
        try:
            result = run(connection)
        except BaseException:
            # Also when cancelled in the middle of an answer: nobody may get the rest of it.
            connection.invalidate()
            connection.close()
            raise
        self._idle.append(connection)
        return result

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
