"""Statements that are made of what people write, of a kind that nobody writes twice: each keeps its
compiled form itself, and takes it along when it goes.

In the engine's memory a thousand of them would stand for hundreds of MB, long after the last use.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, CursorResult, Executable

from services.chassis.store.connections import Parameters

__all__ = ["execute", "execution_options", "kept_apart"]

S = TypeVar("S", bound=Executable)

_OWN: Final = "compiled_apart"
_NONE: Final[Mapping[str, Any]] = {}


def kept_apart(statement: S) -> S:
    """The statement, which is compiled for itself alone, once for each form of its parameters."""
    return statement.execution_options(**{_OWN: {}})


def execution_options(statement: Executable) -> Mapping[str, Any]:
    """What it is executed with."""
    own = statement.get_execution_options().get(_OWN)
    return _NONE if own is None else {"compiled_cache": own}


def execute(
    connection: Connection, statement: Executable, parameters: Parameters | None
) -> CursorResult[*tuple[Any, ...]]:
    """Runs the statement."""
    return connection.execute(statement, parameters, execution_options=execution_options(statement))
