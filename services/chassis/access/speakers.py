"""Which process may speak for whom, and to whom. What a stolen key is good for ends here, and with
what `[services]` of the roles table lets a service call for itself."""

from typing import Final

from services.chassis.access.identity import Identity

__all__ = ["GATEWAY", "RESERVED_ROLES", "SERVICE_ROLE", "may_speak", "subject_of"]

GATEWAY: Final = "gateway"
# Of processes of the suite acting for themselves.
SERVICE_ROLE: Final = "service"
_CALLERS: Final = ("users/", "apps/")
# Of the suite itself: no person and no app has them.
RESERVED_ROLES: Final = frozenset({SERVICE_ROLE, "system"})


def subject_of(process: str) -> str:
    """As whom a service acts for itself: `services/insight`."""
    return f"services/{process}"


def may_speak(process: str, identity: Identity, audience: object) -> bool:
    """Whether the key of a process may have signed this.

    The gateway speaks for people and apps, and with no role of the suite's own. And as each service
    it speaks for itself, in its one role, to one service at a time: whoever receives that token
    can't use it elsewhere.
    """
    if process == GATEWAY and identity.subject.startswith(_CALLERS):
        return RESERVED_ROLES.isdisjoint(identity.roles)
    alone = isinstance(audience, str) or (isinstance(audience, list) and len(audience) == 1)
    return (
        alone
        and identity.subject == subject_of(process)
        and identity.roles == (SERVICE_ROLE,)
        and not identity.teams
        and identity.scopes is None
    )
