"""Orders in our own words: what they are and become (`order`), and what their lines are worth
(`amounts`). Rules only: no message, no SQL, no clock."""

from services.sales.orders.model.amounts import Line, Sums, Unpriced, agree
from services.sales.orders.model.order import (
    COUNTED,
    Draft,
    Order,
    OrderTotals,
    Purchase,
    State,
    open_order,
    orders_that_fit,
)

__all__ = [
    "COUNTED",
    "Draft",
    "Line",
    "Order",
    "OrderTotals",
    "Purchase",
    "State",
    "Sums",
    "Unpriced",
    "agree",
    "open_order",
    "orders_that_fit",
]
