"""One column of a list's order, in SQL: how it sorts, and what comes after a value of it.

Missing values come last, in either direction and on either engine.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, TypeDecorator, false, literal, or_
from sqlalchemy.types import TypeEngine

from services.chassis.lists.page_token import KeyValue
from services.chassis.store.columns import UtcTime

__all__ = ["PageKey"]


@dataclass(frozen=True, slots=True)
class PageKey:
    """A column to order by; it takes an expression, or a column that may be NULL, as nullable."""

    column: ColumnElement[Any]
    descending: bool

    @property
    def nullable(self) -> bool:
        return not isinstance(self.column, Column) or bool(self.column.nullable)

    def ordering(self) -> ColumnElement[Any]:
        ordered = self.column.desc() if self.descending else self.column.asc()
        # NULLS LAST can keep an index from being used, so only where it says something.
        return ordered.nulls_last() if self.nullable else ordered

    def at(self, value: KeyValue) -> ColumnElement[bool]:
        """The rows with this value."""
        return self.column.is_(None) if value is None else self.column == self.bind(value)

    def after(self, value: KeyValue) -> ColumnElement[bool]:
        """The rows that sort after this value."""
        if value is None:
            return false()
        bound = self.bind(value)
        beyond = self.column < bound if self.descending else self.column > bound
        return or_(beyond, self.column.is_(None)) if self.nullable else beyond

    def from_on(self, value: KeyValue) -> ColumnElement[bool]:
        """The rows that do not sort before this value."""
        if value is None or self.nullable:
            return or_(self.at(value), self.after(value))
        bound = self.bind(value)
        return self.column <= bound if self.descending else self.column >= bound

    def bind(self, value: KeyValue) -> ColumnElement[Any]:
        return literal(value, self.column.type)

    def holds(self, value: KeyValue) -> bool:
        """Whether the column can have this value, so that binding it can't fail."""
        if value is None:
            return self.nullable
        return type(value) in _python_types(self.column.type)


def _python_types(column_type: TypeEngine[Any]) -> tuple[type, ...]:
    if isinstance(column_type, UtcTime):
        return (datetime,)
    stored = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    plain = stored.python_type
    return (int, float) if plain is float else (plain,)
