"""How a list declares what it can be filtered by: a column and the type its values are read as.

What a comparison of each type means in SQL is the compiler's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Double,
    Integer,
    SmallInteger,
    Text,
)
from sqlalchemy.types import TypeEngine

from services.chassis.names import Form
from services.chassis.store.columns import Choice, Json, Name, Names, Rank, UtcTime

__all__ = [
    "BOOL",
    "DATE",
    "FLOAT",
    "INT",
    "MAP",
    "STRING",
    "STRING_LIST",
    "TIME",
    "BoolType",
    "DateType",
    "EnumType",
    "Field",
    "FieldType",
    "FloatType",
    "ListType",
    "MapType",
    "Normal",
    "NumberType",
    "StringType",
    "TimeType",
    "enum",
    "enum_list",
    "money",
]

Normal = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class StringType:
    """Text. `=` is exact, `= "abc*"` a prefix; `:` means contains, without regard to case.

    With `normal`, the column holds the normal form of a text, and a filter's values are compared in
    it too. With `form`, `=` takes only what a value can look like, or nothing.
    """

    normal: Normal | None = None
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class NumberType:
    """Integers, compared exactly with any decimal number.

    The column counts units of 10^-exponent; with `currency` (a column of ISO 4217 codes) each row
    has the exponent of its own currency.
    """

    exponent: int = 0
    currency: ColumnElement[str] | None = None


@dataclass(frozen=True, slots=True)
class FloatType:
    """Double precision numbers: shares, probabilities, days with a fraction. Never money."""


@dataclass(frozen=True, slots=True)
class BoolType:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class EnumType:
    """One of some names; the mapping says how each is stored."""

    stored: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class TimeType:
    """Moments: RFC 3339 with an offset, or a date, which stands for that whole day."""


@dataclass(frozen=True, slots=True)
class DateType:
    """Calendar days: `2024-09-01`."""


@dataclass(frozen=True, slots=True)
class ListType:
    """Texts in a column that holds a JSON array (JSON, JSONB or text); `:` means has the element.

    With `names`, elements are of these only; `normal` and `form` are as for texts. A JSONB column
    with a GIN index serves `:` from it.
    """

    names: tuple[str, ...] = ()
    normal: Normal | None = None
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class MapType:
    """Texts by key in a column that holds a JSON object: `labels:key`, `labels.key = "v"`."""


FieldType = (
    StringType
    | NumberType
    | FloatType
    | BoolType
    | EnumType
    | TimeType
    | DateType
    | ListType
    | MapType
)

STRING: Final = StringType()
INT: Final = NumberType()
FLOAT: Final = FloatType()
BOOL: Final = BoolType()
TIME: Final = TimeType()
DATE: Final = DateType()
STRING_LIST: Final = ListType()
MAP: Final = MapType()


def enum(names: Iterable[str] | Mapping[str, str | int]) -> EnumType:
    """Names stored as they are, or as the mapping says (an enum's numbers)."""
    if isinstance(names, Mapping):
        return EnumType(dict(names))
    return EnumType({name: name for name in names})


def enum_list(names: Iterable[str]) -> ListType:
    """A list whose elements are of these names only."""
    return ListType(tuple(names))


def money(exponent: int = 2, *, currency: ColumnElement[str] | None = None) -> NumberType:
    """Integers of minor units, written in major units: `net_amount >= 12.50`.

    Say the `exponent` of the one currency of the column, or the `currency` column beside it.
    """
    return NumberType(exponent, currency)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a list can be filtered by."""

    column: ColumnElement[Any]
    type: FieldType

    @classmethod
    def of(cls, column: Column[Any]) -> Self:
        """A column, read as it is stored. Raises TypeError for what can't be searched."""
        return cls(column, _type_of(column))


_PLAIN: Final[Mapping[type[TypeEngine[Any]], FieldType]] = MappingProxyType(
    {
        Text: STRING,
        UtcTime: TIME,
        Date: DATE,
        Boolean: BOOL,
        SmallInteger: INT,
        Integer: INT,
        BigInteger: INT,
        Double: FLOAT,
        Json: MAP,
    }
)


def _type_of(column: Column[Any]) -> FieldType:
    kind = column.type
    if isinstance(kind, Choice | Rank):
        return enum({member.name: member.value for member in kind.members})
    if isinstance(kind, Names):
        names = tuple(member.name for member in kind.members or ())
        return ListType(names, form=kind.form)
    if isinstance(kind, Name):
        return StringType(form=kind.form)
    if type(kind) not in _PLAIN:
        raise TypeError(f"{column} is no column to filter by: say how it is read")
    return _PLAIN[type(kind)]
