"""Who made a change, as its event says it: JSON in the log, a message on the feed, and the caller a
reaction acts for."""

import json
from functools import lru_cache

from guanxi.events.v1.event_feed_pb2 import Actor, Event

from services.chassis.caller import Caller, Scope

__all__ = ["actor_message", "actor_of", "actor_text"]

_KEPT = 1_000  # an import writes the same one thousands of times


def actor_text(caller: Caller) -> str:
    """The caller as the log keeps them."""
    return _text(caller.subject, caller.key, caller.roles, caller.teams, caller.scope)


@lru_cache(maxsize=_KEPT)
def actor_message(text: str) -> Actor:
    """The actor that the log keeps as this text; shared, so not to be changed."""
    kept = json.loads(text)
    return Actor(
        subject=kept["subject"],
        key=kept.get("key", ""),
        roles=kept.get("roles", ()),
        teams=kept.get("teams", ()),
        scope=Actor.Scope.Value(f"SCOPE_{kept['scope']}"),
    )


def actor_of(event: Event) -> Caller:
    """The caller who made the change: a reaction that acts for them may do what they may.

    To be believed of an event that came over its producer's own feed, and of no other.
    """
    actor = event.actor
    return Caller(
        subject=actor.subject,
        roles=tuple(actor.roles),
        teams=tuple(actor.teams),
        scope=Scope(actor.scope or Scope.OWN),
        request_id=event.request_id,
        key=actor.key,
    )


@lru_cache(maxsize=_KEPT)
def _text(
    subject: str, key: str, roles: tuple[str, ...], teams: tuple[str, ...], scope: Scope
) -> str:
    said = {"subject": subject, "key": key, "roles": roles, "teams": teams, "scope": scope.name}
    return json.dumps({name: value for name, value in said.items() if value})
