"""What can be done with customers, on an open transaction; servicer and reactions share it."""

from services.customer.customers.actions.customers import (
    change_customer,
    create_customer,
    create_customers,
    delete_customer,
    follow_orders,
    record_consent,
    undelete_customer,
)
from services.customer.customers.actions.upserts import upsert_customers

__all__ = [
    "change_customer",
    "create_customer",
    "create_customers",
    "delete_customer",
    "follow_orders",
    "record_consent",
    "undelete_customer",
    "upsert_customers",
]
