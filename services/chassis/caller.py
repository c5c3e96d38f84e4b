"""Who is calling: the identity a request runs under, carried along the task that serves it."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

__all__ = ["SYSTEM_ROLE", "Caller", "Scope", "acting_as", "current_caller"]


# Of the suite itself, which no table of roles names and no token can have.
SYSTEM_ROLE: Final = "system"
# Roles of programs: an app of the company, and the suite itself.
_USERS = "users/"
_PROGRAMS = frozenset({"app", "service", SYSTEM_ROLE})


class Scope(IntEnum):
    """Which rows a caller works on: their own, their teams', or the company's."""

    OWN = 1
    TEAM = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller in one request: who, what they may see, and the request's id as in the logs.

    `key` is the id of the API key they came with; empty where they came otherwise. `importing`: the
    method brings in many rows at once, which others have written. `granted` is the scope their
    roles give them, where it is not the `scope` they work with: a method on rows of the whole
    company. `permissions` are the patterns that the key narrows the roles to, None for none. A team
    without a name is none: rows that have no team are nobody's, not that team's.
    """

    subject: str
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    scope: Scope = Scope.OWN
    request_id: str = ""
    key: str = ""
    importing: bool = False
    granted: Scope | None = None
    permissions: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if "" in self.teams:
            object.__setattr__(self, "teams", tuple(filter(None, self.teams)))

    @property
    def teams_seen(self) -> tuple[str, ...]:
        """The teams whose rows are in their sight besides their own."""
        return self.teams if self.scope is Scope.TEAM else ()

    @property
    def sees_company(self) -> bool:
        """Whether every row of the company is in their sight, so that its numbers may be told."""
        return (self.granted or self.scope) is Scope.ALL

    @property
    def in_person(self) -> bool:
        """Whether what is created is the caller's own doing: a person's, and no import's."""
        person = self.subject.startswith(_USERS) and not _PROGRAMS.issuperset(self.roles)
        return person and not self.importing

    @classmethod
    def system(cls, name: str, request_id: str = "") -> Self:
        """The suite itself, for reactions, sweeps and migrations: sees every row."""
        return cls(f"system/{name}", (SYSTEM_ROLE,), (), Scope.ALL, request_id)


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


class acting_as:  # noqa: N801 - read as a statement: `with acting_as(caller):`
    """Runs the block as the caller; the access middleware wraps every handler in it.

    A class, since a generator would cost each RPC 2 µs.
    """

    __slots__ = ("_caller", "_token")

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def __enter__(self) -> Caller:
        self._token = _current.set(self._caller)
        return self._caller

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
