"""Who is calling: the identity a request runs under, carried along the task that serves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

__all__ = ["Caller", "Scope", "acting_as", "current_caller"]


class Scope(IntEnum):
    """Which rows a caller works on: their own, their teams', or the company's."""

    OWN = 1
    TEAM = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller in one request: who, what they may see, and the request's id as in the logs."""

    subject: str
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    scope: Scope = Scope.OWN
    request_id: str = ""

    @classmethod
    def system(cls, name: str, request_id: str = "") -> Self:
        """The suite itself, for reactions, sweeps and migrations: sees every row."""
        return cls(f"system/{name}", ("system",), (), Scope.ALL, request_id)


# A context variable is per task: it is how a request's identity reaches its transactions without
# every function in between passing it on.
_current: ContextVar[Caller] = ContextVar("guanxi_caller")


def current_caller() -> Caller:
    """The caller of the running request.

    Raises LookupError outside of a request: background work names itself with `Caller.system`.
    """
    try:
        return _current.get()
    except LookupError:
        raise LookupError("no caller here: pass caller=Caller.system(...) to the store") from None


@contextmanager
def acting_as(caller: Caller) -> Iterator[Caller]:
    """Runs the block as the caller; the access middleware wraps every handler in it."""
    token = _current.set(caller)
    try:
        yield caller
    finally:
        _current.reset(token)
