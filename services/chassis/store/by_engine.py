"""One condition in two forms that mean the same, where the engines' planners need to be told
differently: PostgreSQL gets its own, SQLite the other."""

from typing import Any

from sqlalchemy import Boolean, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["by_engine"]


def by_engine(
    general: ColumnElement[bool], *, postgresql: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The condition in the form that the engine is to have."""
    return _ByEngine(general, postgresql)


class _ByEngine(FunctionElement[bool]):
    """Not a function: the one of two expressions that is written out."""

    name = "by_engine"
    type = Boolean()
    inherit_cache = True


@compiles(_ByEngine)
def _general(element: _ByEngine, compiler: SQLCompiler, **options: Any) -> str:
    general, _ = element.clauses
    return f"({compiler.process(general, **options)})"


@compiles(_ByEngine, "postgresql")
def _postgresql(element: _ByEngine, compiler: SQLCompiler, **options: Any) -> str:
    _, postgresql = element.clauses
    return f"({compiler.process(postgresql, **options)})"
