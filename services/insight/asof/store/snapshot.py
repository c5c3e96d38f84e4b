"""Facts of a day in a throw-away database in memory, read as the store's own are."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Executable, bindparam, delete, update
from sqlalchemy.pool import StaticPool

from services.chassis.caller import Caller
from services.chassis.store import AnyRow, ReadTransaction
from services.chassis.store.bulk import bulk_statement
from services.chassis.store.connections import Parameters
from services.chassis.store.kept_apart import execute
from services.insight.facts.store import facts
from services.insight.rules.store import Matcher
from services.insight.sources.store import Selection

__all__ = ["Snapshot"]

T = TypeVar("T")

_ONE: Final = (facts.c.generation == bindparam("of"), facts.c.customer == bindparam("key"))
_TAG: Final = update(facts).where(*_ONE).values(tags=bindparam("new_tags"))
_REMOVE: Final = delete(facts).where(*_ONE)


class Snapshot:
    """One table of facts, of everyone or of one customer; a connection as a transaction has it.

    `readers` says how many read it now: while there are any, it must not change. It is gone with
    its last reader.
    """

    def __init__(self, connection: Connection) -> None:
        self.readers = 0
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def empty(cls) -> Self:
        """One without facts."""

        def create() -> Connection:
            connection = _connect()
            facts.create(connection)
            return connection

        return cls(await asyncio.to_thread(create))

    async def copy(self) -> Self:
        """One of its own that has the same facts."""

        def copied() -> Connection:
            connection = _connect()
            mine: Any = self._connection.connection.driver_connection
            mine.backup(connection.connection.driver_connection)
            return connection

        return type(self)(await self._on_thread(copied))

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        return await self._on_thread(lambda: execute(self._connection, statement, parameters).all())

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        return await self._on_thread(
            lambda: execute(self._connection, statement, parameters).first()
        )

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return await self._on_thread(
            lambda: execute(self._connection, statement, parameters).scalar()
        )

    async def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds facts: rows in the order of the table's columns."""
        if not rows:
            return
        bulk = bulk_statement(facts, self._connection.dialect)
        await self._on_thread(
            lambda: self._connection.exec_driver_sql(bulk.sql, list(bulk.bound(rows)))
        )

    async def remove(self, generation: int, customers: Collection[str]) -> None:
        """Takes customers out."""
        await self._run_many(_REMOVE, [{"of": generation, "key": name} for name in customers])

    async def set_columns(
        self, generation: int, customers: Sequence[str], columns: Mapping[str, Sequence[Any]]
    ) -> None:
        """Gives customers other values in some columns; place n is customer n."""
        change = (
            update(facts).where(*_ONE).values({name: bindparam(f"new_{name}") for name in columns})
        )
        named = {"key": customers, **{f"new_{name}": each for name, each in columns.items()}}
        await self._run_many(
            change,
            [
                {"of": generation, **dict(zip(named, values, strict=True))}
                for values in zip(*named.values(), strict=True)
            ],
        )

    async def tag(
        self, tx: ReadTransaction, generation: int, who: Selection, matcher: Matcher
    ) -> None:
        """Gives the selected customers the tags that the rules would have given on that day."""
        everything = ReadTransaction(Caller.system("snapshot"), tx.now, self)
        rows = [
            {"of": generation, "key": name, "new_tags": given}
            for name, carried, given in await matcher.tagged(everything, generation, who)
            if carried != given
        ]
        await self._run_many(_TAG, rows)

    async def _run_many(self, statement: Executable, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._on_thread(lambda: self._connection.execute(statement, rows))

    async def _on_thread(self, job: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.to_thread(job)


def _connect() -> Connection:
    engine = sa.create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )
    return engine.connect()
