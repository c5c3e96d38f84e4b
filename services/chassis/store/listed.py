"""Whether a column's value is in a list that is one parameter: however long the list is, the
statement stays the same, is compiled once, and has room for others."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    any_,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from services.chassis.store.by_engine import by_engine, looked_up_by_engine
from services.chassis.store.columns import Names

__all__ = ["Listed", "is_listed", "is_looked_up"]


class Listed(TypeDecorator[Sequence[str]]):
    """A parameter that is a list of names; no column: SQLite takes it as JSON."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(Text()))
        return dialect.type_descriptor(Names())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return self.load_dialect_impl(dialect).bind_processor(dialect)


def is_listed(
    column: ColumnElement[Any], listed: BindParameter[Sequence[str]]
) -> ColumnElement[bool]:
    """True where the column holds one of the names; SQLite looks at each row that it has by other
    conditions, or in an order."""
    return by_engine(_in_json(column, listed), postgresql=column == any_(listed))


def is_looked_up(
    column: ColumnElement[Any], listed: BindParameter[Sequence[str]]
) -> ColumnElement[bool]:
    """As `is_listed`, and the rows are found by the column's index."""
    return looked_up_by_engine(_in_json(column, listed), postgresql=column == any_(listed))


def _in_json(
    column: ColumnElement[Any], listed: BindParameter[Sequence[str]]
) -> ColumnElement[bool]:
    return column.in_(select(func.json_each(listed).table_valued("value").c.value))
