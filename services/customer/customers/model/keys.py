"""By what a customer is known to other systems: external ids, phone numbers, email addresses."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from services.customer.contact_points.model import (
    EmailAddress,
    PhoneNumber,
    email_identity,
    phone_identity,
)

__all__ = ["Key", "KeyKind", "keys_of"]


class KeyKind(StrEnum):
    """What a key is of."""

    EXTERNAL_ID = "EXTERNAL_ID"
    PHONE = "PHONE"
    EMAIL = "EMAIL"


class Key(NamedTuple):
    """One of a customer's keys: `shop/C-1042`, `+442079460018`, `ann@example.org`."""

    kind: KeyKind
    key: str


def keys_of(
    external_ids: Mapping[str, str], phones: Iterable[PhoneNumber], emails: Iterable[EmailAddress]
) -> frozenset[Key]:
    """The keys of whoever has these; phones and emails are in their normal form. A phone number
    that can't be told from others (too short) is none."""
    ids = (Key(KeyKind.EXTERNAL_ID, f"{system}/{id}") for system, id in external_ids.items())
    numbers = (phone_identity(each) for each in phones)
    addresses = (email_identity(each) for each in emails)
    return frozenset(
        [
            *ids,
            *(Key(KeyKind.PHONE, each) for each in numbers if each),
            *(Key(KeyKind.EMAIL, each) for each in addresses),
        ]
    )
