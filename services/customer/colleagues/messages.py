"""What the directory tells and is asked → colleagues; no rule, no SQL."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import people_pb2

from services.customer.colleagues.model import Colleague

__all__ = ["TYPES", "answered", "question", "read_colleagues"]

# No event has told it: the first position is 1.
_ASKED_FOR: Final = 0

_MESSAGES: Final[dict[str, Any]] = {
    message.DESCRIPTOR.full_name: message
    for message in (
        people_pb2.UserCreated,
        people_pb2.UserUpdated,
        people_pb2.UserDeactivated,
        people_pb2.UserReactivated,
    )
}
TYPES: Final = frozenset(_MESSAGES)


def read_colleagues(events: Iterable[Event]) -> dict[str, Colleague]:
    """The newest of each user that the events, in order of position, tell of."""
    told: dict[str, Colleague] = {}
    for event in events:
        message = _MESSAGES.get(event.type)
        if message is not None:
            user = message.FromString(event.payload).user
            told[user.name] = Colleague(user.name, user.active, event.position)
    return told


def question(names: Collection[str]) -> people_pb2.BatchGetUsersRequest:
    """Asks for those of the users that there are."""
    return people_pb2.BatchGetUsersRequest(names=sorted(names), allow_missing=True)


def answered(reply: people_pb2.BatchGetUsersResponse) -> list[Colleague]:
    """The colleagues that there are."""
    return [Colleague(user.name, user.active, _ASKED_FOR) for user in reply.users]
