"""Who made a change, as its event says it: JSON in the log, and a message on the feed."""

import json
from functools import lru_cache

from guanxi.events.v1.event_feed_pb2 import Actor

from services.chassis.caller import Caller, Scope

__all__ = ["actor_message", "actor_text"]

_KEPT = 1_000  # an import writes the same one thousands of times
_SCOPES = {scope.name: Actor.Scope.Value(f"SCOPE_{scope.name}") for scope in Scope}


def actor_text(caller: Caller) -> str:
    """The caller as the log keeps them."""
    return _text(
        caller.subject,
        caller.key,
        caller.roles,
        caller.teams,
        caller.granted or caller.scope,
        caller.permissions,
        caller.importing,
    )


@lru_cache(maxsize=_KEPT)
def actor_message(text: str) -> Actor:
    """The actor that the log keeps as this text; shared, so not to be changed.

    A scope that only a newer version knows is not stated.
    """
    kept = json.loads(text)
    permissions = kept.get("permissions")
    return Actor(
        subject=kept["subject"],
        key=kept.get("key", ""),
        roles=kept.get("roles", ()),
        teams=kept.get("teams", ()),
        scope=_SCOPES.get(kept.get("scope"), Actor.SCOPE_UNSPECIFIED),
        permissions=None if permissions is None else Actor.Permissions(patterns=permissions),
        importing=kept.get("importing", False),
    )


@lru_cache(maxsize=_KEPT)
def _text(
    subject: str,
    key: str,
    roles: tuple[str, ...],
    teams: tuple[str, ...],
    scope: Scope,
    permissions: tuple[str, ...] | None,
    importing: bool,
) -> str:
    said = {
        "subject": subject,
        "key": key,
        "roles": roles,
        "teams": teams,
        "scope": scope.name,
        "importing": importing,
    }
    told: dict[str, object] = {name: value for name, value in said.items() if value}
    if permissions is not None:
        told["permissions"] = permissions  # also none at all, which allows nothing
    return json.dumps(told)
