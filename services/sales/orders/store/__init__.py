"""The tables of orders and their lines, and every statement on them: on single ones in `orders`, on
what they add up to in `sums`. No rule, no message."""

from services.sales.orders.store.orders import (
    base_currency_in_use,
    get_with_lines,
    insert_with_lines,
    order_lines,
    orders,
    page,
)
from services.sales.orders.store.sums import add_up, purchases_of

__all__ = [
    "add_up",
    "base_currency_in_use",
    "get_with_lines",
    "insert_with_lines",
    "order_lines",
    "orders",
    "page",
    "purchases_of",
]
