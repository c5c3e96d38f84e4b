"""Column types that SQLite and PostgreSQL store and order alike. What to use for what:

- names, ids, codes: `Name` (text compared byte by byte, so pages run in the same order)
- states and kinds, of a `StrEnum`: `Choice`; what has an order, of an `IntEnum`: `Rank`
- prose and anything a person typed: `sqlalchemy.Text`
- instants: `UtcTime`; days: `sqlalchemy.Date`; truth: `sqlalchemy.Boolean`
- amounts and counts: `sqlalchemy.BigInteger`, amounts in the currency's minor unit, beside a `Name`
  column with its ISO code; shares and scores: `sqlalchemy.Double`
- several codes, or members of a `StrEnum`, in one column: `Names`, searched with `holds_name`;
  nested values nobody searches: `Json`, or `Several` of a `NamedTuple`; messages:
  `sqlalchemy.LargeBinary`
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import EnumType, IntEnum, StrEnum
from functools import partial
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic_core import from_json
from sqlalchemy import BigInteger, ColumnElement, Dialect, SmallInteger, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from services.chassis.names import Form

__all__ = [
    "Choice",
    "Json",
    "Name",
    "Names",
    "Rank",
    "Several",
    "UtcTime",
    "holds_name",
    "json_text",
    "microseconds",
]

_NONE_OF_THEM = "[]"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, as `UtcTime` stores them."""
    return (moment - _EPOCH) // _MICROSECOND


# The types give the processors themselves, not `process_bind_param` and its pair: a page has
# hundreds of values, and half the time of each would be SQLAlchemy's wrapper.


class UtcTime(TypeDecorator[datetime]):
    """An aware instant, stored as microseconds since 1970-01-01 UTC; comes back in UTC."""

    impl = BigInteger
    cache_ok = True

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

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return json_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        return _value


class Several(TypeDecorator[tuple[NamedTuple, ...]]):
    """A tuple of values of one `NamedTuple`, stored as a JSON array of arrays. Parts that are an
    enum's members, instants or tuples of texts come back as such."""

    impl = Text
    cache_ok = True

    def __init__(self, parts: type[NamedTuple]) -> None:
        super().__init__()
        self.parts = parts

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return partial(_several_text, _instants(self.parts))

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], tuple[NamedTuple, ...] | None]:
        return partial(_several, self.parts, _conversions(self.parts))


class Names(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, or of an enum's members, stored as a JSON array; see `holds_name` for
    the search."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum] | None = None, *, form: Form | None = None) -> None:
        """`form` is what all elements look like: filters refuse any other."""
        super().__init__()
        self.members = members
        self.form = form

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[str] | None], str | None]:
        return json_text

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], tuple[str, ...] | None]:
        return _names if self.members is None else partial(_members, _by_text(self.members))


class Name(TypeDecorator[str]):
    """Text compared byte by byte on both engines; PostgreSQL would follow the locale.

    `form` is what all its values look like but the empty one: filters refuse any other.
    """

    impl = Text
    cache_ok = True

    def __init__(self, form: Form | None = None) -> None:
        super().__init__()
        self.form = form

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))


class Choice(TypeDecorator[StrEnum]):
    """A member of an enum, stored as its text and compared as `Name` is."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return Name().load_dialect_impl(dialect)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], StrEnum | None]:
        return partial(_member, _by_text(self.members))


class Rank(TypeDecorator[IntEnum]):
    """A member of an enum whose order counts, stored as its number."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, members: type[IntEnum]) -> None:
        super().__init__()
        self.members = members

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[int | None], IntEnum | None]:
        return partial(_ranked, {member.value: member for member in self.members})


def holds_name(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """True where the `Names` column holds the name, compared as a whole."""
    # A quote inside a name is escaped in the stored array, so the quoted text matches whole names.
    return column.cast(Text).contains(_compact(name), autoescape=True)


def json_text(value: Any) -> str | None:
    """A JSON value as it is stored: compact, with sorted keys; None stays so."""
    return None if value is None else _compact(value)


def _value(text: str | None) -> Any:
    return None if text is None else from_json(text)


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(from_json(text))


def _several_text(instants: Sequence[int], values: Sequence[Sequence[Any]] | None) -> str | None:
    if not instants or not values:
        return json_text(values)
    rows = [list(each) for each in values]
    for row in rows:
        for index in instants:
            row[index] = _stored(row[index])
    return json_text(rows)


def _several(
    parts: Callable[..., NamedTuple],
    conversions: Sequence[tuple[int, Callable[[Any], Any]]],
    text: str | None,
) -> tuple[NamedTuple, ...] | None:
    if text is None or text == _NONE_OF_THEM:  # as most are, where there can be several
        return None if text is None else ()
    rows = from_json(text)
    for index, convert in conversions:
        for row in rows:
            row[index] = convert(row[index])
    return tuple(parts(*row) for row in rows)


def _conversions(parts: type[NamedTuple]) -> list[tuple[int, Callable[[Any], Any]]]:
    """Which parts JSON doesn't give back as they were, and what does."""
    hints = get_type_hints(parts)
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for index, name in enumerate(parts._fields):
        hint = hints[name]
        types = get_args(hint) or (hint,)
        members: list[Any] = [each for each in types if isinstance(each, EnumType)]
        if members:
            found.append((index, partial(_member, _by_text(members[0]))))
        elif datetime in types:
            found.append((index, _instant))
        elif get_origin(hint) is tuple:
            found.append((index, tuple))
    return found


def _instants(parts: type[NamedTuple]) -> list[int]:
    return [index for index, convert in _conversions(parts) if convert is _instant]


def _ranked(by_number: Mapping[int, IntEnum], number: int | None) -> IntEnum | None:
    return None if number is None else by_number[number]


def _by_text(members: type[StrEnum]) -> Mapping[str, StrEnum]:
    """A look-up takes a tenth of the time of an enum's call, for every row of a page."""
    return {member.value: member for member in members}


def _member(by_text: Mapping[str, StrEnum], text: str | None) -> StrEnum | None:
    return None if text is None else by_text[text]


def _members(by_text: Mapping[str, StrEnum], text: str | None) -> tuple[StrEnum, ...] | None:
    return None if text is None else tuple(by_text[each] for each in from_json(text))


# `json.dumps` with these options would make an encoder for every value.
_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
