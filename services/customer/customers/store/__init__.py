"""The tables of customers and every statement on them: `customers` themselves, the `keys` by which
other systems know them, and the orders that count, `counted_orders`. No rule, no message."""

from services.customer.customers.store import counted_orders, keys
from services.customer.customers.store.customers import (
    Kin,
    collaborators,
    customers,
    delete_times,
    kin,
    page,
    unsettled,
)

__all__ = [
    "Kin",
    "collaborators",
    "counted_orders",
    "customers",
    "delete_times",
    "keys",
    "kin",
    "page",
    "unsettled",
]
