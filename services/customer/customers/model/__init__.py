"""Customers in our own words: what is wanted of one (`draft`), what it is and becomes (`customer`),
and the stages of a relationship (`lifecycle`). No message, no SQL; time and names come in."""

from services.customer.customers.model.customer import Customer, expect_alive, register
from services.customer.customers.model.draft import CustomerKind, Draft, Temperature
from services.customer.customers.model.lifecycle import SETTLED, LifecycleStage, OrderNews

__all__ = [
    "SETTLED",
    "Customer",
    "CustomerKind",
    "Draft",
    "LifecycleStage",
    "OrderNews",
    "Temperature",
    "expect_alive",
    "register",
]
