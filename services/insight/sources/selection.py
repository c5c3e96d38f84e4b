"""Which customers a statement is about: a few by name, or all within a span of names.

Statements are built once for each kind of selection and run with its parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, bindparam

__all__ = ["EVERYONE", "Few", "Selection", "Span", "condition"]


@dataclass(frozen=True, slots=True)
class Few:
    """The customers of these names; at least one, at most some thousand."""

    names: Sequence[str]

    def parameters(self) -> Mapping[str, Any]:
        return {"selected": list(self.names)}


@dataclass(frozen=True, slots=True)
class Span:
    """The customers whose names come after one and not after another, byte by byte."""

    after: str
    last: str

    def parameters(self) -> Mapping[str, Any]:
        return {"selected_after": self.after, "selected_last": self.last}


Selection: TypeAlias = Few | Span

# Every name starts with `customers/`, and `0` follows `/`.
EVERYONE = Span("customers/", "customers0")


def condition(kind: type[Selection], column: ColumnElement[str]) -> ColumnElement[bool]:
    """True for the selected customers, once run with `parameters()` of a selection of the kind."""
    if kind is Few:
        return column.in_(bindparam("selected", expanding=True))
    return and_(column > bindparam("selected_after"), column <= bindparam("selected_last"))
