"""The tables of customers and every statement on them: `customers` themselves, the `keys` by which
other systems know them, `search_texts`, by which people find them (`beside` keeps both), and the
orders that count, `counted_orders`. No rule, no message."""

from services.customer.customers.store import beside, counted_orders, keys, search_texts
from services.customer.customers.store.customers import (
    collaborators,
    customers,
    delete_times,
    kin,
    page,
    unsettled,
)

__all__ = [
    "beside",
    "collaborators",
    "counted_orders",
    "customers",
    "delete_times",
    "keys",
    "kin",
    "page",
    "search_texts",
    "unsettled",
]
