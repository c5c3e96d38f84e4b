"""Which orders count for a customer, as sales tells: what the lifecycle stage follows.

One row per order, so that an event that comes twice, or late, changes nothing.
"""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Boolean, Column, Index, Table, bindparam, delete, func, select

from services.chassis.store import (
    Name,
    ReadTransaction,
    Shared,
    WriteTransaction,
    upsert,
)
from services.customer.customers.model import OrderNews
from services.customer.metadata import metadata

__all__ = ["clear", "counts", "learn"]

# An order's customer need not be here yet: orders may be imported before their customers.
customer_orders = Table(
    "customer_orders",
    metadata,
    Column("order_name", Name, primary_key=True),
    Column("customer", Name, nullable=False),
    Column("counts", Boolean, nullable=False),
    Index("ix_customer_orders_customer", "customer"),
    # Counted before there is a customer, and shown to nobody.
    info={"scope": Shared()},
)

_KNOWN: Final = select(customer_orders.c.order_name, customer_orders.c.counts).where(
    customer_orders.c.order_name.in_(bindparam("keys", expanding=True))
)
_COUNTS: Final = (
    select(customer_orders.c.customer, func.count().label("orders"))
    .where(
        customer_orders.c.customer.in_(bindparam("keys", expanding=True)),
        customer_orders.c.counts,
    )
    .group_by(customer_orders.c.customer)
)


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
    return [each for order, each in fresh.items() if each.counts or order in known]


async def counts(tx: ReadTransaction, customers: Collection[str]) -> dict[str, int]:
    """How many orders count, for each of the customers that have any."""
    if not customers:
        return {}
    rows = await tx.all(_COUNTS, {"keys": list(customers)})
    return {row.customer: row.orders for row in rows}


async def clear(tx: WriteTransaction) -> None:
    """Forgets every order: sales' log begins anew and will tell of them again."""
    await tx.run(delete(customer_orders))


def _is_new(news: OrderNews, known: bool | None) -> bool:
    return known is None if news.counts else known is not False
