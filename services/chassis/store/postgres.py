"""PostgreSQL through asyncpg: reads in AUTOCOMMIT, writes in REPEATABLE READ, one pool for each.

REPEATABLE READ, not SERIALIZABLE: a lost update fails with 40001 and is run again, while predicate
locks on small tables would make unrelated writers fail. A rule over several rows therefore changes
a row that all its writers change, or rests on a constraint.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import (
    Connection,
    CursorResult,
    Executable,
    NullPool,
    Select,
    Table,
    event,
    func,
    select,
)
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from services.chassis.store.bulk import Taken, bulk_statement
from services.chassis.store.connections import AnyRow, Parameters, PoolUse, Rows
from services.chassis.store.kept_apart import execution_options
from services.chassis.store.many import run_many
from services.chassis.store.postgres_errors import connecting, is_duplicate, is_lost, translated
from services.chassis.store.postgres_readers import (
    COMPILED_STATEMENTS,
    WAIT_FOR_CONNECTION_SECONDS,
    PostgresReaders,
)
from services.chassis.store.retry import ConflictOnce, uninterrupted

__all__ = ["PostgresEngine"]

_TELLS_EVERY_SECONDS: Final = 4.0
# The server ends a session that is silent (a process that is frozen), or whose host or network is
# gone without a word; by itself it would wait for ever for the one, and hours for the other.
_SILENT_FOR: Final = "15s"
_KEEPALIVE: Final = {
    "tcp_keepalives_idle": "5s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "15s",
}


class PostgresEngine:
    """One PostgreSQL database, as one process uses it."""

    dialect = "postgresql"

    def __init__(self, url: URL, pool_size: int) -> None:
        self._size = pool_size
        self._waiting = 0
        self._writing = 0
        self.readers = PostgresReaders(url, pool_size)
        self._writes = create_async_engine(
            url,
            isolation_level="REPEATABLE READ",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=WAIT_FOR_CONNECTION_SECONDS,
            pool_use_lifo=True,  # a few busy connections keep their prepared statements warm
            query_cache_size=COMPILED_STATEMENTS,
            hide_parameters=True,  # rows may be personal, and errors are logged
        )
        event.listen(self._writes.sync_engine, "handle_error", _let_go)
        # Sessions that last as long as what they stand for, and end with it.
        self._sessions = create_async_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True
        )

    @asynccontextmanager
    async def writing(self, *, snapshot: bool = True) -> AsyncIterator["_Writer"]:
        connection = self._writes.connect()
        self._waiting += 1
        try:
            with connecting():
                await connection.start()
        finally:
            self._waiting -= 1
        try:
            self._writing += 1
            if not snapshot:
                await connection.execution_options(isolation_level="READ COMMITTED")
            yield _Writer(connection)
        except IntegrityError as error:
            # Two creates of one id at the same moment: run again, the second one sees the first.
            if is_duplicate(error):
                raise ConflictOnce from error
            raise
        finally:
            # Closing rolls back what was not committed, and must not be cut short: a connection
            # that never returns is missing until the process ends.
            self._writing -= 1
            await uninterrupted(connection.close())

    @asynccontextmanager
    async def alone(self, work: str) -> AsyncIterator[bool]:
        # A lock of the session, which is idle and in no transaction: of one that lasts as long as
        # a run, nothing newer could be cleaned up meanwhile.
        connection = self._sessions.connect()
        with connecting():
            await connection.start()
        try:
            with translated():
                await connection.execute(_lets_go_of_the_silent())
                locked = await connection.scalar(select(func.pg_try_advisory_lock(_lock_of(work))))
            if not locked:
                yield False
                return
            telling = asyncio.create_task(_tell_that_it_lives(connection))
            try:
                yield True
            finally:
                telling.cancel()
                await uninterrupted(asyncio.wait([telling]))
        finally:
            await uninterrupted(connection.close())

    async def define(self, statement: str) -> None:
        with translated():
            async with self._sessions.connect() as connection:
                await connection.exec_driver_sql(statement)

    def use(self) -> PoolUse:
        return PoolUse(
            readers=self._size,
            readers_busy=self.readers.busy,
            writers=self._size,
            writers_busy=self._writing,
            writers_waiting=self._waiting,
        )

    async def close(self) -> None:
        await self.readers.close()
        await self._writes.dispose()
        await self._sessions.dispose()


def _lets_go_of_the_silent() -> Select[*tuple[Any, ...]]:
    settings = {"idle_session_timeout": _SILENT_FOR, **_KEEPALIVE}
    return select(*(func.set_config(name, value, False) for name, value in settings.items()))


async def _tell_that_it_lives(connection: AsyncConnection) -> None:
    """Until cancelled, or the session is lost, which is nothing that its work rests on."""
    with suppress(SQLAlchemyError, OSError):
        while True:
            await asyncio.sleep(_TELLS_EVERY_SECONDS)
            await connection.execute(select(1))


def _lock_of(work: str) -> int:
    """The number by which all processes know some work."""
    digest = blake2b(work.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _let_go(context: ExceptionContext) -> None:
    """Makes the pool renew its connections: those of today lead to a server of yesterday."""
    if is_lost(context.original_exception):
        context.is_disconnect = True


class _Writer:
    """One transaction; it begins with its first statement."""

    dialect = "postgresql"

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        with translated(uncommitted=True):
            return (await self._execute(statement, parameters)).all()

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        with translated(uncommitted=True):
            return (await self._execute(statement, parameters)).first()

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        with translated(uncommitted=True):
            return (await self._execute(statement, parameters)).scalar()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        with translated(uncommitted=True):
            return (await self._execute(statement, parameters)).rowcount

    async def run_many(self, statement: Executable, rows: Rows) -> None:
        with translated(uncommitted=True):
            await self._connection.run_sync(run_many, statement, rows)

    async def insert_rows(
        self, table: Table, rows: Sequence[tuple[Any, ...]], taken: Taken | None = None
    ) -> None:
        bulk = bulk_statement(table, self._connection.dialect, taken)
        bound = await bulk.bound_in_turns(rows)
        with translated(uncommitted=True):
            await self._connection.exec_driver_sql(bulk.sql, bound)

    async def _execute(
        self, statement: Executable, parameters: Parameters | None
    ) -> CursorResult[*tuple[Any, ...]]:
        return await self._connection.execute(
            statement, parameters, execution_options=execution_options(statement)
        )

    async def commit(self, last: Sequence[tuple[Executable, Rows]]) -> None:
        def finish(connection: Connection) -> None:
            for statement, rows in last:
                run_many(connection, statement, rows)
            connection.commit()

        with translated():
            await uninterrupted(self._connection.run_sync(finish))
