"""How the cells of one file are read, the same way whenever they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from cli.imports.cells import BadValue, clean
from cli.imports.columns import Located
from cli.imports.directory import People
from cli.imports.keys import id_of
from cli.imports.numbers import Numbers
from cli.imports.placeholders import is_nobody
from cli.imports.values import Times

Value = TypeVar("Value")

ANY_SECONDS = range(-(1 << 62), 1 << 62)
_TIMES = ("order_time", "touch_time")
_NUMBERS = ("quantity", "unit_price")


class Readings(dict[str, Value]):
    """Values by their text, each read once: the same texts recur in every file."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        self._read = read

    def __missing__(self, text: str) -> Value:
        value = self[text] = self._read(text)
        return value


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes times and numbers, the currency of amounts that name none, whether
    customers' keys that differ only in case are different ones, the seconds of Unix time in which
    an order may be, and whom it may name as people who work here."""

    times: Times
    numbers: Numbers
    currency: str = ""
    keys_with_case: bool = False
    possible_seconds: range = ANY_SECONDS
    people: People = field(default_factory=People)


def looks_like_row(columns: Located, style: Style, cells: Sequence[str]) -> bool:
    """Whether time and numbers stand where a row has them; False for rows without a time."""
    times = [columns[name][0] for name in _TIMES if name in columns]
    if not times or max(times) >= len(cells):
        return False
    numbers = [columns[name][0] for name in _NUMBERS if name in columns]
    numbers = [index for index in numbers if index < len(cells)]
    try:
        for index in times:
            style.times.read(cells[index].strip())
        for index in numbers:
            style.numbers.read(cells[index].strip(), "number", style.currency)
    except BadValue:
        return False
    return True


class Reading:
    """Reads the cells of a file of order lines. What is looked up in it raises BadValue."""

    def __init__(self, columns: Located, style: Style) -> None:
        self.columns = columns
        self.numbers = style.numbers
        self.currency = style.currency
        self.possible_seconds = style.possible_seconds
        self._people = style.people
        self.order_ids = ids("order")
        self.customer_ids = customer_ids(style)
        self.product_ids = ids("product")
        self.quantities = Readings(self._quantity)
        self.amounts = Readings(self._amounts_in)
        self.times: Readings[Timestamp | None] = Readings(
            lambda text: style.times.read(text) if (text := clean(text, "order_time")) else None
        )

    def _amounts_in(self, currency: str) -> Readings[Money]:
        """Amounts in a currency by their text."""
        return Readings(lambda text: self.numbers.amount(clean(text, "unit_price"), currency))

    def rate(self, text: str) -> str:
        """An exchange rate as the services write it, without what is written for the eye."""
        return f"{self.numbers.read(text, 'exchange_rate').normalize():f}"

    def seller(self, text: str) -> str:
        """The name of whom an order is credited to; empty if it can't be read, for an order that is
        credited to nobody is better than none."""
        try:
            return self._people.named(text, "seller")
        except BadValue:
            return ""

    def _quantity(self, text: str) -> int:
        quantity = self.numbers.whole(clean(text, "quantity"), "quantity")
        if quantity == 0:
            raise BadValue("quantity is 0")
        return quantity


def ids(noun: str, *, case_counts: bool = False) -> Readings[str]:
    """Ids by key; empty for a cell without one."""

    def read(text: str) -> str:
        key = clean(text, noun)
        return id_of(noun, key, case_counts=case_counts) if key else ""

    return Readings(read)


def customer_ids(style: Style) -> Readings[str]:
    """Ids of customers by key, the same in every kind of file; empty also for a key that stands for
    nobody in particular."""
    of_keys = ids("customer", case_counts=style.keys_with_case)
    return Readings(lambda text: "" if is_nobody(clean(text, "customer")) else of_keys[text])
