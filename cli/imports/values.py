"""Turns the text of a cell into an exact value, or says what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

Choice = TypeVar("Choice")

_NOT_IN_ID = re.compile(r"[^a-z0-9]+")
_NANOS = 10**9
_EPOCH = datetime.fromtimestamp(0, UTC)
_MAX_ID_LENGTH = 63
_QUANTITIES_KEPT = 10_000


class BadValue(Exception):
    """A cell that can't be read; the message says why."""


class Identifiers:
    """Makes resource ids from a company's own keys and notices when two keys collide."""

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._key_of_id: dict[str, str] = {}
        self._id_of_key: dict[str, str] = {}

    def id_of(self, key: str) -> str:
        """`85123A` → `85123a`, `BANK CHARGES` → `bank-charges`.

        Raises:
            BadValue: the key has no letter or digit, is too long, or another key has the same id.
        """
        known = self._id_of_key.get(key)
        if known is not None:
            return known
        identifier = _NOT_IN_ID.sub("-", key.lower()).strip("-")
        if not identifier:
            raise BadValue(f"{self._noun} {key!r} has no letter or digit to make an id of")
        if len(identifier) > _MAX_ID_LENGTH:
            raise BadValue(f"{self._noun} {key!r} is longer than {_MAX_ID_LENGTH} characters")
        other = self._key_of_id.setdefault(identifier, key)
        if other.casefold() != key.casefold():
            raise BadValue(f"{self._noun} {key!r} and {other!r} would both be {identifier!r}")
        self._id_of_key[key] = identifier
        return identifier


def content_id(prefix: str, *parts: str) -> str:
    """An id made from content, so that the same row always has the same one."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"{prefix}-{digest[:32]}"


def parse_time(text: str, zone: ZoneInfo) -> Timestamp:
    """ISO 8601; without an offset it is local time of `zone`.

    Raises:
        BadValue: it is something else.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(f"time {text!r} is not like 2026-03-31 17:05:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    since = moment - _EPOCH  # in exact integers; FromDatetime does the same in thrice the time
    return Timestamp(seconds=86_400 * since.days + since.seconds, nanos=1_000 * since.microseconds)


def parse_money(text: str, currency_code: str) -> Money:
    """An exact amount in units of the currency, at most 9 decimals: `-11062.06`.

    Raises:
        BadValue: it is something else.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadValue(f"amount {text!r} is not a number like 1234.50") from None
    if not amount.is_finite():
        raise BadValue(f"amount {text!r} is not a number like 1234.50")
    nanos = amount * _NANOS
    if nanos != nanos.to_integral_value():
        raise BadValue(f"amount {text!r} has more than 9 decimals")
    if abs(amount) >= 10**15:
        raise BadValue(f"amount {text!r} is too large")
    # Money's units and nanos must have the same sign; divmod would round towards minus infinity.
    units, rest = divmod(abs(int(nanos)), _NANOS)
    sign = -1 if amount < 0 else 1
    return Money(currency_code=currency_code, units=sign * units, nanos=sign * rest)


@lru_cache(maxsize=_QUANTITIES_KEPT)
def parse_quantity(text: str) -> int:
    """A whole number other than 0.

    Raises:
        BadValue: it is something else.
    """
    try:
        quantity = int(text)
    except ValueError:
        raise BadValue(f"quantity {text!r} is not a whole number") from None
    if quantity == 0:
        raise BadValue("quantity is 0")
    return quantity


def parse_choice(text: str, choices: Mapping[str, Choice], noun: str) -> Choice:
    """The number of an enum value by its name, in any case, with spaces or hyphens.

    Raises:
        BadValue: there is no such value; the message lists those there are.
    """
    number = choices.get(text.strip().upper().replace(" ", "_").replace("-", "_"))
    if number is None:
        raise BadValue(f"{noun} {text!r} is none of {', '.join(sorted(choices))}")
    return number


def listed(text: str) -> list[str]:
    """The parts of a cell that holds several values, separated by semicolons."""
    return [part.strip() for part in text.split(";") if part.strip()]


def in_collection(collection: str, text: str) -> str:
    """`ann` → `users/ann`; a full name and an empty cell stay as they are."""
    return text if not text or "/" in text else f"{collection}/{text}"
