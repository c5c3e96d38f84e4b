"""What the directory of people tells in its events → people; whose messages they are is not known
here."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.people.known import Person

__all__ = ["User", "UserEvents", "person_of"]


class User(Protocol):
    """A user in the directory's own words."""

    @property
    def name(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def team(self) -> str: ...
    @property
    def manager(self) -> str: ...


def person_of(user: User, position: int = 0) -> Person:
    """The user, as the event at a position told them; 0 where they were asked for."""
    return Person(user.name, user.active, user.team, user.manager, position)


class UserEvents:
    """Reads the events that carry a `user` as they are after it."""

    def __init__(self, *messages: Any) -> None:
        self._messages: Final = {each.DESCRIPTOR.full_name: each for each in messages}
        self.types: Final = frozenset(self._messages)

    def read(self, events: Iterable[Event]) -> dict[str, Person]:
        """The newest of each user that the events, in order of position, tell of."""
        told: dict[str, Person] = {}
        for event in events:
            message = self._messages.get(event.type)
            if message is not None:
                user = message.FromString(event.payload).user
                told[user.name] = person_of(user, event.position)
        return told
