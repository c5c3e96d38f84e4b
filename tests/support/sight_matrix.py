"""Every method of a service, asked by everybody a row may have to do with: what they learn of it.

The methods are those of the contracts: a new one is in it at once, and must say how it is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from typing import Any, Final

from google.protobuf.message import Message

from services.chassis.access import Roles
from services.chassis.access.roles import Grant, Pattern
from services.chassis.caller import Scope
from services.chassis.descriptors import DataScope, Idempotency, Method, load_catalogue
from services.chassis.errors import DomainError
from services.chassis.status import from_status
from tests.support.services import RunningService

__all__ = [
    "ANY_SCOPE",
    "OWNER",
    "READ_ROW",
    "TEAM",
    "Ask",
    "Matrix",
    "Takes",
]

OWNER, TEAM = "users/olive", "teams/north"
# The customer whom all reads are about; each change has one of its own.
READ_ROW: Final = "read"
# What is asked here is sight alone, so every role has every permission.
ANY_SCOPE: Final = Roles(
    {
        role: (Grant(Pattern("*.*.*"), scope),)
        for role, scope in (("own", Scope.OWN), ("team", Scope.TEAM), ("admin", Scope.ALL))
    }
)
_DONE: Final = "done"
_WORK_NEEDED: Final = "PERMISSION_DENIED WORK_NEEDED"


class Takes(Enum):
    """What a caller needs for a method to do what it is asked."""

    SIGHT = 1
    WORK = 2


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody, and what they may do with a row of olive's, of the team north."""

    subject: str
    role: str
    team: str
    may: frozenset[Takes] = frozenset()


CALLERS: Final = {
    "owner": Caller(OWNER, "own", TEAM, frozenset(Takes)),
    "stranger": Caller("users/sam", "own", TEAM),
    "team": Caller("users/tess", "team", TEAM, frozenset(Takes)),
    "other-team": Caller("users/otto", "team", "teams/south"),
    "reader": Caller("users/rita", "own", "teams/west", frozenset({Takes.SIGHT})),
    "worker": Caller("users/wes", "own", "teams/west", frozenset(Takes)),
}
_COMPANY: Final = Caller("users/admin", "admin", "", frozenset(Takes))


@dataclass(frozen=True, slots=True)
class Ask:
    """How a method is asked about the row of this id. What only reads takes sight, all else takes
    work, unless it says otherwise."""

    request: Callable[[str], Message]
    takes: Takes | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One method, and the stub that has it."""

    method: Method
    stub: type[Any]

    @property
    def name(self) -> str:
        return self.method.name

    @property
    def reads(self) -> bool:
        return self.method.idempotency is Idempotency.READ_ONLY

    def row(self, who: str) -> str:
        """The id of the row that somebody asks about."""
        return READ_ROW if self.reads else f"{self.name.lower()}-{who}"


@dataclass(slots=True)
class Matrix:
    """A service's methods × the callers.

    `apart` are methods that are shown elsewhere, and where. `collaborators` says whether the
    service knows them. `told` leaves out of a reply what doesn't come from rows.
    """

    service: RunningService
    asks: Mapping[str, Ask]
    apart: Mapping[str, str] = field(default_factory=dict)
    collaborators: bool = True
    told: Callable[[Any], object] = field(default=lambda reply: reply)
    _channels: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, list[str]]:
        """The ids of the rows that there must be, by the method that asks about them."""
        return {each.name: sorted({each.row(who) for who in CALLERS}) for each in self._asked()}

    async def wrong(self, prepare: Callable[[], Awaitable[None]]) -> dict[str, str]:
        """What isn't as it should be, by method and caller; `prepare` makes the rows.

        Whoever doesn't see a row gets the very answer that everybody got before it was there, and
        whoever sees it the answer of those who see all.
        """
        asked = sorted(self._asked(), key=lambda each: not each.reads)
        self._expect_all_said()
        before = {
            (each.name, row): await self._outcome(each, _COMPANY, row)
            for each in asked
            for row in self.rows[each.name]
        }
        await prepare()
        wrong: dict[str, str] = {}
        for each in asked:
            whole = await self._outcome(each, _COMPANY, READ_ROW) if each.reads else _DONE
            for who, caller in CALLERS.items():
                row = each.row(who)
                absent = before[each.name, row]
                if absent == whole:
                    wrong[each.name] = "says the same whether there is a row or not: ask otherwise"
                    continue
                got = await self._outcome(each, caller, row)
                expected = self._expected(each, who, whole=whole, absent=absent)
                if got != expected:
                    wrong[f"{each.name} by {who}"] = f"{got}\ninstead of\n{expected}"
        return wrong

    def _expected(self, asked: Asked, who: str, *, whole: object, absent: object) -> object:
        collaborates = who in ("reader", "worker")
        may = CALLERS[who].may if self.collaborators or not collaborates else frozenset()
        takes = self.asks[asked.name].takes or (Takes.SIGHT if asked.reads else Takes.WORK)
        if takes in may:
            return whole
        return _WORK_NEEDED if Takes.SIGHT in may else absent

    def _expect_all_said(self) -> None:
        there = {each.name for each in _owned(self.service.name)}
        unsaid = sorted(there - self.asks.keys() - self.apart.keys())
        assert not unsaid, f"say in test_sight_matrix.py how one asks about a row with: {unsaid}"
        gone = sorted((self.asks.keys() | self.apart.keys()) - there)
        assert not gone, f"there are no such methods any more: {gone}"

    def _asked(self) -> list[Asked]:
        return [each for each in _owned(self.service.name) if each.name not in self.apart]

    async def _outcome(self, asked: Asked, caller: Caller, row: str) -> object:
        """What a read answers; that a change is done; or why it is refused."""
        call = getattr(asked.stub(await self._channel(caller)), asked.name)
        try:
            reply: Any = await call(self.asks[asked.name].request(row))
        except DomainError as error:
            return f"{error.kind} {error.reason}"
        for status in dict(getattr(reply, "failed_requests", {})).values():
            refused = from_status(status)
            return f"{refused.kind} {refused.reason}"
        return self.told(reply) if asked.reads else _DONE

    async def _channel(self, caller: Caller) -> Any:
        if caller.subject not in self._channels:
            self._channels[caller.subject] = await self.service.channel(
                caller.subject, role=caller.role, team=caller.team
            )
        return self._channels[caller.subject]


def _owned(service: str) -> list[Asked]:
    """The public methods on rows that belong to somebody."""
    catalogue = load_catalogue()
    methods = [
        (file.name, each.name, catalogue.methods[f"/{file.package}.{each.name}/{one.name}"])
        for file in catalogue.files.file
        if file.package == f"guanxi.{service}.v1"
        for each in file.service
        for one in each.method
    ]
    return [
        Asked(method, getattr(_stubs(proto), f"{name}Stub"))
        for proto, name, method in methods
        if method.data_scope is DataScope.OWNED and not method.internal
    ]


def _stubs(proto: str) -> Any:
    return import_module(proto.removesuffix(".proto").replace("/", ".") + "_pb2_grpc")
