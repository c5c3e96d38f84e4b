"""As whom a reaction acts: the caller who made the change, and no further than their roles and
their key let them."""

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.access.authorizer import Authorizer
from services.chassis.caller import SYSTEM_ROLE, Caller, Scope
from services.chassis.errors import permission_denied

__all__ = ["actor_of"]


def actor_of(event: Event, permission: str, authorizer: Authorizer) -> Caller:
    """The caller who made the change, as they would come to a method that asks for the permission.

    To be believed of an event that came over its producer's own feed, and of no other. Raises
    PERMISSION_DENIED. The suite itself may do everything.
    """
    actor = event.actor
    roles = tuple(actor.roles)
    narrowed = actor.HasField("permissions")
    permissions = tuple(actor.permissions.patterns) if narrowed else None
    if roles == (SYSTEM_ROLE,):
        scope: Scope | None = Scope.ALL
    else:
        scope = authorizer.scope_of(roles, permissions, permission)
    if scope is None:
        raise permission_denied(permission)
    return Caller(
        subject=actor.subject,
        roles=roles,
        teams=tuple(actor.teams),
        scope=scope,
        request_id=event.request_id,
        key=actor.key,
        importing=actor.importing,
        permissions=permissions,
    )
