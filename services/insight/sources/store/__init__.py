"""Tables of others' records, every statement on them, and which customers a statement is about."""

from services.insight.sources.store.records import (
    KeptRecords,
    customers_before,
    known_names,
    load,
    next_span_end,
    remove_until,
    save_customers,
    save_orders,
    save_touches,
    stub_customers,
)
from services.insight.sources.store.selection import EVERYONE, Few, Selection, Span
from services.insight.sources.store.tables import customers, orders, touches

__all__ = [
    "EVERYONE",
    "Few",
    "KeptRecords",
    "Selection",
    "Span",
    "customers",
    "customers_before",
    "known_names",
    "load",
    "next_span_end",
    "orders",
    "remove_until",
    "save_customers",
    "save_orders",
    "save_touches",
    "stub_customers",
    "touches",
]
