"""Which customers a statement is about: a few by name, or all within a span of names.

Statements are built once for each kind of selection and run with its parameters.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam

__all__ = ["EVERYONE", "Few", "Selection", "Span"]


class Selection(ABC):
    """Some customers."""

    @classmethod
    @abstractmethod
    def holds(cls, column: ColumnElement[str]) -> ColumnElement[bool]:
        """True for the selected customers, once run with `parameters()` of one of the kind."""

    @abstractmethod
    def includes(self, name: str) -> bool:
        """Whether a customer is selected."""

    @abstractmethod
    def parameters(self) -> Mapping[str, Any]:
        """What the statement is run with."""


@dataclass(frozen=True, slots=True)
class Few(Selection):
    """The customers of these names; at least one, at most some thousand."""

    names: Sequence[str]

    @classmethod
    def holds(cls, column: ColumnElement[str]) -> ColumnElement[bool]:
        return column.in_(bindparam("selected", expanding=True))

    def includes(self, name: str) -> bool:
        return name in self.names

    def parameters(self) -> Mapping[str, Any]:
        return {"selected": list(self.names)}


@dataclass(frozen=True, slots=True)
class Span(Selection):
    """The customers whose names come after one and not after another, byte by byte."""

    after: str
    last: str

    @classmethod
    def holds(cls, column: ColumnElement[str]) -> ColumnElement[bool]:
        return and_(column > bindparam("selected_after"), column <= bindparam("selected_last"))

    def includes(self, name: str) -> bool:
        return self.after < name <= self.last

    def parameters(self) -> Mapping[str, Any]:
        return {"selected_after": self.after, "selected_last": self.last}


# Every name starts with `customers/`, and `0` follows `/`.
EVERYONE: Final = Span("customers/", "customers0")
