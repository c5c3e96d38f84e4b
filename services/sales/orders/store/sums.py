"""What orders add up to, and what a customer buys: the statements on orders that aggregate them.

Only orders that count are added up. Amounts are minor units of the base currency.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Double, bindparam, case, cast, func, select

from services.chassis.lists.listing import Listing
from services.chassis.store import ReadTransaction
from services.chassis.store.wide_sum import wide_sum, wide_total
from services.sales.orders.model import COUNTED, OrderTotals, Purchase
from services.sales.orders.store.orders import order_lines, orders

__all__ = ["add_up", "purchases_of"]

_COUNTS: Final = orders.c.state.in_([state.value for state in COUNTED])


_IDENTIFIED: Final = orders.c.customer != ""
_TOTALS: Final = select(
    func.count().label("order_count"),
    *wide_sum(orders.c.base_net_amount, "base_net_amount"),
    func.count(case((_IDENTIFIED, 1))).label("identified_order_count"),
    *wide_sum(case((_IDENTIFIED, orders.c.base_net_amount), else_=0), "identified_base_net_amount"),
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
        *wide_sum(_BOUGHT.c.base_amount, "base_net_amount"),
        func.count(_BOUGHT.c.order_name.distinct()).label("order_count"),
        func.max(case((_BOUGHT.c.quantity > 0, _BOUGHT.c.order_time))).label("last_order_time"),
    )
    .group_by(_BOUGHT.c.product)
    # An order needs no more digits than a float has, and no sum of floats overflows.
    .order_by(func.sum(cast(_BOUGHT.c.base_amount, Double)).desc(), _BOUGHT.c.product)
    .limit(bindparam("most"))
)


async def add_up(tx: ReadTransaction, listing: Listing) -> OrderTotals:
    """The sum of the orders the filter lets through. Raises INVALID_ARGUMENT on `filter`."""
    (row,) = await tx.all(_TOTALS.where(orders.query.condition(listing)))
    return OrderTotals(
        order_count=row.order_count,
        base_net_amount=wide_total(row, "base_net_amount"),
        identified_order_count=row.identified_order_count,
        identified_base_net_amount=wide_total(row, "identified_base_net_amount"),
        customer_count=row.customer_count,
    )


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
            base_net_amount=wide_total(row, "base_net_amount"),
            order_count=row.order_count,
            last_order_time=row.last_order_time,
        )
        for row in rows
    ]
