"""One service's database: reads, writes with retry, and answers that are given once.

Slices use it through `store.read()`, `store.write(work)` and `store.answer(request, Reply, work)`;
what happens inside a transaction is in `sessions`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Self, TypeVar

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy import Insert, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from services.chassis.caller import Caller, current_caller
from services.chassis.clock import Clock
from services.chassis.ids import Ids
from services.chassis.replies import expect_sendable
from services.chassis.store.connections import Engine, PoolUse, Rows, StartRefused
from services.chassis.store.idempotency import RequestKey, purge_idempotency_keys
from services.chassis.store.postgres import PostgresEngine
from services.chassis.store.retry import retry_conflicts
from services.chassis.store.sessions import ReadTransaction, WriteTransaction
from services.chassis.store.sight import expect_sight
from services.chassis.store.sqlite import SqliteEngine
from services.chassis.store.tables import ChassisTables, chassis_tables

__all__ = ["Store"]

T = TypeVar("T")
M = TypeVar("M", bound=Message)

_POOL_SIZE = 8


class Store:
    """A database opened by one process; `open` it once, `close` it last."""

    def __init__(self, engine: Engine, metadata: MetaData, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._metadata = metadata
        self._tables = chassis_tables(metadata)
        self._clock = clock
        self._ids = ids
        self._emitted = asyncio.Event()

    @classmethod
    async def open(
        cls, url: str, *, metadata: MetaData, clock: Clock, ids: Ids, pool_size: int = _POOL_SIZE
    ) -> Self:
        """Opens `sqlite:///path` or `postgresql+asyncpg://…`.

        `pool_size` is the number of reader threads, or of connections that read and as many that
        write. Raises StartRefused with a sentence for the operator, and TypeError for a table that
        doesn't say who sees its rows.
        """
        expect_sight(metadata)
        return cls(_engine(url, pool_size), metadata, clock, ids)

    @property
    def tables(self) -> ChassisTables:
        """The chassis's own tables."""
        return self._tables

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect

    @property
    def emitted(self) -> asyncio.Event:
        """Set when a transaction with events was committed; the sequencer waits for it."""
        return self._emitted

    def read(self, *, caller: Caller | None = None) -> "_Reading":
        """Reads as the current caller; every statement sees what is committed by then."""
        return _Reading(
            ReadTransaction(caller or current_caller(), self._clock.now(), self._engine.readers)
        )

    async def write(
        self,
        work: Callable[[WriteTransaction], Awaitable[T]],
        *,
        caller: Caller | None = None,
        snapshot: bool = True,
    ) -> T:
        """Runs the work in one transaction and commits it.

        After a conflict with another writer the work is run again, so it must have no effects but
        in the transaction. Raises ABORTED when conflicts do not end, UNAVAILABLE without a
        database. With `snapshot` False, PostgreSQL shows each statement what others have committed
        by then.
        """
        return await retry_conflicts(
            lambda: self._attempt(work, caller or current_caller(), snapshot)
        )

    async def answer(
        self,
        request: Message,
        reply: type[M],
        work: Callable[[WriteTransaction], Awaitable[M]],
        *,
        caller: Caller | None = None,
        snapshot: bool = True,
    ) -> M:
        """Runs the work that answers a request, once for each request id of a caller.

        A repeat gets the stored reply; a failed request stores nothing, so its repeat is a new try.
        `snapshot` as in `write`.
        Raises INVALID_ARGUMENT (REQUEST_ID_REUSED) where the id came with another request before,
        and REPLY_TOO_LARGE where nobody could be sent the answer: then nothing is done.
        """
        sender = caller or current_caller()
        key = RequestKey.of(request, sender.subject)
        if key is None:
            return await self._sendable(work, sender, snapshot)
        return await self._once(key, reply, work, sender, snapshot)

    async def answer_asking(
        self,
        request: Message,
        reply: type[M],
        ask: Callable[[], Awaitable[T]],
        work: Callable[[WriteTransaction, T], Awaitable[M]],
    ) -> M:
        """As `answer`, for work that needs what others say: they are asked before the transaction,
        which mustn't wait for anybody, and not for a repeat."""
        sender = current_caller()
        key = RequestKey.of(request, sender.subject)
        if key is None:
            asked = await ask()
            return await self._sendable(lambda tx: work(tx, asked), sender)
        async with self.read() as tx:
            stored = await key.answered(tx, self._tables)
        if stored is not None:
            return reply.FromString(stored)
        asked = await ask()
        return await self._once(key, reply, lambda tx: work(tx, asked), sender)

    def alone(self, work: str) -> AbstractAsyncContextManager[bool]:
        """Whether nobody else, in any process of the database's, is at some work until the block
        ends. Where somebody is, it is False at once.

        It spares work and guards nothing: whoever loses the connection goes on, and is alone no
        more. What must not be done twice rests on rows. A process that ends leaves nothing behind,
        and one that is frozen, or whose host is gone, gives way within half a minute.
        Raises UNAVAILABLE without a database.
        """
        return self._engine.alone(work)

    async def define(self, statement: str) -> None:
        """Runs a statement that defines something beside the migrations, an index say, in no
        transaction of anybody's. Raises UNAVAILABLE without a database."""
        await self._engine.define(statement)

    async def purge(self) -> int:
        """Deletes expired idempotency keys; returns how many."""
        return await self.write(
            lambda tx: purge_idempotency_keys(tx, self._tables), caller=Caller.system("purge")
        )

    async def check(self) -> None:
        """Raises UNAVAILABLE where the database does not answer."""
        await self._engine.readers.scalar(sa.select(1))

    def use(self) -> PoolUse:
        """How busy the connections are."""
        return self._engine.use()

    async def create_tables(self) -> None:
        """Creates every table of the metadata, for tests; a service's own are made by `migrate`."""
        async with self._engine.writing() as connection:
            for table in self._metadata.sorted_tables:
                await connection.run(CreateTable(table))
                for index in table.indexes:
                    await connection.run(CreateIndex(index))
            await connection.commit(())

    async def close(self) -> None:
        """Waits for running work and closes every connection."""
        await self._engine.close()

    async def _once(
        self,
        key: RequestKey,
        reply: type[M],
        work: Callable[[WriteTransaction], Awaitable[M]],
        sender: Caller,
        snapshot: bool = True,
    ) -> M:
        async def claimed(tx: WriteTransaction) -> M:
            stored = await key.claim(tx, self._tables)
            if stored is not None:
                return reply.FromString(stored)
            answer = await work(tx)
            await key.keep(tx, self._tables, answer)
            return answer

        return await self._sendable(claimed, sender, snapshot)

    async def _sendable(
        self,
        work: Callable[[WriteTransaction], Awaitable[M]],
        sender: Caller,
        snapshot: bool = True,
    ) -> M:
        """A change of which the answer can be sent: nothing is done that its caller can't learn of.
        Raises INVALID_ARGUMENT (REPLY_TOO_LARGE)."""

        async def answered(tx: WriteTransaction) -> M:
            answer = await work(tx)
            expect_sendable(answer)
            return answer

        return await self.write(answered, caller=sender, snapshot=snapshot)

    async def _attempt(
        self, work: Callable[[WriteTransaction], Awaitable[T]], caller: Caller, snapshot: bool
    ) -> T:
        async with self._engine.writing(snapshot=snapshot) as connection:
            tx = WriteTransaction(
                caller, self._clock.now(), connection, ids=self._ids, snapshot=snapshot
            )
            result = await work(tx)
            await connection.commit(self._appends(tx))
        if tx.emitted:
            self._emitted.set()
        return result

    def _appends(self, tx: WriteTransaction) -> Sequence[tuple[Insert, Rows]]:
        return ((self._tables.event_log.insert(), tx.emitted),) if tx.emitted else ()


class _Reading:
    """What `async with store.read() as tx:` opens; a generator would cost each read 4 µs."""

    __slots__ = ("_tx",)

    def __init__(self, tx: ReadTransaction) -> None:
        self._tx = tx

    async def __aenter__(self) -> ReadTransaction:
        return self._tx

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""


def _engine(url: str, pool_size: int) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql+asyncpg":
        return PostgresEngine(parsed, pool_size)
    if parsed.drivername == "sqlite" and parsed.database:
        return SqliteEngine(Path(parsed.database), pool_size)
    raise StartRefused(
        f"a database is sqlite:///path or postgresql+asyncpg://…, not {parsed.drivername}"
    )
