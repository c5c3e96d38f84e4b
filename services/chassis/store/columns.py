"""Column types that SQLite and PostgreSQL store and order alike. What to use for what:

- names, ids, codes, states: `Name` (text compared byte by byte, so pages run in the same order)
- prose and anything a person typed: `sqlalchemy.Text`
- instants: `UtcTime`; days: `sqlalchemy.Date`; truth: `sqlalchemy.Boolean`
- amounts and counts: `sqlalchemy.BigInteger`, amounts in the currency's minor unit, beside a `Name`
  column with its ISO code; shares and scores: `sqlalchemy.Double`
- several codes in one column: `Names`, searched with `holds_name`; nested values nobody searches:
  `Json`; messages: `sqlalchemy.LargeBinary`
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

__all__ = ["Json", "Name", "Names", "UtcTime", "holds_name", "microseconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, as `UtcTime` stores them."""
    return (moment - _EPOCH) // _MICROSECOND


class UtcTime(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since 1970-01-01 UTC; comes back in UTC."""

    impl = BigInteger
    cache_ok = True

    # The processors themselves, not `process_bind_param` and its pair: a page has hundreds of
    # instants, and half the time of each would be SQLAlchemy's wrapper.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        return _stored

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[int | None], datetime | None]:
        return _instant


def _stored(value: datetime | None) -> int | None:
    # A naive value fails in the subtraction with TypeError, which is what it deserves.
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _instant(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Any JSON value as compact text with sorted keys, so that equal values are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _compact(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, stored as a JSON array; see `holds_name` for the search."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else _compact(list(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


class Name(TypeDecorator[str]):
    """Text compared byte by byte on both engines; PostgreSQL would follow the locale."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))


def holds_name(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """True where the `Names` column holds the name, compared as a whole."""
    # A quote inside a name is escaped in the stored array, so the quoted text matches whole names.
    return column.cast(Text).contains(_compact(name), autoescape=True)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
