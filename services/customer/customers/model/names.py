"""What somebody is called, and what they are found by: alike for customers and for contacts."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any, ClassVar, Final, Protocol, TypeVar

from services.chassis.errors import invalid
from services.chassis.normal import folded
from services.customer.contact_points.model import (
    EmailAddress,
    PhoneNumber,
    email_keys,
    phones_keys,
    read_email,
    read_phone,
)

__all__ = ["expect_named", "in_normal_form", "renamed"]

# Whoever writes their name in these puts the family's first.
_HAN: Final = re.compile("[\u3400-\u9fff·]+")


class Somebody(Protocol):
    """A dataclass with a name, whole and in parts, and with phones and emails; and with the `…_key`
    fields of the normal forms by which these are found."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def display_name(self) -> str: ...
    @property
    def given_name(self) -> str: ...
    @property
    def family_name(self) -> str: ...
    @property
    def phones(self) -> tuple[PhoneNumber, ...]: ...
    @property
    def emails(self) -> tuple[EmailAddress, ...]: ...


S = TypeVar("S", bound=Somebody)


def renamed(before: S, after: S, fields: Collection[str]) -> S:
    """After a change of these fields: with a whole name made anew of its parts, where it was made
    of them before and isn't given."""
    if "display_name" in fields or before.display_name != _whole_name(before):
        return after
    return replace(after, display_name=_whole_name(after) or before.display_name)


def in_normal_form(somebody: S, country: str) -> S:
    """With a name, what is worked out of phones and emails, and the keys by which they are found;
    `country` is that of numbers without a code."""
    display_name = somebody.display_name or _whole_name(somebody)
    phones = tuple(read_phone(each, country) for each in somebody.phones)
    emails = tuple(read_email(each) for each in somebody.emails)
    return replace(
        somebody,
        display_name=display_name,
        display_name_key=folded(display_name),
        phones=phones,
        phones_key=phones_keys(phones),
        emails=emails,
        emails_key=email_keys(emails),
    )


def expect_named(somebody: Somebody, what: str) -> None:
    """Raises INVALID_ARGUMENT, DISPLAY_NAME_MISSING for `a customer` without a name."""
    if not somebody.display_name.strip():
        raise invalid(
            "display_name", "DISPLAY_NAME_MISSING", f"{what} needs a name, whole or in parts"
        )


def _whole_name(somebody: Somebody) -> str:
    """What given and family name make; empty where there is neither."""
    given, family = somebody.given_name.strip(), somebody.family_name.strip()
    if _HAN.fullmatch(given) and _HAN.fullmatch(family):
        return f"{family}{given}"
    return f"{given} {family}".strip()
