"""One condition in two forms that mean the same, where the engines' planners need to be told
differently: PostgreSQL gets its own, SQLite the other."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

__all__ = ["by_engine", "looked_up_by_engine"]


def by_engine(
    general: ColumnElement[bool], *, postgresql: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The condition in the form that the engine is to have."""
    return _ByEngine(general, postgresql)


def looked_up_by_engine(
    general: ColumnElement[bool], *, postgresql: ColumnElement[bool]
) -> ColumnElement[bool]:
    """As `by_engine`, and SQLite may begin with it: what is `by_engine` is compared there with 1,
    so that no index serves it. For statements that have no better beginning."""
    return _LookedUp(general, postgresql)


class _ByEngine(FunctionElement[bool]):
    """Not a function: the one of two expressions that is written out."""

    name = "by_engine"
    type = Boolean()
    inherit_cache = True


class _LookedUp(_ByEngine):
    """Of no type, so that nothing is compared with it."""

    type = NullType()  # type: ignore[assignment] # a condition all the same
    inherit_cache = True


@compiles(_ByEngine)
def _general(element: _ByEngine, compiler: SQLCompiler, **options: Any) -> str:
    general, _ = element.clauses
    return f"({compiler.process(general, **options)})"


@compiles(_ByEngine, "postgresql")
def _postgresql(element: _ByEngine, compiler: SQLCompiler, **options: Any) -> str:
    _, postgresql = element.clauses
    return f"({compiler.process(postgresql, **options)})"
