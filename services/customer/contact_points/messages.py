"""Contact points ↔ our own words, for the messages of whoever has them; no rule."""

from collections.abc import Iterable
from typing import Final

from guanxi.customer.v1 import contact_points_pb2

from services.chassis.enums import ContractEnum
from services.customer.contact_points.model import (
    AddressKind,
    EmailAddress,
    EmailKind,
    PhoneKind,
    PhoneNumber,
    PostalAddress,
)

__all__ = [
    "address_messages",
    "addresses_of",
    "email_messages",
    "emails_of",
    "phone_messages",
    "phones_of",
]

_PHONE_KINDS: Final = ContractEnum(PhoneKind, contact_points_pb2.PhoneNumber.Kind)
_EMAIL_KINDS: Final = ContractEnum(EmailKind, contact_points_pb2.EmailAddress.Kind)
_ADDRESS_KINDS: Final = ContractEnum(AddressKind, contact_points_pb2.PostalAddress.Kind)


def phones_of(messages: Iterable[contact_points_pb2.PhoneNumber]) -> tuple[PhoneNumber, ...]:
    """The numbers as they were written."""
    return tuple(PhoneNumber(each.number, _PHONE_KINDS.member(each.kind)) for each in messages)


def emails_of(messages: Iterable[contact_points_pb2.EmailAddress]) -> tuple[EmailAddress, ...]:
    """The addresses as they were written."""
    return tuple(EmailAddress(each.address, _EMAIL_KINDS.member(each.kind)) for each in messages)


def addresses_of(
    messages: Iterable[contact_points_pb2.PostalAddress],
) -> tuple[PostalAddress, ...]:
    """The postal addresses."""
    return tuple(
        PostalAddress(
            kind=_ADDRESS_KINDS.member(each.kind),
            region_code=each.region_code,
            postal_code=each.postal_code,
            administrative_area=each.administrative_area,
            locality=each.locality,
            sublocality=each.sublocality,
            address_lines=tuple(each.address_lines),
            recipient=each.recipient,
        )
        for each in messages
    )


def phone_messages(phones: Iterable[PhoneNumber]) -> list[contact_points_pb2.PhoneNumber]:
    """The numbers as callers see them."""
    return [
        contact_points_pb2.PhoneNumber(
            number=each.number,
            kind=_PHONE_KINDS.number(each.kind),
            canonical_number=each.canonical_number,
            extension=each.extension,
            unreadable=not each.canonical_number,
        )
        for each in phones
    ]


def email_messages(emails: Iterable[EmailAddress]) -> list[contact_points_pb2.EmailAddress]:
    """The addresses as callers see them."""
    return [
        contact_points_pb2.EmailAddress(
            address=each.address,
            kind=_EMAIL_KINDS.number(each.kind),
            canonical_address=each.canonical_address,
            unreadable=not each.canonical_address,
        )
        for each in emails
    ]


def address_messages(
    addresses: Iterable[PostalAddress],
) -> list[contact_points_pb2.PostalAddress]:
    """The postal addresses as callers see them."""
    return [
        contact_points_pb2.PostalAddress(
            kind=_ADDRESS_KINDS.number(each.kind),
            region_code=each.region_code,
            postal_code=each.postal_code,
            administrative_area=each.administrative_area,
            locality=each.locality,
            sublocality=each.sublocality,
            address_lines=each.address_lines,
            recipient=each.recipient,
        )
        for each in addresses
    ]
