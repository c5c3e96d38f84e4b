"""Facts of a day in a throw-away database in memory, read as the store's own are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Executable, bindparam, update
from sqlalchemy.pool import StaticPool

from services.chassis.caller import Caller
from services.chassis.store import AnyRow, ReadTransaction
from services.chassis.store.bulk import bulk_statement
from services.chassis.store.connections import Parameters
from services.insight.engine.computing import Computed, compute, compute_all
from services.insight.engine.measuring import measures_of, population_from, spans
from services.insight.engine.model import score
from services.insight.engine.rows import fact_rows
from services.insight.facts.store import facts
from services.insight.numbers.business_days import Day
from services.insight.rules.store import Matcher
from services.insight.segments.model import Segmentation
from services.insight.sources.store import EVERYONE, Few, load

__all__ = ["Snapshot"]

T = TypeVar("T")

_TAG = update(facts).where(facts.c.customer == bindparam("key")).values(tags=bindparam("new_tags"))


class Snapshot:
    """One table of facts, of everyone or of one customer; a connection as a transaction has it.

    `scored_by` holds the cut points they were scored by. It is gone with its last reader.
    """

    def __init__(self, connection: Connection, scored_by: Segmentation) -> None:
        self.scored_by = scored_by
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def of_one(
        cls,
        tx: ReadTransaction,
        generation: int,
        day: Day,
        customer: str,
        scored_by: Segmentation,
        matcher: Matcher,
    ) -> Self:
        """The facts of one customer on a day."""
        snapshot = await asyncio.to_thread(cls._empty, scored_by)
        kept = await load(tx, generation, Few([customer]))
        computed = compute(kept, day, scored_by.population)
        await snapshot._insert(fact_rows(generation, kept.customers, computed))
        await snapshot._tag(tx, generation, matcher)
        return snapshot

    @classmethod
    async def of_everyone(
        cls,
        tx: ReadTransaction,
        generation: int,
        day: Day,
        stored: Segmentation | None,
        matcher: Matcher,
    ) -> Self:
        """The facts of everyone on a day, by its stored cut points or by those they have now."""
        parts: list[Computed] = []
        async for span in spans(tx, generation):
            parts += await compute_all(tx, generation, span, day)
        measures = [measures_of(customers, computed) for customers, computed in parts]
        scored_by = stored or Segmentation(population_from(measures, day), None)
        snapshot = await asyncio.to_thread(cls._empty, scored_by)
        for customers, computed in parts:
            scored = score(computed, scored_by.population)
            await snapshot._insert(
                await asyncio.to_thread(fact_rows, generation, customers, scored)
            )
        await snapshot._tag(tx, generation, matcher)
        return snapshot

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        return await self._on_thread(lambda: self._connection.execute(statement, parameters).all())

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        return await self._on_thread(
            lambda: self._connection.execute(statement, parameters).first()
        )

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return await self._on_thread(
            lambda: self._connection.execute(statement, parameters).scalar()
        )

    @classmethod
    def _empty(cls, scored_by: Segmentation) -> Self:
        engine = sa.create_engine(
            "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )
        connection = engine.connect()
        facts.create(connection)
        return cls(connection, scored_by)

    async def _insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        bulk = bulk_statement(facts, self._connection.dialect)
        await self._on_thread(
            lambda: self._connection.exec_driver_sql(bulk.sql, list(bulk.bound(rows)))
        )

    async def _tag(self, tx: ReadTransaction, generation: int, matcher: Matcher) -> None:
        """The tags the rules would have given on that day."""
        everything = ReadTransaction(Caller.system("snapshot"), tx.now, self)
        rows = [
            {"key": name, "new_tags": given}
            for name, carried, given in await matcher.tagged(everything, generation, EVERYONE)
            if carried != given
        ]
        if rows:
            await self._on_thread(lambda: self._connection.execute(_TAG, rows))

    async def _on_thread(self, job: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.to_thread(job)
