"""What an organization's contacts say: as they are now, whatever the day."""

from dataclasses import dataclass

import numpy as np

from services.insight.numbers.columns import Ints, count_by
from services.insight.sources.columns import ContactColumns

__all__ = ["ContactFactColumns", "contact_facts"]


@dataclass(frozen=True, slots=True)
class ContactFactColumns:
    """Facts from contacts, one place a customer; each is defined in `CustomerFacts`."""

    decision_chain_length: Ints


def contact_facts(contacts: ContactColumns, customers: int) -> ContactFactColumns:
    """Facts of so many customers."""
    known = contacts.customer >= 0
    signed = np.stack((contacts.customer[known], contacts.approval_order[known]))
    who = np.unique(signed, axis=1)[0]  # each level of each customer once
    return ContactFactColumns(count_by(who, np.ones(who.size, dtype=np.bool_), customers))
