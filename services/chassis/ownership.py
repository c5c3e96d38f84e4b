"""Who a new row may belong to: the writing side of the data scope (reading is `store.scope`)."""

from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind

__all__ = ["expect_may_give", "settle_owner"]


def settle_owner(
    caller: Caller, owner: str, team: str, *, reason: str = "OWNER_NOT_ALLOWED"
) -> tuple[str, str]:
    """The owner and team of a row that the caller creates, where the row says nothing of them.

    It is its creator's then, and of their first team. Who imports, or calls as an app, owns nothing
    by that: with scope ALL such a row is nobody's, with TEAM it is their first team's; with OWN
    they would never see it again, so it stays theirs. A row that is given to somebody else is of no
    team unless it says so; where the caller may give it to one team only, it is that team's.
    Whoever sold something is settled as an owner is, and refused for a `reason` of their own.
    Raises as `expect_may_give`.
    """
    if not owner and _owns_by_creating(caller, team):
        owner = caller.subject
    if not team and _takes_team(caller, owner):
        team = caller.teams[0]
    expect_may_give(caller, owner, team, reason=reason)
    return owner, team


def expect_may_give(
    caller: Caller, owner: str, team: str, *, reason: str = "OWNER_NOT_ALLOWED"
) -> None:
    """Whether the caller may make a row that owner's and that team's, or nobody's.

    With scope OWN a caller gives rows to nobody else, with TEAM only within their teams, with ALL
    to anyone. Raises PERMISSION_DENIED, OWNER_NOT_ALLOWED (or `reason`) or TEAM_NOT_ALLOWED.
    """
    if caller.scope is Scope.ALL:
        return
    if owner != caller.subject and caller.scope is Scope.OWN:
        raise _refused(reason, "only your own rows", owner=owner)
    own_without_team = owner == caller.subject and not team
    if team not in caller.teams and not own_without_team:
        raise _refused("TEAM_NOT_ALLOWED", "only rows of your own teams", team=team)


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
    (given,) = metadata.values()
    return DomainError(
        Kind.PERMISSION_DENIED,
        reason,
        f"your role writes {allowed}, not those of {given or 'nobody'}",
        metadata=metadata,
    )
