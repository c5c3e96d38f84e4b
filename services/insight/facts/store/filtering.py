"""What filters over facts may name and lists of them be ordered by: read off the facts table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Column, Date, Double, Integer, Text

from services.chassis.lists import filters
from services.chassis.lists.filters import (
    DATE,
    FLOAT,
    INT,
    STRING,
    STRING_LIST,
    TIME,
    Field,
    FieldType,
)
from services.chassis.lists.paging import Query
from services.chassis.store import Name, Names, UtcTime
from services.insight.facts.store.table import FACTS, MINOR, facts
from services.insight.numbers.business_days import Day

__all__ = ["FilterTerms", "fields", "query"]

_ORDER: Final = (
    "spend_total",
    "spend_365d",
    "orders_total",
    "days_since_order",
    "cycles_since_order",
    "next_order_expected",
)


@dataclass(frozen=True, slots=True)
class FilterTerms:
    """How filters over facts are read: the day of `days(n)` and the zone of days, the decimals of
    the base currency."""

    day: Day
    exponent: int


@cache
def fields(exponent: int) -> Mapping[str, Field]:
    """What filters over facts may name; `exponent` is that of the base currency."""
    declared = {name: Field(column, _type(column, exponent)) for name, column in FACTS.items()}
    return MappingProxyType({"customer": Field.of(facts.c.customer), **declared})


@cache
def query(exponent: int) -> Query:
    """What lists of facts can be filtered and ordered by."""
    return Query(
        fields(exponent),
        order={"customer": facts.c.customer, **{name: FACTS[name] for name in _ORDER}},
        default_order="customer",
        tie_breaker=facts.c.customer,
    )


def _type(column: Column[Any], exponent: int) -> FieldType:
    values: type[IntEnum] | None = column.info.get("values")
    if values is not None:
        return filters.enum({each.name: each.value for each in values if each.value})
    if column.name.endswith(MINOR):
        return filters.money(exponent)
    if isinstance(column.type, Name):
        return Field.of(column).type
    for stored, field_type in _TYPES:
        if isinstance(column.type, stored):
            return field_type
    raise TypeError(f"{column} has no type that filters know")


_TYPES: Final[tuple[tuple[type[Any], FieldType], ...]] = (
    (Names, STRING_LIST),
    (UtcTime, TIME),
    (Date, DATE),
    (Double, FLOAT),
    (Integer, INT),
    (Text, STRING),
)
