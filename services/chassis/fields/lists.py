"""What a list can be filtered and ordered by besides its own fields: `custom_fields.{key}`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, TypeDecorator, type_coerce

from services.chassis import money
from services.chassis.fields.declarations import Declaration, FieldType
from services.chassis.fields.sql import Held
from services.chassis.lists import filters
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import Query

__all__ = ["speaks_of", "with_custom_fields"]

_CUSTOM = "custom_fields."
_SEVERAL_OR_TRUTH = frozenset({FieldType.CHOICES, FieldType.FLAG})


class _IsoDay(TypeDecorator[date]):
    """A day as the text that it is kept as."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


def speaks_of(listing: Listing) -> bool:
    """Whether a list may be asked by custom fields, so that one has to know them."""
    return _CUSTOM in listing.filter or _CUSTOM in listing.order_by


def with_custom_fields(
    query: Query, column: ColumnElement[Any], declared: Iterable[Declaration]
) -> Query:
    """The query with what is declared. One value orders; several, and yes or no, don't."""
    fields, order = dict(query.fields), dict(query.order)
    for each in declared:
        held = Held(column, each.key, each.type)
        fields[f"{_CUSTOM}{each.key}"] = _field(held, each)
        if each.type not in _SEVERAL_OR_TRUTH:
            order[f"{_CUSTOM}{each.key}"] = held
    return replace(query, fields=fields, order=order)


def _field(held: Held, declared: Declaration) -> filters.Field:
    options = [option.value for option in declared.options]
    match declared.type:
        case FieldType.NUMBER:
            return filters.Field(held, filters.money(declared.decimals))
        case FieldType.MONEY:
            return filters.Field(held, filters.money(money.exponent(declared.currency_code)))
        case FieldType.DATE:
            return filters.Field(type_coerce(held, _IsoDay()), filters.DATE)
        case FieldType.CHOICE:
            return filters.Field(held, filters.enum(options))
        case FieldType.CHOICES:
            return filters.Field(held, filters.enum_list(options))
        case FieldType.FLAG:
            return filters.Field(held, filters.BOOL)
        case _:
            return filters.Field(held, filters.STRING)
