"""Looks people up to whom a request gives something: as the mirror shows them, and as the
directory says of those whose event may be on its way."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn, TypeVar

from services.chassis.errors import DomainError, Kind, unavailable
from services.chassis.people.known import People, Person
from services.chassis.people.mirror import TeamMirror, UserMirror
from services.chassis.store import Store

__all__ = ["AskTeams", "AskUsers", "Directory"]

T = TypeVar("T")

# As many as the directory says at once.
_MOST: Final = 1_000
_AWAY: Final = frozenset({Kind.UNAVAILABLE, Kind.DEADLINE_EXCEEDED})

AskUsers = Callable[[Sequence[str]], Awaitable[Iterable[Person]]]
"""Those of the users, 1,000 at most, that there are."""

AskTeams = Callable[[], Awaitable[Iterable[str]]]
"""All teams."""


async def _nobody_to_ask(*_: object) -> NoReturn:
    raise unavailable("UNAVAILABLE", "nobody says where the directory is")


@dataclass(frozen=True, slots=True)
class Directory:
    """What a service asks before its transaction, which mustn't wait for anybody.

    Without anybody to ask only the mirror is known. A directory of a version that has none has
    nobody in it: whoever isn't known goes.
    """

    store: Store
    users: UserMirror[Any]
    ask_users: AskUsers = _nobody_to_ask
    teams: TeamMirror | None = None
    ask_teams: AskTeams = _nobody_to_ask

    async def look_up(self, users: Set[str], teams: Set[str] = frozenset()) -> People:
        """What is known of them. Whom the mirror lacks is asked for, and who has left, for they may
        have come back; where the directory is away, what it told last holds. Raises what else it
        answers."""
        users, teams = users - {""}, teams - {""}
        if not users and not teams:
            return People({}, frozenset())
        known = await self._mirrored(users, teams)
        return await self._with_teams(await self._with_users(known, users), teams)

    async def _mirrored(self, users: Set[str], teams: Set[str]) -> People:
        async with self.store.read() as tx:
            found = await self.users.among(tx, users)
            nobody = len(found) < len(users) and await self.users.is_empty(tx)
            if self.teams is None:
                return People(None if nobody else found)
            there = await self.teams.among(tx, teams)
            none = len(there) < len(teams) and await self.teams.is_empty(tx)
            return People(None if nobody else found, None if none else there)

    async def _with_users(self, known: People, names: Set[str]) -> People:
        doubtful = sorted(name for name in names if not known.may_be_given(name))
        if known.users is None or not doubtful:
            return known
        unknown = names - known.users.keys()
        told = await _answered(self._asked(doubtful), [Person(each, True) for each in unknown])
        if told is None:
            return replace(known, unasked=known.unasked | unknown)
        return replace(known, users={**known.users, **{each.name: each for each in told}})

    async def _with_teams(self, known: People, names: Set[str]) -> People:
        if known.teams is None or names <= known.teams:
            return known
        unknown = names - known.teams
        told = await _answered(self.ask_teams(), unknown)
        if told is None:
            return replace(known, unasked=known.unasked | unknown)
        return replace(known, teams=known.teams | (unknown & set(told)))

    async def _asked(self, names: Sequence[str]) -> list[Person]:
        """Asks for so many at once, for a request may name more."""
        told: list[Person] = []
        for first in range(0, len(names), _MOST):
            told += await self.ask_users(names[first : first + _MOST])
        return told


async def _answered(
    asked: Awaitable[Iterable[T]], of_an_older_version: Collection[T]
) -> Iterable[T] | None:
    """What the directory says; None where it is away."""
    try:
        return await asked
    except DomainError as error:
        if error.kind is Kind.UNIMPLEMENTED:
            return of_an_older_version
        if error.kind in _AWAY:
            return None
        raise
