"""Cells of phone numbers and of e-mail addresses → those in them that the contract takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cli.imports.cells import folded, usual_width
from cli.imports.keys import is_shortened, whole
from cli.imports.values import listed

# What the contract takes for a phone number and for an e-mail address.
_PHONE = re.compile("([^0-9０-９]*[0-9０-９]){3}")
_MAX_PHONE_LENGTH = 64
_EMAIL = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>.]+(\.[^\s@,;<>.]+)*")
_MAX_EMAIL_LENGTH = 254
_MAX_CONTACTS = 20
# A number on its own; with fewer digits it may be an extension, or the part after 030/.
_FULL_NUMBER = re.compile(r"'?[+(]*[0-9０-９](?:[^0-9０-９]*[0-9０-９]){6}")
_COMMA = re.compile(r"( *[,，] *)")
_SLASH = re.compile(r"( *[/／] *)")


@dataclass(frozen=True, slots=True)
class Contacts:
    """Values that are taken, in order, and those that aren't, each with the reason."""

    taken: Sequence[str]
    left_out: Sequence[tuple[str, str]]


def phones(cell: str) -> Contacts:
    """The phone numbers of a cell, as written."""
    parts = [part for text in listed(cell) for part in _split(text, _COMMA)]
    numbers = [_number(text) for part in parts for text in _split(part, _SLASH)]
    return _sorted_out(numbers, "phones", _why_no_phone)


def emails(cell: str) -> Contacts:
    """The e-mail addresses of a cell."""
    addresses = [_address(text) for text in listed(re.sub("[,，]", ";", cell))]
    return _sorted_out(addresses, "emails", _why_no_email)


def phone_digits(number: str) -> str:
    """What two ways to write a number have in common."""
    return "".join(character for character in usual_width(number) if character.isdigit())


def _sorted_out(
    values: Sequence[str], field: str, why_not: Callable[[str], str | None]
) -> Contacts:
    reasons = [(value, why_not(value)) for value in values]
    good = [value for value, reason in reasons if reason is None]
    left_out = [(value, reason) for value, reason in reasons if reason is not None]
    left_out += [(value, f"more than {_MAX_CONTACTS} {field}") for value in good[_MAX_CONTACTS:]]
    return Contacts(good[:_MAX_CONTACTS], left_out)


def _split(text: str, separator: re.Pattern[str]) -> Iterator[str]:
    """The numbers of a text in which what separates them also stands within numbers: it separates
    two only where both are full numbers."""
    number, *more = separator.split(text)
    for between, part in zip(more[::2], more[1::2], strict=True):
        if _FULL_NUMBER.match(number) and _FULL_NUMBER.match(part):
            yield number
            number = part
        else:
            number += between + part
    yield number


def _number(text: str) -> str:
    # A spreadsheet marks a text that looks like a number by an apostrophe, and data frames write
    # whole numbers with a decimal.
    number = _without_scheme(text, "tel:").removeprefix("'")
    sign = "+" if number.startswith("+") else ""
    return sign + whole(number.removeprefix("+"))


def _address(text: str) -> str:
    return _without_scheme(text.strip("'"), "mailto:").strip("'")


def _without_scheme(text: str, scheme: str) -> str:
    return text[len(scheme) :].strip() if folded(text).startswith(scheme) else text


def _why_no_phone(text: str) -> str | None:
    if is_shortened(text):
        return "shortened by a spreadsheet, export the column as text"
    if len(text) <= _MAX_PHONE_LENGTH and _PHONE.match(text):
        return None
    return "no phone number"


def _why_no_email(text: str) -> str | None:
    if len(text) <= _MAX_EMAIL_LENGTH and _EMAIL.fullmatch(text):
        return None
    return "no e-mail address"
