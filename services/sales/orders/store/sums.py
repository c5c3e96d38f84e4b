"""What orders add up to, and what a customer buys: the statements on orders that aggregate them.

Only orders that count are added up. Amounts are minor units of the base currency.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, case, func, select

from services.chassis.lists.listing import Listing
from services.chassis.store import ReadTransaction
from services.sales.orders.model import COUNTED, OrderTotals, Purchase
from services.sales.orders.store.orders import order_lines, orders

__all__ = ["add_up", "purchases_of"]

_COUNTS: Final = orders.c.state.in_([state.value for state in COUNTED])


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(amount), 0)


_IDENTIFIED: Final = orders.c.customer != ""
_TOTALS: Final = select(
    func.count().label("order_count"),
    _sum(orders.c.base_net_amount).label("base_net_amount"),
    func.count(case((_IDENTIFIED, 1))).label("identified_order_count"),
    _sum(case((_IDENTIFIED, orders.c.base_net_amount), else_=0)).label(
        "identified_base_net_amount"
    ),
    func.count(func.nullif(orders.c.customer, "").distinct()).label("customer_count"),
).where(_COUNTS)

_BOUGHT: Final = (
    select(
        order_lines.c.product,
        order_lines.c.description,
        order_lines.c.quantity,
        order_lines.c.base_amount,
        order_lines.c.order_name,
        orders.c.order_time,
        func.row_number()
        .over(
            partition_by=order_lines.c.product,
            order_by=(
                orders.c.order_time.desc(),
                order_lines.c.order_name.desc(),
                order_lines.c.position.desc(),
            ),
        )
        .label("newest_first"),
    )
    .join_from(orders.table, order_lines, order_lines.c.order_name == orders.c.name)
    .where(
        orders.c.customer == bindparam("customer"),
        _COUNTS,
        orders.c.order_time >= bindparam("start_time"),
        orders.c.order_time < bindparam("end_time"),
        order_lines.c.product != "",
    )
    .subquery("bought")
)
_PURCHASES: Final = (
    select(
        _BOUGHT.c.product,
        func.max(case((_BOUGHT.c.newest_first == 1, _BOUGHT.c.description))).label("description"),
        func.sum(_BOUGHT.c.quantity).label("quantity"),
        func.sum(_BOUGHT.c.base_amount).label("base_net_amount"),
        func.count(_BOUGHT.c.order_name.distinct()).label("order_count"),
        func.max(case((_BOUGHT.c.quantity > 0, _BOUGHT.c.order_time))).label("last_order_time"),
    )
    .group_by(_BOUGHT.c.product)
    .order_by(func.sum(_BOUGHT.c.base_amount).desc(), _BOUGHT.c.product)
    .limit(bindparam("most"))
)


async def add_up(tx: ReadTransaction, listing: Listing) -> OrderTotals:
    """The sum of the orders the filter lets through. Raises INVALID_ARGUMENT on `filter`."""
    (row,) = await tx.all(_TOTALS.where(orders.query.condition(listing)))
    return OrderTotals(*(int(value) for value in row))


async def purchases_of(
    tx: ReadTransaction, customer: str, *, start: datetime, end: datetime, most: int
) -> Sequence[Purchase]:
    """What a customer bought in orders placed from `start` until before `end`, best first."""
    rows = await tx.all(
        _PURCHASES,
        {"customer": customer, "start_time": start, "end_time": end, "most": most},
    )
    return [
        Purchase(
            product=row.product,
            description=row.description,
            quantity=int(row.quantity),
            base_net_amount=int(row.base_net_amount),
            order_count=row.order_count,
            last_order_time=row.last_order_time,
        )
        for row in rows
    ]
