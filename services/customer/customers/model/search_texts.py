"""What a customer is found by, written out: one line for each name, reading, number, address and
id. Kept beside the customer, and read by the search."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from services.chassis.normal import digits
from services.customer.contact_points.model import PhoneNumber, email_identity
from services.customer.customers.model.customer import Customer
from services.customer.customers.model.spelling import compared, readings

__all__ = ["VERSION", "Line", "SearchField", "SearchText", "lines_of", "search_text"]

# What is written with another version, or with other dictionaries, is written anew.
VERSION: Final = 1

_CONTROL: Final = {ord("\n"): " ", ord("\t"): " "}


class SearchField(StrEnum):
    """What of a customer is found."""

    NAME = "NAME"
    PINYIN = "PINYIN"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    EXTERNAL_ID = "EXTERNAL_ID"
    ID = "ID"


class Line(NamedTuple):
    """One thing to find: as it is compared, and as it is shown. Of a reading the latter are its
    syllables (`zhang wei ming`), of initials nothing."""

    field: SearchField
    compared: str
    shown: str


class SearchText(NamedTuple):
    """What a customer is found by: the whole name as it is compared, and all lines."""

    name: str
    text: str


_MARKS: Final = {
    "n": SearchField.NAME,
    "p": SearchField.PINYIN,
    "t": SearchField.PHONE,
    "e": SearchField.EMAIL,
    "x": SearchField.EXTERNAL_ID,
}
_FIELDS: Final = {field: mark for mark, field in _MARKS.items()}


def search_text(customer: Customer) -> SearchText:
    """What is kept for the search."""
    lines = dict.fromkeys(_lines(customer))
    return SearchText(compared(customer.display_name), "\n".join(map(_written, lines)))


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a text that `search_text` made."""
    for each in text.split("\n"):
        compared, _, shown = each[1:].partition("\t")
        if each:
            yield Line(_MARKS[each[0]], compared, shown)


def _written(line: Line) -> str:
    return f"{_FIELDS[line.field]}{line.compared}\t{line.shown.translate(_CONTROL)}"


def _lines(customer: Customer) -> Iterator[Line]:
    name = compared(customer.display_name)
    yield Line(SearchField.NAME, name, customer.display_name)
    parts = f"{customer.given_name} {customer.family_name}".strip()
    if not all(word in name for word in compared(parts).split()):
        yield Line(SearchField.NAME, compared(parts), parts)
    for reading in readings(name):
        yield Line(SearchField.PINYIN, reading.whole, " ".join(reading.syllables))
        if len(reading.syllables) > 1:
            yield Line(SearchField.PINYIN, reading.initials, "")
    yield from _phones(customer.phones)
    for email in customer.emails:
        yield Line(SearchField.EMAIL, compared(email_identity(email)), email.address)
    for id in customer.external_ids.values():
        yield Line(SearchField.EXTERNAL_ID, compared(id), id)


def _phones(phones: Iterable[PhoneNumber]) -> Iterator[Line]:
    for phone in phones:
        canonical, written = digits(phone.canonical_number), digits(phone.number)
        if canonical:
            yield Line(SearchField.PHONE, canonical, phone.number)
        # 020 7946 0018 is found within +44 20 7946 0018, but for the 0.
        if written and written not in canonical:
            yield Line(SearchField.PHONE, written, phone.number)
