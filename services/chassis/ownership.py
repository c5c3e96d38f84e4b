"""Whose a row may become: the writing side of the data scope (reading is `store.scope`)."""

from typing import Protocol

from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind
from services.chassis.people.known import People

__all__ = ["Kept", "expect_may_hand_on", "owner_of_new", "settle_owner", "team_along"]

# Where no directory is kept, every name goes.
_EVERYBODY = People()


class Kept(Protocol):
    """A row that somebody looks after, or nobody."""

    @property
    def owner(self) -> str: ...
    @property
    def team(self) -> str: ...


def owner_of_new(caller: Caller, owner: str, team: str) -> str:
    """Whose a row that the caller creates would be: whom it names, or its creator, or nobody."""
    return caller.subject if not owner and _owns_by_creating(caller, team) else owner


def settle_owner(
    caller: Caller,
    owner: str,
    team: str,
    *,
    people: People = _EVERYBODY,
    reason: str = "OWNER_NOT_ALLOWED",
) -> tuple[str, str]:
    """The owner and team of a row that the caller creates, where the row says nothing of them.

    It is its creator's then, and of their first team. Who imports, or calls as an app, owns nothing
    by that: with scope ALL such a row is nobody's, with TEAM it is their first team's; with OWN
    they would never see it again, so it stays theirs. It is nobody's, too, where its creator has
    scope ALL and `people` doesn't have them.
    A row that is given to somebody else is of the team that `people` says they are in. Where it
    says none, it is of no team; where the caller may give it to one team only, it is that team's.
    Whoever sold something is settled as an owner is, and refused for a `reason` of their own.
    Raises PERMISSION_DENIED, OWNER_NOT_ALLOWED (or `reason`) or TEAM_NOT_ALLOWED: with scope OWN a
    caller gives rows to nobody else, with TEAM only within their teams, with ALL to anyone; and
    CALLER_UNKNOWN for a creator with OWN or TEAM whom the directory doesn't have.
    """
    if not owner:
        owner = _creator(caller, team, people)
    if not team:
        team = team_along(caller, owner, people)
    if not team and _takes_team(caller, owner):
        team = caller.teams[0]
    _expect_may_give(caller, owner, team, reason=reason)
    return owner, team


def team_along(caller: Caller, owner: str, people: People) -> str:
    """The team that a row comes to with its owner; none where they have none, or `people` doesn't
    say. A caller's own is with them, and fresher than what is kept."""
    team = people.team_of(owner)
    return caller.teams[0] if team and owner == caller.subject and caller.teams else team


def expect_may_hand_on(caller: Caller, before: Kept, after: Kept) -> None:
    """Whether the caller may make a row of one owner and team that of another's, or nobody's.

    It has to be theirs to give as it was, and they give as `settle_owner` does. With scope OWN that
    is a row they own, which stays theirs; with TEAM also one of their teams. Whoever is let in to
    work on a row may not take it, nor give it away. Raises as `settle_owner`.
    """
    if (before.owner, before.team) == (after.owner, after.team):
        return
    if caller.scope is not Scope.ALL and before.owner != caller.subject:
        if caller.scope is Scope.OWN:
            raise _refused("OWNER_NOT_ALLOWED", "hands on only your own rows", owner=before.owner)
        if before.team not in caller.teams:
            raise _refused("TEAM_NOT_ALLOWED", "hands on only your teams' rows", team=before.team)
    _expect_may_give(caller, after.owner, after.team, reason="OWNER_NOT_ALLOWED")


def _expect_may_give(caller: Caller, owner: str, team: str, *, reason: str) -> None:
    if caller.scope is Scope.ALL:
        return
    if owner != caller.subject and caller.scope is Scope.OWN:
        raise _refused(reason, "writes only your own rows", owner=owner)
    own_without_team = owner == caller.subject and not team
    if team not in caller.teams and not own_without_team:
        raise _refused("TEAM_NOT_ALLOWED", "writes only rows of your own teams", team=team)


def _creator(caller: Caller, team: str, people: People) -> str:
    owner = owner_of_new(caller, "", team)
    if not owner or people.may_be_given(owner):
        return owner
    if caller.scope is Scope.ALL:
        return ""
    raise DomainError(
        Kind.PERMISSION_DENIED,
        "CALLER_UNKNOWN",
        "you are not in the directory of people, or work here no more; an admin adds you with "
        "POST /v1/users",
    )


def _owns_by_creating(caller: Caller, team: str) -> bool:
    if caller.in_person:
        return True
    if caller.scope is Scope.TEAM:
        return not team and not caller.teams
    return caller.scope is Scope.OWN


def _takes_team(caller: Caller, owner: str) -> bool:
    if not caller.teams:
        return False
    if owner and owner != caller.subject:
        return caller.scope is Scope.TEAM and len(caller.teams) == 1
    return bool(owner) or caller.scope is Scope.TEAM


def _refused(reason: str, allowed: str, **metadata: str) -> DomainError:
    ((field, given),) = metadata.items()
    whose = given or ("no team" if field == "team" else "nobody")
    return DomainError(
        Kind.PERMISSION_DENIED,
        reason,
        f"your role {allowed}, not those of {whose}",
        metadata=metadata,
    )
