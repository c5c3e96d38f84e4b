"""Every statement on the records of customers, orders and touchpoints.

None is limited to a caller's rows: only reactions and runs use them, and as-of answers, which limit
what they show.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import (
    Select,
    Table,
    bindparam,
    delete,
    func,
    select,
)

from services.chassis.store import (
    AnyRow,
    ReadTransaction,
    Taken,
    WriteTransaction,
)
from services.insight.sources.columns import (
    NO_ORDER,
    WALK_IN,
    CustomerColumns,
    OrderColumns,
    TouchColumns,
)
from services.insight.sources.model import CustomerRecord, OrderRecord, TouchRecord
from services.insight.sources.store.selection import Few, Selection
from services.insight.sources.store.tables import customers, orders, touches

__all__ = [
    "KeptRecords",
    "customers_before",
    "known_names",
    "load",
    "next_span_end",
    "remove_until",
    "save_customers",
    "save_orders",
    "save_touches",
    "stub_customers",
]


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """All that the facts of some customers are computed from.

    Place n of the columns is row n of `customers`, in order of name; the deleted are among them.
    """

    customers: Sequence[AnyRow]
    columns: CustomerColumns
    orders: OrderColumns
    touches: TouchColumns


async def save_customers(
    tx: WriteTransaction, generation: int, records: Collection[CustomerRecord]
) -> None:
    """Writes customers, but none over a newer record."""
    await tx.insert_rows(customers, _rows(generation, customers, records), _ONE_CUSTOMER)


async def stub_customers(tx: WriteTransaction, generation: int, names: Sequence[str]) -> None:
    """Makes sure that there is a row for each name, for customers that orders know first."""
    if not names:
        return
    known = set(await known_names(tx, generation, Few(names)))
    stubs = [CustomerRecord(name) for name in names if name not in known]
    await tx.insert_rows(customers, _rows(generation, customers, stubs), _ONE_CUSTOMER)


async def save_orders(
    tx: WriteTransaction, generation: int, records: Collection[OrderRecord]
) -> None:
    """Writes orders, but none over a newer record."""
    await tx.insert_rows(orders, _rows(generation, orders, records), _ONE_ORDER)


async def save_touches(
    tx: WriteTransaction, generation: int, records: Collection[TouchRecord]
) -> None:
    """Writes touchpoints, but none over a newer record."""
    await tx.insert_rows(touches, _rows(generation, touches, records), _ONE_TOUCH)


async def customers_before(tx: ReadTransaction, generation: int, names: Sequence[str]) -> set[str]:
    """The customers whom orders and touchpoints of these names are kept for."""
    if not names:
        return set()
    parameters = {"generation": generation, "records": list(names)}
    everything = tx.unscoped()
    rows = [*await everything.all(_ORDERED_BY, parameters)]
    rows += await everything.all(_TOUCHED_BY, parameters)
    return {row.customer for row in rows if row.customer}


async def load(tx: ReadTransaction, generation: int, who: Selection) -> KeptRecords:
    """The records of the selected customers."""
    everything = tx.unscoped()
    parameters = {"generation": generation, **who.parameters()}
    kind = type(who)
    known = await everything.all(_customers(kind), parameters)
    order_rows = await everything.all(_orders(kind), parameters)
    touch_rows = await everything.all(_touches(kind), parameters)
    # Outside of a write transaction, a customer may have come after the customers were read.
    place = defaultdict(lambda: WALK_IN, {row.customer: at for at, row in enumerate(known)})
    return KeptRecords(
        customers=known,
        columns=CustomerColumns.of([row.first_seen_us for row in known]),
        orders=_order_columns(order_rows, place),
        touches=TouchColumns.of([(place[who], *rest) for who, *rest in touch_rows]),
    )


def _order_columns(rows: Sequence[AnyRow], place: Mapping[str, int]) -> OrderColumns:
    """The orders; a return points at its original where that is one of its customer's."""
    number = {row.name: (at, row.customer) for at, row in enumerate(rows)}
    originals = [
        at if customer == row.customer else NO_ORDER
        for row in rows
        for at, customer in (number.get(row.original, (NO_ORDER, "")),)
    ]
    return OrderColumns.of(
        [(place[row.customer], row.time_us, row.net_minor) for row in rows], originals
    )


async def known_names(tx: ReadTransaction, generation: int, who: Selection) -> list[str]:
    """The selected customers, in order of name; the deleted are among them."""
    parameters = {"generation": generation, **who.parameters()}
    return [row.customer for row in await tx.unscoped().all(_names(type(who)), parameters)]


async def next_span_end(tx: ReadTransaction, generation: int, after: str, count: int) -> str | None:
    """The name up to which the next `count` customers after a name reach; None after the last."""
    parameters = {"generation": generation, "after": after, "count": count}
    end: str | None = await tx.unscoped().scalar(_SPAN_END, parameters)
    return end


async def remove_until(tx: WriteTransaction, generation: int, last: str) -> None:
    """Removes all records of the customers whose names don't come after one."""
    for table in (orders, touches, customers):
        of_some = (table.c.generation == generation, table.c.customer <= last)
        await tx.unscoped().run(delete(table).where(*of_some))


def _rows(
    generation: int,
    table: Table,
    records: Collection[CustomerRecord | OrderRecord | TouchRecord],
) -> list[tuple[Any, ...]]:
    """The records as rows, in the order of the table's columns; the generation is the first."""
    read = _reader(table)
    return [(generation, *read(record)) for record in records]


@cache
def _reader(table: Table) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(column.name for column in table.columns if column.name != "generation"))


def _taken(table: Table) -> Taken:
    """A record is overwritten by a later one of its key."""
    key = tuple(column.name for column in table.primary_key.columns)
    others = tuple(column.name for column in table.columns if column.name not in key)
    return Taken(key, others, newest="position")


_ONE_CUSTOMER: Final = _taken(customers)
_ONE_ORDER: Final = _taken(orders)
_ONE_TOUCH: Final = _taken(touches)


@cache
def _customers(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    return (
        select(customers)
        .where(_of_generation(customers), kind.holds(customers.c.customer))
        .order_by(customers.c.customer)
    )


@cache
def _names(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    return (
        select(customers.c.customer)
        .where(_of_generation(customers), kind.holds(customers.c.customer))
        .order_by(customers.c.customer)
    )


@cache
def _orders(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    c = orders.c
    return select(c.customer, c.time_us, c.net_minor, c.name, c.original).where(
        _of_generation(orders), kind.holds(c.customer), c.counts
    )


@cache
def _touches(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    c = touches.c
    return select(c.customer, c.time_us, c.type, c.channel, c.about_price).where(
        _of_generation(touches), kind.holds(c.customer)
    )


def _of_generation(table: Table) -> Any:
    return table.c.generation == bindparam("generation")


def _span_end() -> Select[*tuple[Any, ...]]:
    following = (
        select(customers.c.customer)
        .where(_of_generation(customers), customers.c.customer > bindparam("after"))
        .order_by(customers.c.customer)
        .limit(bindparam("count"))
        .subquery("following")
    )
    return select(func.max(following.c.customer))


_SPAN_END: Final = _span_end()


def _customers_of(table: Table) -> Select[*tuple[Any, ...]]:
    return select(table.c.customer).where(
        _of_generation(table), table.c.name.in_(bindparam("records", expanding=True))
    )


_ORDERED_BY: Final = _customers_of(orders)
_TOUCHED_BY: Final = _customers_of(touches)
