"""The tables of customers and every statement on them: `customers` themselves, of which of them the
caller may keep something new (`in_sight`), the `keys` by which other systems know them,
`search_texts`, by which people find them (`beside` keeps both), and the orders that count for them,
`counted_orders`. No rule, no message."""

from services.customer.customers.store import beside, counted_orders, keys, search_texts
from services.customer.customers.store.customers import (
    Kin,
    collaborators,
    customers,
    delete_times,
    kin,
    page,
    unsettled,
)
from services.customer.customers.store.in_sight import in_sight

__all__ = [
    "Kin",
    "beside",
    "collaborators",
    "counted_orders",
    "customers",
    "delete_times",
    "in_sight",
    "keys",
    "kin",
    "page",
    "search_texts",
    "unsettled",
]
