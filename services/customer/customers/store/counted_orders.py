"""Which orders count for a customer, as sales tells: what the lifecycle stage follows.

One row per order, so that an event that comes twice, or late, changes nothing; and one per customer
with their number, which whoever counts an order and whoever creates the customer both write.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Boolean, Column, Integer, Table, bindparam, delete, select

from services.chassis.store import (
    Name,
    ReadTransaction,
    Shared,
    Taken,
    WriteTransaction,
    upsert,
)
from services.customer.customers.model import OrderNews
from services.customer.metadata import metadata

__all__ = ["clear", "counts", "keep_counts", "learn"]

# An order's customer need not be here yet: orders may be imported before their customers.
customer_orders = Table(
    "customer_orders",
    metadata,
    Column("order_name", Name, primary_key=True),
    Column("customer", Name, nullable=False),
    Column("counts", Boolean, nullable=False),
    # Counted before there is a customer, and shown to nobody.
    info={"sight": Shared()},
)

customer_order_counts = Table(
    "customer_order_counts",
    metadata,
    Column("customer", Name, primary_key=True),
    Column("orders", Integer, nullable=False),
    info={"sight": Shared()},
)

_KNOWN: Final = select(customer_orders.c.order_name, customer_orders.c.counts).where(
    customer_orders.c.order_name.in_(bindparam("keys", expanding=True))
)
_COUNTS: Final = select(customer_order_counts.c.customer, customer_order_counts.c.orders).where(
    customer_order_counts.c.customer.in_(bindparam("keys", expanding=True))
)
_COUNTED: Final = Taken(key=("customer",), update=("orders",))


async def learn(tx: WriteTransaction, news: Mapping[str, OrderNews]) -> list[OrderNews]:
    """Keeps the news, which come by order; returns those that change how many orders count.

    What is called off stays so: it is kept even of orders never heard of, so that a confirmation
    that comes late doesn't count.
    """
    known = {row.order_name: row.counts for row in await tx.all(_KNOWN, {"keys": list(news)})}
    fresh = {order: each for order, each in news.items() if _is_new(each, known.get(order))}
    rows = [
        {"order_name": order, "customer": each.customer, "counts": each.counts}
        for order, each in fresh.items()
    ]
    keep = upsert(tx.dialect, customer_orders, key=("order_name",), update=("counts",))
    await tx.run_many(keep, rows)
    changes = [each for order, each in fresh.items() if each.counts or order in known]
    await _count(tx, changes)
    return changes


async def counts(tx: ReadTransaction, customers: Collection[str]) -> dict[str, int]:
    """How many orders count, for each of the customers that have had any."""
    if not customers:
        return {}
    rows = await tx.all(_COUNTS, {"keys": list(customers)})
    return {row.customer: row.orders for row in rows}


async def keep_counts(tx: WriteTransaction, orders: Mapping[str, int]) -> None:
    """Writes how many orders count for each of the customers.

    Also where nothing changes, by whoever creates a customer: their order may be counted at the
    same moment, by somebody who doesn't see them yet. One of the two then runs into the other's
    row, and is run again.
    """
    # Everybody in one order: two who met in two would wait for each other.
    await tx.insert_rows(customer_order_counts, sorted(orders.items()), _COUNTED)


async def clear(tx: WriteTransaction) -> None:
    """Forgets every order: sales' log begins anew and will tell of them again."""
    await tx.run(delete(customer_orders))
    await tx.run(delete(customer_order_counts))


async def _count(tx: WriteTransaction, changes: Collection[OrderNews]) -> None:
    more = Counter[str]()
    for each in changes:
        more[each.customer] += 1 if each.counts else -1
    before = await counts(tx, more)
    await keep_counts(tx, {name: before.get(name, 0) + count for name, count in more.items()})


def _is_new(news: OrderNews, known: bool | None) -> bool:
    return known is None if news.counts else known is not False
