"""A table with a column of every type a filter knows, awkward rows in it, and the plain meaning of
a filter on one of those rows, to compare the compiled SQL with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Double, Integer, MetaData, Table

from services.chassis.lists.filters import (
    BOOL,
    DATE,
    FLOAT,
    INT,
    MAP,
    STRING,
    STRING_LIST,
    TIME,
    Field,
    Node,
    Restriction,
    enum,
    money,
)
from services.chassis.lists.filters.syntax import And, Call, Comparator, Literal, Not, Or
from services.chassis.store.columns import Json, Name, Names, UtcTime

TODAY: Final = date(2024, 3, 1)
METADATA: Final = MetaData()
THINGS: Final = Table(
    "things",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("text", Name),
    Column("count", Integer),
    Column("cents", BigInteger),
    Column("amount", BigInteger),
    Column("currency", Name, nullable=False),
    Column("share", Double),
    Column("active", Boolean),
    Column("moment", UtcTime),
    Column("day", Date),
    Column("state", Name),
    Column("tags", Names),
    Column("labels", Json),
)
_C: Final = THINGS.c
FIELDS: Final[Mapping[str, Field]] = {
    "name": Field(_C.name, STRING),
    "text": Field(_C.text, STRING),
    "count": Field(_C.count, INT),
    "cents": Field(_C.cents, money(2)),
    "amount": Field(_C.amount, money(currency=_C.currency)),
    "share": Field(_C.share, FLOAT),
    "active": Field(_C.active, BOOL),
    "moment": Field(_C.moment, TIME),
    "day": Field(_C.day, DATE),
    "state": Field(_C.state, enum(("DRAFT", "CONFIRMED", "CANCELLED"))),
    "tags": Field(_C.tags, STRING_LIST),
    "labels": Field(_C.labels, MAP),
}

TEXTS: Final = (
    "", "a", "A", "ab", "aB", "b", "abc", "%", "a%", "_", "a_b", "\\", "a\\", '"', 'a"', 'x"y', "y",
    "'", "!", "!%", "a,b", ",", '","', "é", "日本", "null", "*", "a*", "\U0010ffff", "\ud7ff", "\n",
    "a\U0010ffff", "a\U0010ffffb",
)  # fmt: skip
KEYS: Final = ("k", "a.b", 'q"', "$", "$.k", "%")
NUMBERS: Final = (
    "0", "1", "-1", "2.5", "-2.5", "10", "10.00", "10.005", "0.10", "9223372036854775807",
    "92233720368547758.07", "92233720368547758.08", "-92233720368547758.09",
    "99999999999999999999999", "-99999999999999999999999", "3000000000",
)  # fmt: skip
DOUBLES: Final = ("0", "0.1", "-0.5", "1e3", "0.3", "2")
TIMES: Final = (
    "2024-02-29", "2024-03-01", "2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z",
    "2024-03-01T01:00:00+01:00", "2024-03-01t00:00:00.000001z", "1969-12-31T23:59:59Z",
)  # fmt: skip
DAYS: Final = ("2024-02-29", "2024-03-01", "2023-03-01", "2024-03-08")
_EXPONENTS: Final = {"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}


def random_rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Rows whose values are often equal to, or just beside, what filters are written with."""
    chance = random.Random(seed)

    def maybe(make: Callable[[], Any]) -> Any:
        return None if chance.random() < 0.2 else make()

    midnight = datetime(2024, 3, 1, tzinfo=UTC)
    steps = (
        timedelta(microseconds=-1),
        timedelta(0),
        timedelta(microseconds=1),
        timedelta(days=-1),
    )
    return [
        {
            "name": f"things/{number}",
            "text": maybe(lambda: chance.choice(TEXTS)),
            "count": maybe(lambda: chance.choice((-3, -2, -1, 0, 1, 2, 3, 10, 2**31 - 1))),
            "cents": maybe(lambda: chance.choice((0, 9, 10, 11, 250, 1000, 1001, -1, 2**63 - 1))),
            "amount": maybe(lambda: chance.choice((0, 1, 10, 100, 1000, 10000, 10005, -2500))),
            "currency": chance.choice(tuple(_EXPONENTS)),
            "share": maybe(lambda: chance.choice((0.0, 0.1, -0.5, 1000.0, 0.1 + 0.2, 0.3, 2.0))),
            "active": maybe(lambda: chance.choice((True, False))),
            "moment": maybe(lambda: midnight + chance.choice(steps)),
            "day": maybe(lambda: date.fromisoformat(chance.choice(DAYS))),
            "state": maybe(lambda: chance.choice(("DRAFT", "CONFIRMED", "CANCELLED"))),
            "tags": maybe(lambda: chance.sample(TEXTS, chance.choice((0, 1, 2, 3)))),
            "labels": maybe(
                lambda: {
                    key: chance.choice(TEXTS)
                    for key in chance.sample(KEYS, chance.choice((0, 1, 3)))
                }
            ),
        }
        for number in range(count)
    ]


def holds(node: Node, row: Mapping[str, Any]) -> bool:
    """What a filter means, said plainly."""
    match node:
        case And(operands):
            return all(holds(each, row) for each in operands)
        case Or(operands):
            return any(holds(each, row) for each in operands)
        case Not(operand):
            return not holds(operand, row)
        case Restriction(comparator=Comparator.NOT_EQUAL):
            equal = Restriction(node.path, Comparator.EQUAL, node.value)
            return not holds(equal, row)
        case Restriction():
            return _met(node, row)


def _met(node: Restriction, row: Mapping[str, Any]) -> bool:
    name, *key = node.path
    stored = row[name]
    if name == "labels" and key:
        stored = None if stored is None else stored.get(key[0])
        return _text_met(node.comparator, node.value, stored, any_value=stored is not None)
    if name in ("tags", "labels"):
        return _has(node.value, stored, whole_only=name == "labels")
    if name in ("name", "text"):
        return _text_met(node.comparator, node.value, stored, any_value=bool(stored))
    if isinstance(node.value, Literal) and node.value.prefix:
        return stored is not None
    return stored is not None and _value_met(node, stored, row)


def _has(value: Any, stored: Any, *, whole_only: bool) -> bool:
    if value.prefix and not value.text:
        return bool(stored)
    if value.prefix and not whole_only:
        return any(each.startswith(value.text) for each in stored or ())
    return value.text in (stored or ())


def _text_met(comparator: Comparator, value: Any, stored: str | None, *, any_value: bool) -> bool:
    if value.prefix and not value.text:
        return any_value
    if comparator is Comparator.EQUAL and not value.prefix and not value.text:
        return not stored
    if stored is None:
        return False
    if comparator is Comparator.HAS:
        lower, part = _ascii_lower(stored), _ascii_lower(value.text)
        return lower.startswith(part) if value.prefix else part in lower
    if value.prefix:
        return stored.startswith(value.text)
    return _ordered(comparator, stored.encode(), value.text.encode(), value.text.encode())


def _value_met(node: Restriction, stored: Any, row: Mapping[str, Any]) -> bool:
    name, value = node.path[0], node.value
    if isinstance(value, Call):
        written = (TODAY + timedelta(days=int(value.arguments[0].text))).isoformat()
    else:
        written = value.text
    match name:
        case "count":
            wanted: Any = Fraction(written)
        case "cents":
            stored, wanted = Fraction(stored, 100), Fraction(written)
        case "amount":
            stored = Fraction(stored, 10 ** _EXPONENTS[row["currency"]])
            wanted = Fraction(written)
        case "share":
            wanted = float(written)
        case "active":
            wanted = written == "true"
        case "state":
            wanted = written
        case "day":
            wanted = date.fromisoformat(written)
        case _:
            return _moment_met(node.comparator, stored, written)
    return _ordered(node.comparator, stored, wanted, wanted)


def _moment_met(comparator: Comparator, stored: datetime, written: str) -> bool:
    if len(written) == len("2024-03-01"):
        first = datetime.fromisoformat(f"{written}T00:00:00+00:00")
        return _ordered(comparator, stored, first, first + timedelta(days=1, microseconds=-1))
    moment = datetime.fromisoformat(written.upper())
    return _ordered(comparator, stored, moment, moment)


def _ordered(comparator: Comparator, stored: Any, first: Any, last: Any) -> bool:
    """Compared with all from `first` to `last`."""
    return bool(
        {
            Comparator.EQUAL: lambda: first <= stored <= last,
            Comparator.HAS: lambda: first <= stored <= last,
            Comparator.LESS: lambda: stored < first,
            Comparator.LESS_OR_EQUAL: lambda: stored <= last,
            Comparator.GREATER: lambda: stored > last,
            Comparator.GREATER_OR_EQUAL: lambda: stored >= first,
        }[comparator]()
    )


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(each) + 32) if "A" <= each <= "Z" else each for each in text)


def field_values() -> dict[str, tuple[str, ...]]:
    """For each scalar field but the texts, how values of it are written."""
    return {
        "count": NUMBERS,
        "cents": NUMBERS,
        "amount": NUMBERS,
        "share": DOUBLES,
        "active": ("true", "false"),
        "moment": TIMES,
        "day": DAYS,
        "state": ("DRAFT", "CONFIRMED", "CANCELLED"),
    }


def orderable(field: str) -> bool:
    return field not in ("active", "state")
