"""Every method of a service, asked by everybody a row may have to do with: what they learn of it.
An assignee is asked for where a table has them (`assigned.py`): theirs are its rows, and no more.

The methods are those of the contracts: a new one is in it at once, and must say how it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.chassis.access import Roles
from services.chassis.access.roles import Grant, Pattern
from services.chassis.caller import Scope
from services.chassis.descriptors import DataScope
from services.chassis.errors import DomainError
from services.chassis.status import from_status
from tests.support.asks import Asked, Takes, World, methods_of
from tests.support.assigned import is_of_assigned, is_of_one

__all__ = ["ANY_SCOPE", "ASSIGNEE", "OWNER", "READ_ROW", "TEAM", "Matrix"]

OWNER, TEAM = "users/olive", "teams/north"
# To whom rows are given whose table has an assignee; whose customer it is, they aren't.
ASSIGNEE: Final = "users/asa"
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
    "assignee": Caller(ASSIGNEE, "own", "teams/west", frozenset(Takes)),
}
_COMPANY: Final = Caller("users/admin", "admin", "", frozenset(Takes))


@dataclass(slots=True)
class Matrix:
    """A world's methods × the callers.

    `apart` are methods that are shown elsewhere, and where. `collaborators` says whether the
    service knows them. `told` leaves out of a reply what doesn't come from rows.
    """

    world: World
    apart: Mapping[str, str] = field(default_factory=dict)
    collaborators: bool = True
    told: Callable[[Any], object] = field(default=lambda reply: reply)
    _channels: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, list[str]]:
        """The ids of the rows that there must be, by the method that asks about them."""
        callers = self._callers()
        return {each.name: sorted({_row(each, who) for who in callers}) for each in self._asked()}

    async def wrong(self) -> dict[str, str]:
        """What isn't as it should be, by method and caller.

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
        await self.world.prepare(self.rows)
        wrong: dict[str, str] = {}
        for each in asked:
            whole = await self._outcome(each, _COMPANY, READ_ROW) if each.reads else _DONE
            for who, caller in self._callers().items():
                row = _row(each, who)
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
        may = CALLERS[who].may if self._has_to_do(who, asked) else frozenset()
        takes = self.world.asks[asked.name].takes or (Takes.SIGHT if asked.reads else Takes.WORK)
        if takes in may:
            return whole
        return _WORK_NEEDED if Takes.SIGHT in may else absent

    def _has_to_do(self, who: str, asked: Asked) -> bool:
        """Whether they are to the rows of a method what they are called."""
        if who not in ("owner", "assignee") and is_of_one(asked):
            return False
        if who in ("reader", "worker"):
            return self.collaborators
        return who != "assignee" or is_of_assigned(asked)

    def _callers(self) -> dict[str, Caller]:
        """Nobody is an assignee where no row has one."""
        assigned = any(map(is_of_assigned, self._asked()))
        return {who: caller for who, caller in CALLERS.items() if assigned or who != "assignee"}

    def _expect_all_said(self) -> None:
        there = {each.name for each in _owned(self.world.service.name)}
        unsaid = sorted(there - self.world.asks.keys() - self.apart.keys())
        assert not unsaid, f"say in tests/support/worlds how one asks about a row with: {unsaid}"
        gone = sorted((self.world.asks.keys() | self.apart.keys()) - there)
        assert not gone, f"there are no such methods any more: {gone}"

    def _asked(self) -> list[Asked]:
        return [each for each in _owned(self.world.service.name) if each.name not in self.apart]

    async def _outcome(self, asked: Asked, caller: Caller, row: str) -> object:
        """What a read answers; that a change is done; or why it is refused."""
        call = getattr(asked.stub(await self._channel(caller)), asked.name)
        try:
            reply: Any = await call(self.world.asks[asked.name].request(row))
        except DomainError as error:
            return f"{error.kind} {error.reason}"
        for status in dict(getattr(reply, "failed_requests", {})).values():
            refused = from_status(status)
            return f"{refused.kind} {refused.reason}"
        return self.told(reply) if asked.reads else _DONE

    async def _channel(self, caller: Caller) -> Any:
        if caller.subject not in self._channels:
            self._channels[caller.subject] = await self.world.service.channel(
                caller.subject, role=caller.role, team=caller.team
            )
        return self._channels[caller.subject]


def _owned(service: str) -> list[Asked]:
    """The public methods on rows that belong to somebody."""
    return [each for each in methods_of(service) if each.method.data_scope is DataScope.OWNED]


def _row(asked: Asked, who: str) -> str:
    """The id of the row that somebody asks about."""
    return READ_ROW if asked.reads else f"{asked.name.lower()}-{who}"
