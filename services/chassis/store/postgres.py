"""PostgreSQL through asyncpg: reads in AUTOCOMMIT, writes in REPEATABLE READ, one pool for each.

REPEATABLE READ, not SERIALIZABLE: a lost update fails with 40001 and is run again, while predicate
locks on small tables would make unrelated writers fail. A rule over several rows therefore changes
a row that all its writers change, or rests on a constraint.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Table
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util.concurrency import greenlet_spawn

from services.chassis.errors import DomainError, Kind
from services.chassis.store.bulk import Taken, bulk_statement
from services.chassis.store.connections import AnyRow, Parameters, PoolUse, Rows
from services.chassis.store.many import run_many
from services.chassis.store.retry import Conflict, ConflictOnce, uninterrupted

__all__ = ["PostgresEngine"]

T = TypeVar("T")

_COMPILED_STATEMENTS = 1_000
_WAIT_FOR_CONNECTION_SECONDS = 5.0
_SERIALIZATION_FAILURE = "40001"
_DEADLOCK = "40P01"
_UNIQUE_VIOLATION = "23505"


class PostgresEngine:
    """One PostgreSQL database, as one process uses it."""

    dialect = "postgresql"

    def __init__(self, url: URL, pool_size: int) -> None:
        self._size = pool_size
        self._waiting = 0
        # In AUTOCOMMIT there is nothing to roll back when a connection returns.
        self._reads = _engine(url, pool_size, "AUTOCOMMIT", pool_reset_on_return=None)
        self._writes = _engine(url, pool_size, "REPEATABLE READ")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["_Reader"]:
        yield _Reader(self._reads)

    @asynccontextmanager
    async def writing(self, *, snapshot: bool = True) -> AsyncIterator["_Writer"]:
        connection = self._writes.connect()
        self._waiting += 1
        try:
            with _translated():
                await connection.start()
        finally:
            self._waiting -= 1
        try:
            if not snapshot:
                await connection.execution_options(isolation_level="READ COMMITTED")
            yield _Writer(connection)
        except IntegrityError as error:
            # Two creates of one id at the same moment: run again, the second one sees the first.
            if _state(error) == _UNIQUE_VIOLATION:
                raise ConflictOnce from error
            raise
        finally:
            # Closing rolls back what was not committed, and must not be cut short: a connection
            # that never returns is missing until the process ends.
            await uninterrupted(connection.close())

    def use(self) -> PoolUse:
        return PoolUse(
            readers=self._size,
            readers_busy=_busy(self._reads),
            writers=self._size,
            writers_busy=_busy(self._writes),
            writers_waiting=self._waiting,
        )

    async def close(self) -> None:
        await self._reads.dispose()
        await self._writes.dispose()


class _Reader:
    """Borrows a connection for each statement, so a reader that waits for others holds none."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.sync_engine

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

    async def _read(
        self,
        statement: Executable,
        parameters: Parameters | None,
        fetch: Callable[[CursorResult[*tuple[Any, ...]]], T],
    ) -> T:
        def read() -> T:
            with self._engine.connect() as connection:
                return fetch(connection.execute(statement, parameters))

        with _translated():
            try:
                # Borrowing, running and giving back in one greenlet instead of one each.
                return await greenlet_spawn(read)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return await greenlet_spawn(read)  # the pool has let go of what the server closed


class _Writer:
    """One transaction; it begins with its first statement."""

    dialect = "postgresql"

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        with _translated(uncommitted=True):
            return (await self._connection.execute(statement, parameters)).all()

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        with _translated(uncommitted=True):
            return (await self._connection.execute(statement, parameters)).first()

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        with _translated(uncommitted=True):
            return (await self._connection.execute(statement, parameters)).scalar()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        with _translated(uncommitted=True):
            return (await self._connection.execute(statement, parameters)).rowcount

    async def run_many(self, statement: Executable, rows: Rows) -> None:
        with _translated(uncommitted=True):
            await self._connection.run_sync(run_many, statement, rows)

    async def insert_rows(
        self, table: Table, rows: Sequence[tuple[Any, ...]], taken: Taken | None = None
    ) -> None:
        bulk = bulk_statement(table, self._connection.dialect, taken)
        with _translated(uncommitted=True):
            await self._connection.exec_driver_sql(bulk.sql, list(bulk.bound(rows)))

    async def commit(self, last: Sequence[tuple[Executable, Rows]]) -> None:
        def finish(connection: Connection) -> None:
            for statement, rows in last:
                run_many(connection, statement, rows)
            connection.commit()

        with _translated():
            await uninterrupted(self._connection.run_sync(finish))


def _engine(url: URL, size: int, isolation_level: str, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        isolation_level=isolation_level,
        pool_size=size,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_CONNECTION_SECONDS,
        pool_use_lifo=True,  # a few busy connections keep their prepared statements warm
        query_cache_size=_COMPILED_STATEMENTS,
        **options,
    )


def _busy(engine: AsyncEngine) -> int:
    pool = engine.pool
    return pool.checkedout() if isinstance(pool, AsyncAdaptedQueuePool) else 0


@contextmanager
def _translated(*, uncommitted: bool = False) -> Iterator[None]:
    """Turns conflicts into Conflict, and a lost or missing connection into UNAVAILABLE.

    Where nothing is committed yet, the work may be run again after a loss: the server was restarted
    while the connection lay in the pool, which has now let go of all connections of that time.
    """
    try:
        yield
    except DBAPIError as error:
        if _state(error) in (_SERIALIZATION_FAILURE, _DEADLOCK):
            raise Conflict from error
        if not error.connection_invalidated:
            raise
        lost = _unavailable("STORE_UNAVAILABLE", "the connection to the database was lost")
        if uncommitted:
            raise ConflictOnce from lost
        raise lost from error
    except PoolTimeout as error:
        raise _unavailable("STORE_BUSY", "all database connections are in use") from error
    except OSError as error:
        raise _unavailable("STORE_UNAVAILABLE", "the database is not reachable") from error


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _unavailable(reason: str, message: str) -> DomainError:
    return DomainError(Kind.UNAVAILABLE, reason, message, retry_after_seconds=1.0)
