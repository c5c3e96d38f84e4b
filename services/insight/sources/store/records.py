"""Every statement on the records of all sources.

But for one that looks a customer up for a caller, none is limited to a caller's rows: only
reactions and runs use them, and as-of answers, which limit what they show.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast

from sqlalchemy import MetaData, Select, Table, bindparam, delete, func, select

from services.chassis.store import AnyRow, ReadTransaction, Taken, WriteTransaction
from services.insight.sources.columns import WALK_IN
from services.insight.sources.customers import CUSTOMERS, CustomerRecord
from services.insight.sources.source import Changes, Record, Source
from services.insight.sources.store.selection import Few, Selection
from services.insight.sources.store.tables import table_of

__all__ = ["KeptRecords", "Records"]

R = TypeVar("R", bound=Record)
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """All that the facts of some customers are computed from.

    Place n of the columns is row n of `customers`, in order of name; the deleted are among them.
    """

    customers: Sequence[AnyRow]
    columns: Mapping[str, Any]

    def of(self, source: Source[R, C]) -> C:
        """What facts get of a source."""
        return cast("C", self.columns[source.name])


class Records:
    """The records of sources, customers first, in tables of their own."""

    def __init__(self, sources: Sequence[Source[Any, Any]], metadata: MetaData) -> None:
        self._tables = {source.name: _SourceTable(source, metadata) for source in sources}
        self._customers = self._tables[CUSTOMERS.name]
        self._others = [each for each in self._tables.values() if each is not self._customers]

    def table(self, source: Source[Any, Any]) -> Table:
        """The table of a source."""
        return self._tables[source.name].table

    async def touched_by(self, tx: ReadTransaction, generation: int, changes: Changes) -> list[str]:
        """Whose facts may differ once changes are kept, in order of name: theirs too whose record
        is somebody else's from then on."""
        found = changes.customers()
        for each in self._others:
            found |= await each.customers_of(tx, generation, changes.of(each.source))
        return sorted(found)

    async def keep(self, tx: WriteTransaction, generation: int, changes: Changes) -> None:
        """Writes records, but none over a newer one, and makes sure that there is a row for each
        customer, whom another record may know first."""
        for each in self._tables.values():
            await each.save(tx, generation, changes.of(each.source).values())
        unknown = sorted(changes.customers().difference(changes.of(CUSTOMERS)))
        if unknown:
            known = set(await self.known_names(tx, generation, Few(unknown)))
            stubs = [CustomerRecord(name) for name in unknown if name not in known]
            await self._customers.save(tx, generation, stubs)

    async def load(self, tx: ReadTransaction, generation: int, who: Selection) -> KeptRecords:
        """The records of the selected customers."""
        known = await self._customers.of(tx, generation, who)
        # Outside of a write transaction, a customer may have come after the customers were read.
        place = defaultdict(lambda: WALK_IN, {row.customer: at for at, row in enumerate(known)})
        columns = {CUSTOMERS.name: CUSTOMERS.columns(known, place)}
        for each in self._others:
            rows = await each.of(tx, generation, who)
            columns[each.source.name] = each.source.columns(rows, place)
        return KeptRecords(known, columns)

    async def known_names(self, tx: ReadTransaction, generation: int, who: Selection) -> list[str]:
        """The selected customers, in order of name; the deleted are among them."""
        parameters = {"generation": generation, **who.parameters()}
        statement = _names(self._customers.table, type(who))
        return [row.customer for row in await tx.unscoped().all(statement, parameters)]

    async def is_seen(self, tx: ReadTransaction, generation: int, customer: str) -> bool:
        """Whether there is a customer of a name in the caller's sight, who is not deleted."""
        c = self._customers.table.c
        of_one = (c.generation == generation, c.customer == customer, ~c.deleted)
        return await tx.scalar(select(c.customer).where(*of_one)) is not None

    async def next_span_end(
        self, tx: ReadTransaction, generation: int, after: str, count: int
    ) -> str | None:
        """The name up to which the next `count` customers after a name reach; None after the
        last."""
        parameters = {"generation": generation, "after": after, "count": count}
        statement = _span_end(self._customers.table)
        end: str | None = await tx.unscoped().scalar(statement, parameters)
        return end

    async def remove_until(self, tx: WriteTransaction, generation: int, last: str) -> None:
        """Removes all records of the customers whose names don't come after one.

        Customers go last: they are what is left to do. Nobody's records go with the first ones.
        """
        for each in (*self._others, self._customers):
            c = each.table.c
            of_some = (c.generation == generation, c.customer <= last)
            await tx.unscoped().run(delete(each.table).where(*of_some))


class _SourceTable:
    """The table of one source, and the statements that each source has."""

    def __init__(self, source: Source[Any, Any], metadata: MetaData) -> None:
        self.source = source
        self.table = table_of(source, metadata)
        names = [column.name for column in self.table.columns]
        self._fields: Callable[[Any], tuple[Any, ...]] = attrgetter(*names[1:])
        others = tuple(name for name in names if name not in ("generation", source.key))
        self._taken = Taken(("generation", source.key), others, newest="position")
        self._customers_of = select(self.table.c.customer).where(
            _of_generation(self.table),
            self.table.c[source.key].in_(bindparam("records", expanding=True)),
        )

    async def save(
        self, tx: WriteTransaction, generation: int, records: Collection[Record]
    ) -> None:
        rows = [(generation, *self._fields(record)) for record in records]
        await tx.insert_rows(self.table, rows, self._taken)

    async def customers_of(
        self, tx: ReadTransaction, generation: int, records: Collection[str]
    ) -> set[str]:
        """The customers whom records of these names are kept for."""
        if not records:
            return set()
        parameters = {"generation": generation, "records": list(records)}
        rows = await tx.unscoped().all(self._customers_of, parameters)
        return {row.customer for row in rows if row.customer}

    async def of(self, tx: ReadTransaction, generation: int, who: Selection) -> Sequence[AnyRow]:
        """The rows of the selected customers that count; of customers themselves, by name."""
        parameters = {"generation": generation, **who.parameters()}
        return await tx.unscoped().all(_rows(self.source, self.table, type(who)), parameters)


# Statements are built once for each table and kind of selection.


@cache
def _rows(
    source: Source[Any, Any], table: Table, kind: type[Selection]
) -> Select[*tuple[Any, ...]]:
    of_selected = (_of_generation(table), kind.holds(table.c.customer))
    statement = select(*(table.c[name] for name in source.needs)).where(*of_selected)
    if source.counts:
        statement = statement.where(table.c[source.counts])
    return statement.order_by(table.c.customer) if source is CUSTOMERS else statement


@cache
def _names(customers: Table, kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    return (
        select(customers.c.customer)
        .where(_of_generation(customers), kind.holds(customers.c.customer))
        .order_by(customers.c.customer)
    )


@cache
def _span_end(customers: Table) -> Select[*tuple[Any, ...]]:
    following = (
        select(customers.c.customer)
        .where(_of_generation(customers), customers.c.customer > bindparam("after"))
        .order_by(customers.c.customer)
        .limit(bindparam("count"))
        .subquery("following")
    )
    return select(func.max(following.c.customer))


def _of_generation(table: Table) -> Any:
    return table.c.generation == bindparam("generation")
