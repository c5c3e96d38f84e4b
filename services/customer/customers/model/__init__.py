"""Customers in our own words: what is wanted of one (`draft`), what it is and becomes (`customer`),
its stages (`lifecycle`), what it allows (`consents`), what it is called and found by (`names`), by
what other systems know it (`keys`), what they add (`upserts`), and what people find it by
(`search_texts`, `spelling`). No message, no SQL; time and names come in."""

from services.customer.customers.model.consents import Channel, Consent, ConsentState, Said
from services.customer.customers.model.customer import Customer, expect_alive, register
from services.customer.customers.model.draft import CustomerKind, Draft, Temperature
from services.customer.customers.model.keys import Key, KeyKind
from services.customer.customers.model.lifecycle import SETTLED, LifecycleStage, OrderNews
from services.customer.customers.model.names import expect_named, in_normal_form, renamed
from services.customer.customers.model.search_texts import SearchText, search_text
from services.customer.customers.model.upserts import (
    Upsert,
    Upserted,
    UpsertOutcome,
    enrich,
    expect_one,
    wanted_keys,
)

__all__ = [
    "SETTLED",
    "Channel",
    "Consent",
    "ConsentState",
    "Customer",
    "CustomerKind",
    "Draft",
    "Key",
    "KeyKind",
    "LifecycleStage",
    "OrderNews",
    "Said",
    "SearchText",
    "Temperature",
    "Upsert",
    "UpsertOutcome",
    "Upserted",
    "enrich",
    "expect_alive",
    "expect_named",
    "expect_one",
    "in_normal_form",
    "register",
    "renamed",
    "search_text",
    "wanted_keys",
]
