"""How a model lies in the columns of its table: worked out once, when the table is declared."""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlalchemy import Table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["reader_and_writer"]

R = TypeVar("R", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class _Spread:
    """A field of a model that is kept in several columns."""

    field: int
    column: int
    parts: type[Any]

    def gather(self, row: list[Any]) -> None:
        """Puts the value in the place of its columns."""
        width = len(self.parts._fields)
        found = row[self.column : self.column + width]
        value = None if found[0] is None else self.parts(*found)
        row[self.column : self.column + width] = [value]

    def scatter(self, values: list[Any]) -> None:
        """Puts the columns in the place of the value."""
        value = values[self.field]
        values[self.field : self.field + 1] = (
            [None] * len(self.parts._fields) if value is None else value
        )


def reader_and_writer(
    model: type[R], table: Table
) -> tuple[Callable[[Sequence[Any]], R], Callable[[R], tuple[Any, ...]]]:
    """What makes a model of a row, and a row of a model. Raises TypeError where they don't fit."""
    stored, spread = _layout(model, table)
    make: Callable[..., R] = model
    values_of: Callable[[R], tuple[Any, ...]] = attrgetter(*stored)
    if not spread:
        return lambda row: make(*row), values_of

    def read(row: Sequence[Any]) -> R:
        values = list(row)
        for each in spread:
            each.gather(values)
        return make(*values)

    def write(record: R) -> tuple[Any, ...]:
        values = list(values_of(record))
        for each in spread:
            each.scatter(values)
        return tuple(values)

    return read, write


def _layout(model: type[Any], table: Table) -> tuple[list[str], list[_Spread]]:
    """The fields that are kept in the table, and which of them in several columns; of these the
    last one first, so that none is moved before its turn."""
    types, columns = get_type_hints(model), list(table.columns.keys())
    stored: list[str] = []
    spread: list[_Spread] = []
    expected: list[str] = []
    for field in fields(model):
        if len(expected) == len(columns) and field.default is not MISSING:
            continue
        whole = field.name in table.c
        parts = None if whole else _parts_of(types[field.name])
        if parts is not None:
            spread.insert(0, _Spread(len(stored), len(expected), parts))
        stored.append(field.name)
        expected += [f"{field.name}_{part}" for part in parts._fields] if parts else [field.name]
    if expected != columns:
        raise TypeError(
            f"{table.name} has the columns {', '.join(columns)}; "
            f"{model.__name__} needs {', '.join(expected)}"
        )
    return stored, spread


def _parts_of(annotation: Any) -> type[Any] | None:
    """The NamedTuple that a field holds; None where it holds anything else."""
    optional = get_origin(annotation) in (Union, UnionType)
    choices = get_args(annotation) if optional else (annotation,)
    return next((each for each in choices if hasattr(each, "_fields")), None)
