"""Contacts in our own words: what one is and becomes (`contact`), and the order in which those who
sign do so (`chain`). No message, no SQL; time and names come in."""

from services.customer.contacts.model.chain import DecisionChain, Level, chain_of
from services.customer.contacts.model.contact import (
    Contact,
    Draft,
    Role,
    Stance,
    expect_no_circle,
    meet,
)

__all__ = [
    "Contact",
    "DecisionChain",
    "Draft",
    "Level",
    "Role",
    "Stance",
    "chain_of",
    "expect_no_circle",
    "meet",
]
