"""PostgreSQL's read connections, in AUTOCOMMIT.

They are kept here and not in SQLAlchemy's pool: to borrow one there for each statement, and wait
for it, costs a third of a read by key.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util.concurrency import greenlet_spawn

from services.chassis.store.connections import AnyRow, Parameters
from services.chassis.store.postgres_errors import busy, translated

__all__ = ["COMPILED_STATEMENTS", "WAIT_FOR_CONNECTION_SECONDS", "PostgresReaders"]

COMPILED_STATEMENTS = 1_000
WAIT_FOR_CONNECTION_SECONDS = 5.0

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
        return await self._read(statement, parameters, lambda result: result.all())

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        return await self._read(statement, parameters, lambda result: result.first())

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
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
            return fetch(connection.execute(statement, parameters))

        async with self._turn():
            with translated():
                try:
                    return await greenlet_spawn(self._use, run)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                # The server was restarted: what lay idle since then is lost as well.
                await greenlet_spawn(self._close_idle)
                return await greenlet_spawn(self._use, run)

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
        connection = self._idle.pop() if self._idle else self._engine.sync_engine.connect()
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
