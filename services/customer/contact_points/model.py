"""How somebody is reached: what was written, and the normal form beside it, by which it is dialled
and found. The libraries that read numbers and addresses are tables and rules; they ask nobody."""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from services.chassis.normal import digits, folded, phone_keys, without_extension

__all__ = [
    "AddressKind",
    "EmailAddress",
    "EmailKind",
    "PhoneKind",
    "PhoneNumber",
    "PostalAddress",
    "country_of",
    "email_identity",
    "email_keys",
    "phone_identity",
    "phones_keys",
    "read_email",
    "read_phone",
]

# Those of an import come again with the next export; a page reads none.
_READ_BEFORE: Final = 10_000
_FEWEST_DIGITS: Final = 7


class PhoneKind(StrEnum):
    """What is at the other end."""

    MOBILE = "MOBILE"
    WORK = "WORK"
    HOME = "HOME"
    FAX = "FAX"
    OTHER = "OTHER"


class EmailKind(StrEnum):
    """Where it is read."""

    WORK = "WORK"
    PERSONAL = "PERSONAL"
    BILLING = "BILLING"
    OTHER = "OTHER"


class AddressKind(StrEnum):
    """What goes there."""

    OFFICE = "OFFICE"
    HOME = "HOME"
    BILLING = "BILLING"
    SHIPPING = "SHIPPING"
    OTHER = "OTHER"


class PhoneNumber(NamedTuple):
    """A number as written; `canonical_number` is E.164, and empty where it can't be read."""

    number: str
    kind: PhoneKind | None = None
    canonical_number: str = ""
    extension: str = ""


class EmailAddress(NamedTuple):
    """An address as written; `canonical_address` is empty where no mail could be sent to it."""

    address: str
    kind: EmailKind | None = None
    canonical_address: str = ""


class PostalAddress(NamedTuple):
    """An address; `region_code` is CLDR's (mostly ISO 3166-1 alpha-2)."""

    kind: AddressKind | None = None
    region_code: str = ""
    postal_code: str = ""
    administrative_area: str = ""
    locality: str = ""
    sublocality: str = ""
    address_lines: tuple[str, ...] = ()
    recipient: str = ""


def country_of(addresses: Iterable[PostalAddress], company: str) -> str:
    """The country whose numbers may lack its code: that of the first address that says one, else
    the company's."""
    return next((each.region_code for each in addresses if each.region_code), company)


@lru_cache(maxsize=_READ_BEFORE)
def read_phone(phone: PhoneNumber, country: str) -> PhoneNumber:
    """The number with its normal form, as of a country (empty: none is known)."""
    alone, extension = without_extension(phone.number)
    canonical, parsed_extension = _dialled(alone, country)
    return phone._replace(
        canonical_number=canonical, extension=digits(extension) or parsed_extension
    )


@lru_cache(maxsize=_READ_BEFORE)
def read_email(email: EmailAddress) -> EmailAddress:
    """The address with its normal form."""
    try:
        known = validate_email(email.address, check_deliverability=False)
    except EmailNotValidError:
        return email._replace(canonical_address="")
    return email._replace(canonical_address=folded(known.normalized))


def phones_keys(phones: Iterable[PhoneNumber]) -> tuple[str, ...]:
    """The digits by which the numbers are found: as written, and as dialled from anywhere."""
    keys: dict[str, None] = {}
    for each in phones:
        keys.update(dict.fromkeys(phone_keys(each.number)))
        if each.canonical_number:
            keys[digits(each.canonical_number)] = None
    return tuple(keys)


def email_keys(emails: Iterable[EmailAddress]) -> tuple[str, ...]:
    """The texts by which the addresses are found: as written, and in their normal form."""
    keys: dict[str, None] = {}
    for each in emails:
        keys[folded(each.address)] = None
        if each.canonical_address:
            keys[each.canonical_address] = None
    return tuple(keys)


def _from_anywhere(number: str, country: str) -> str:
    """Where nothing says of which country it is, 00 is taken for the + that it is in most."""
    return f"+{number[2:]}" if not country and number.startswith("00") else number


def phone_identity(phone: PhoneNumber) -> str:
    """What only the same phone has: the number as it is dialled from anywhere and its extension
    (RFC 3966). One that can't be read by its digits, from seven on; with fewer, empty: everybody
    has an 112."""
    if phone.canonical_number:
        extension = f";ext={phone.extension}" if phone.extension else ""
        return f"{phone.canonical_number}{extension}"
    written = digits(phone.number)
    return written if len(written) >= _FEWEST_DIGITS else ""


def email_identity(email: EmailAddress) -> str:
    """What all spellings of the address share."""
    return email.canonical_address or folded(email.address)


def _dialled(number: str, country: str) -> tuple[str, str]:
    """E.164 and the extension; both empty where it is no number, or nothing says of which country.

    It has to be one that the country gives out: `0171-1` is short enough for Britain's plan and
    nobody's number.
    """
    try:
        parsed = phonenumbers.parse(_from_anywhere(number, country), country or None)
    except phonenumbers.NumberParseException:
        return "", ""
    if not phonenumbers.is_valid_number(parsed):
        return "", ""
    canonical = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return canonical, parsed.extension or ""
