"""Whom a request names, as the directory of people has them: whether anything may be given to
them, and in which team they are."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from services.chassis.errors import invalid, unavailable

__all__ = ["People", "Person"]


@dataclass(frozen=True, slots=True)
class Person:
    """One user, as the event at `position` told; 0 where they were asked for."""

    name: str
    active: bool
    team: str = ""
    manager: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class People:
    """Those of the users and teams that a request names whom the directory has.

    `users` is None while nobody is in it, and `teams` while no team is: then every name goes. Of
    the `unasked` nothing is known here, and the directory couldn't be asked.
    """

    users: Mapping[str, Person] | None = None
    teams: Set[str] | None = None
    unasked: Set[str] = field(default_factory=frozenset)

    def expect(self, field: str, user: str) -> None:
        """Whether something may be given to them; nobody is always possible.

        Raises INVALID_ARGUMENT, whose reason begins with the field (OWNER_UNKNOWN, OWNER_INACTIVE),
        and UNAVAILABLE (PEOPLE_UNAVAILABLE).
        """
        if self.users is None or not user:
            return
        self._expect_asked(user)
        if user not in self.users:
            reason = f"{field.upper()}_UNKNOWN"
            raise invalid(field, reason, f"{user} is not in the directory of people")
        if not self.users[user].active:
            raise invalid(field, f"{field.upper()}_INACTIVE", f"{user} works here no more")

    def expect_team(self, field: str, team: str) -> None:
        """Whether there is such a team; none is always possible.

        Raises INVALID_ARGUMENT, whose reason begins with the field (TEAM_UNKNOWN), and UNAVAILABLE
        (PEOPLE_UNAVAILABLE).
        """
        if self.teams is None or not team:
            return
        self._expect_asked(team)
        if team not in self.teams:
            reason = f"{field.upper()}_UNKNOWN"
            raise invalid(field, reason, f"{team} is not in the directory of people")

    def expect_answered(self) -> None:
        """Whether nobody is left of whom nothing is known: of many rows none goes in then, rather
        than some. Raises UNAVAILABLE (PEOPLE_UNAVAILABLE)."""
        for name in self.unasked:
            self._expect_asked(name)

    def may_be_given(self, user: str) -> bool:
        """Whether something may be given to them."""
        if self.users is None:
            return True
        known = self.users.get(user)
        return known is not None and known.active

    def team_of(self, user: str) -> str:
        """Their team; empty where they have none, or the directory doesn't have them."""
        known = (self.users or {}).get(user)
        return known.team if known else ""

    def _expect_asked(self, name: str) -> None:
        if name in self.unasked:
            raise unavailable(
                "PEOPLE_UNAVAILABLE",
                f"{name} is not known here yet, and the directory of people can't be asked",
            )
