"""Reads the value of a comparison as what its field holds, exactly or not at all.

Standard library only. Each reader returns None for text it can't read; saying so is the compiler's.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Final

from services.chassis.lists.filters.syntax import Comparator

__all__ = [
    "Bound",
    "Moment",
    "bound",
    "plus_lost",
    "read_bool",
    "read_date",
    "read_float",
    "read_moment",
    "read_number",
]

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FLOAT: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_PLUS_LOST: Final = re.compile(r".*[0-9]{2}:[0-9]{2}(\.[0-9]+)? [0-9]{2}:[0-9]{2}")
_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Moment:
    """The span [start, end) a written time stands for: one microsecond, or a whole day."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison of an int64 with a rational number, as one of an int64 with an int64.

    `comparator` is EQUAL, LESS_OR_EQUAL or GREATER_OR_EQUAL; `limit` None means no int64 fulfils
    it, `always` that every one does.
    """

    comparator: Comparator
    limit: int | None
    always: bool = False


def plus_lost(text: str) -> str:
    """What to say more of a time whose `+` a URL has turned into a space; nothing of other text."""
    return "; in a URL, + is written %2B" if _PLUS_LOST.fullmatch(text) else ""


def read_number(text: str) -> Fraction | None:
    """A decimal number, exactly."""
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def read_float(text: str) -> float | None:
    """A finite number, as the nearest double."""
    if not _FLOAT.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def read_bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def read_date(text: str) -> date | None:
    """An ISO 8601 calendar date."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_moment(text: str, zone: tzinfo) -> Moment | None:
    """An RFC 3339 time with its offset, or a date: that day in `zone`."""
    day = read_date(text)
    if day:
        return day_in(day, zone)
    if not _TIME.fullmatch(text):
        return None
    try:
        start = datetime.fromisoformat(text.upper()).astimezone(UTC)
        return Moment(start, start + timedelta(microseconds=1))
    except (ValueError, OverflowError):
        return None


def day_in(day: date, zone: tzinfo) -> Moment | None:
    """The whole day in `zone`; None at the very ends of the calendar."""
    try:
        following = day + timedelta(days=1)
        return Moment(
            datetime.combine(day, time(), zone).astimezone(UTC),
            datetime.combine(following, time(), zone).astimezone(UTC),
        )
    except OverflowError:
        return None


def bound(comparator: Comparator, number: Fraction) -> Bound:
    """What comparing an int64 with `number` comes to, without rounding.

    `x < 2.5` is `x <= 2`, `x < 2` is `x <= 1`, `x = 2.5` is never.
    """
    match comparator:
        case Comparator.LESS:
            return _at_most(math.ceil(number) - 1)
        case Comparator.LESS_OR_EQUAL:
            return _at_most(math.floor(number))
        case Comparator.GREATER:
            return _at_least(math.floor(number) + 1)
        case Comparator.GREATER_OR_EQUAL:
            return _at_least(math.ceil(number))
        case _:
            possible = number.denominator == 1 and _INT64_MIN <= number <= _INT64_MAX
            return Bound(Comparator.EQUAL, int(number) if possible else None)


def _at_most(limit: int) -> Bound:
    if limit < _INT64_MIN:
        return Bound(Comparator.LESS_OR_EQUAL, None)
    return Bound(Comparator.LESS_OR_EQUAL, min(limit, _INT64_MAX), always=limit >= _INT64_MAX)


def _at_least(limit: int) -> Bound:
    if limit > _INT64_MAX:
        return Bound(Comparator.GREATER_OR_EQUAL, None)
    return Bound(Comparator.GREATER_OR_EQUAL, max(limit, _INT64_MIN), always=limit <= _INT64_MIN)
