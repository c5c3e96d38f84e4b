"""Who a new row may belong to: the writing side of the data scope (reading is `store.scope`)."""

from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind

__all__ = ["settle_owner"]

_USERS = "users/"


def settle_owner(caller: Caller, owner: str, team: str) -> tuple[str, str]:
    """The owner and team of a row that the caller creates or hands on; empty means their own.

    With scope OWN a caller gives rows to nobody else, with TEAM only within their teams, with ALL
    to anyone. Raises PERMISSION_DENIED, OWNER_NOT_ALLOWED or TEAM_NOT_ALLOWED.
    """
    if not owner and (caller.scope is not Scope.ALL or caller.subject.startswith(_USERS)):
        owner = caller.subject
    if not team and caller.teams:
        team = caller.teams[0]
    if caller.scope is Scope.ALL:
        return owner, team
    if owner != caller.subject and caller.scope is Scope.OWN:
        raise _refused("OWNER_NOT_ALLOWED", "only your own rows", owner=owner)
    own_without_team = owner == caller.subject and not team
    if team not in caller.teams and not own_without_team:
        raise _refused("TEAM_NOT_ALLOWED", "only rows of your own teams", team=team)
    return owner, team


def _refused(reason: str, allowed: str, **metadata: str) -> DomainError:
    (given,) = metadata.values()
    return DomainError(
        Kind.PERMISSION_DENIED,
        reason,
        f"your role writes {allowed}, not those of {given or 'no team'}",
        metadata=metadata,
    )
