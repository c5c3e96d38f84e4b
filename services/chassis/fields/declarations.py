"""What a custom field is declared to hold, and whether a value may be in it. Rules only, so that
models may use it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from services.chassis import money
from services.chassis.errors import DomainError, invalid
from services.chassis.nearest import nearest

__all__ = [
    "NOTHING_DECLARED",
    "Declaration",
    "Declared",
    "FieldType",
    "FieldValue",
    "Given",
    "Option",
    "filled",
]

# What an amount may be, and what int64 holds with room for sums.
_NUMBERS: Final = range(-(10**15), 10**15 + 1)
_DECIMAL: Final = re.compile(r"(-?)([0-9]+)(?:[.]([0-9]+))?")


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    MONEY = "MONEY"
    DATE = "DATE"
    CHOICE = "CHOICE"
    CHOICES = "CHOICES"
    REFERENCE = "REFERENCE"
    FLAG = "FLAG"


class Given(NamedTuple):
    """A value as a caller writes it: a text, the decimal writing of a number, `(currency, units,
    nanos)`, a day, options, a name, a truth."""

    type: FieldType
    value: Any


class FieldValue(NamedTuple):
    """A value as it is kept, which says by itself what it is. Numbers are integers of their last
    decimal, and `unit` says how many decimals; amounts are of the minor unit of the currency
    `unit`; days are ISO 8601; options are a tuple."""

    type: FieldType
    value: Any
    unit: int | str | None = None


class Option(NamedTuple):
    """Something that can be chosen; archived, it is kept and chosen no more."""

    value: str
    display_name: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """A field as it is declared, as far as values are concerned."""

    key: str
    type: FieldType
    decimals: int = 0
    currency_code: str = ""
    options: tuple[Option, ...] = ()
    refers_to: str = ""
    default_value: FieldValue | None = None
    required: bool = False

    def kept(self, given: Given, field: str) -> FieldValue:
        """The value as it is kept.

        Raises INVALID_ARGUMENT on `field`: CUSTOM_FIELD_TYPE where it is of another type,
        CUSTOM_FIELD_VALUE where it can't be in this field, and what `money.to_minor` raises.
        """
        if given.type is not self.type:
            raise invalid(
                field, "CUSTOM_FIELD_TYPE", f"{self.key} holds {self.type}, not {given.type}"
            )
        return _KEPT[self.type](self, given.value, field)


Declared = Mapping[str, Declaration]
NOTHING_DECLARED: Final[Declared] = MappingProxyType({})


def filled(
    declared: Declared,
    before: Mapping[str, FieldValue],
    given: Mapping[str, Given | None],
    *,
    new: bool,
    field: str = "custom_fields",
) -> dict[str, FieldValue]:
    """What a record has in its custom fields once these are given: of a `new` one the defaults,
    too. None takes a value away; what isn't named stays.

    Raises INVALID_ARGUMENT on `field.key`: CUSTOM_FIELD_UNKNOWN, CUSTOM_FIELD_REQUIRED, and as
    `kept`.
    """
    values = dict(before)
    if new:
        values |= {key: each.default_value for key, each in declared.items() if each.default_value}
    for key, each in given.items():
        path = f"{field}.{key}"
        if key not in declared:
            said = f"there is no custom field {key}{nearest(key, declared)}"
            raise invalid(path, "CUSTOM_FIELD_UNKNOWN", said)
        if each is None:
            values.pop(key, None)
        elif declared[key].kept(each, path) != values.get(key):
            values[key] = declared[key].kept(each, path)
    if new or given:
        _expect_required(declared, values, field)
    return values


def _expect_required(declared: Declared, values: Mapping[str, FieldValue], field: str) -> None:
    for key, each in declared.items():
        if each.required and key not in values:
            raise invalid(f"{field}.{key}", "CUSTOM_FIELD_REQUIRED", "is required")


def _text(declared: Declaration, value: str, field: str) -> FieldValue:
    return FieldValue(declared.type, value)


def _number(declared: Declaration, value: str, field: str) -> FieldValue:
    found = _DECIMAL.fullmatch(value)
    if not found:
        raise _refused(field, "is no number")
    sign, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
    if len(fraction) > declared.decimals:
        raise _refused(field, f"{declared.key} has {declared.decimals} decimals")
    units = int(f"{sign}{whole}{fraction.ljust(declared.decimals, '0')}")
    if units not in _NUMBERS:
        raise _refused(field, "is too large")
    return FieldValue(declared.type, units, declared.decimals)


def _money(declared: Declaration, value: tuple[str, int, int], field: str) -> FieldValue:
    currency, units, nanos = value
    if currency != declared.currency_code:
        raise _refused(field, f"{declared.key} is in {declared.currency_code}")
    amount = money.to_minor(units, nanos, currency, field=field)
    if amount not in money.AMOUNTS:
        raise _refused(field, "is too large")
    return FieldValue(declared.type, amount, currency)


def _day(declared: Declaration, value: date, field: str) -> FieldValue:
    return FieldValue(declared.type, value.isoformat())


def _choice(declared: Declaration, value: str, field: str) -> FieldValue:
    _expect_offered(declared, value, field)
    return FieldValue(declared.type, value)


def _choices(declared: Declaration, value: tuple[str, ...], field: str) -> FieldValue:
    for each in value:
        _expect_offered(declared, each, field)
    # In the order of the options, so that the same choice is the same value.
    places = {option.value: place for place, option in enumerate(declared.options)}
    return FieldValue(declared.type, tuple(sorted(set(value), key=places.__getitem__)))


def _reference(declared: Declaration, value: str, field: str) -> FieldValue:
    if not value.startswith(f"{declared.refers_to}/"):
        raise _refused(field, f"{declared.key} refers to {declared.refers_to}/…")
    return FieldValue(declared.type, value)


def _expect_offered(declared: Declaration, value: str, field: str) -> None:
    offered = [option.value for option in declared.options if not option.archived]
    if value not in offered:
        raise _refused(field, f"is one of {', '.join(offered)}{nearest(value, offered)}")


def _refused(field: str, description: str) -> DomainError:
    return invalid(field, "CUSTOM_FIELD_VALUE", description)


_KEPT: Final[Mapping[FieldType, Callable[[Declaration, Any, str], FieldValue]]] = MappingProxyType(
    {
        FieldType.TEXT: _text,
        FieldType.NUMBER: _number,
        FieldType.MONEY: _money,
        FieldType.DATE: _day,
        FieldType.CHOICE: _choice,
        FieldType.CHOICES: _choices,
        FieldType.REFERENCE: _reference,
        FieldType.FLAG: _text,
    }
)
