"""What answers are read from: the stored facts for today, or facts computed for another day.

Another day's facts go into a throw-away database in memory, so that the same statements, filters
and scopes answer for any day.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from google.type.date_pb2 import Date
from sqlalchemy import Connection, Executable, bindparam, insert, update
from sqlalchemy.pool import StaticPool

from services.chassis.caller import Caller
from services.chassis.dates import from_date
from services.chassis.store import AnyRow, ReadTransaction, Store
from services.chassis.store.connections import Parameters
from services.insight.evaluation import Evaluation
from services.insight.facts.actions import Day, compute
from services.insight.facts.rows import fact_rows
from services.insight.facts.table import facts
from services.insight.generations import Generations
from services.insight.runs import measure
from services.insight.segments import store as segments
from services.insight.segments.store import Run
from services.insight.sources.selection import EVERYONE, Few, Selection
from services.insight.sources.store import Sources, load

__all__ = ["View", "Views"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """The facts of one business day: `tx` reads them, limited to the caller's rows.

    `measured` is the run of another day than today.
    """

    tx: ReadTransaction
    generation: int
    day: Day
    measured: Run | None = None

    async def run(self) -> Run | None:
        """The cut points the facts were scored by; None while there are none."""
        return self.measured or await segments.latest(self.tx, self.generation)


class Views:
    """Opens a view of any day."""

    def __init__(self, store: Store, evaluation: Evaluation, generations: Generations) -> None:
        self._store = store
        self._evaluation = evaluation
        self._generations = generations

    @asynccontextmanager
    async def of(self, as_of: Date | None, *, customer: str = "") -> AsyncIterator[View]:
        """The view of a day, today if not stated; of one customer alone, if named.

        Raises INVALID_ARGUMENT, DATE_INVALID on `as_of`.
        """
        today = self._evaluation.day
        day = today if as_of is None else Day(from_date(as_of, field="as_of"), today.zone)
        generation = self._generations.active
        async with self._store.read() as tx:
            if day == today:
                yield View(tx, generation, day)
                return
            run, memory = await self._compute(tx, generation, day, customer)
            try:
                yield View(ReadTransaction(tx.caller, tx.now, memory), generation, day, run)
            finally:
                await memory.close()

    async def segmentation(self, as_of: Date | None) -> Run | None:
        """The cut points in force, or those of a day. Raises INVALID_ARGUMENT, DATE_INVALID."""
        generation = self._generations.active
        async with self._store.read() as tx:
            if as_of is None:
                return await segments.latest(tx, generation)
            day = Day(from_date(as_of, field="as_of"), self._evaluation.day.zone)
            return await self._run_of(tx, generation, day)

    async def _run_of(self, tx: ReadTransaction, generation: int, day: Day) -> Run:
        """The run of a day; measured now, if there was none then."""
        stored = await segments.of_day(tx, generation, day.date)
        return stored or Run(await measure(tx, generation, day), None)

    async def _compute(
        self, tx: ReadTransaction, generation: int, day: Day, customer: str
    ) -> tuple[Run, "_Memory"]:
        run = await self._run_of(tx, generation, day)
        who: Selection = Few([customer]) if customer else EVERYONE
        sources = await load(tx, generation, who)
        matcher = await self._evaluation.matcher(tx, day)
        memory = await asyncio.to_thread(_filled, generation, sources, day, run)
        everything = ReadTransaction(Caller.system("view"), tx.now, memory)
        tagged = await matcher.tagged(everything, generation, who)
        await memory.tag([(name, given) for name, carried, given in tagged if carried != given])
        return run, memory


class _Memory:
    """A database in memory with one table of facts, as the store's connections are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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

    async def tag(self, tags: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Writes the tags of each customer."""
        statement = update(facts).where(facts.c.customer == bindparam("key"))
        rows = [{"key": customer, "new_tags": given} for customer, given in tags]
        if rows:
            await self._on_thread(
                lambda: self._connection.execute(statement.values(tags=bindparam("new_tags")), rows)
            )

    async def close(self) -> None:
        await self._on_thread(self._connection.close)
        self._connection.engine.dispose()

    async def _on_thread(self, job: Callable[[], T]) -> T:
        return await asyncio.to_thread(job)


def _filled(generation: int, sources: Sources, day: Day, run: Run) -> _Memory:
    engine = sa.create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # facts are personal, and errors are logged
    )
    connection = engine.connect()
    facts.create(connection)
    rows = fact_rows(generation, sources.customers, compute(sources, day, run.population))
    if rows:
        names = [column.name for column in facts.columns]
        connection.execute(insert(facts), [dict(zip(names, row, strict=True)) for row in rows])
    return _Memory(connection)
