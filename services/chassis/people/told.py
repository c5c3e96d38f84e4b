"""What the directory of people tells of users in its events, and is asked → people; whose messages
these are is not known here."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.people.directory import AskUsers
from services.chassis.people.known import Person

__all__ = ["ANSWER_SECONDS", "PeopleStub", "UserMessages"]

ANSWER_SECONDS: Final = 2.0
"""How long the directory is waited for."""


class PeopleStub(Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def BatchGetUsers(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


class UserMessages:
    """The directory's messages about users: the question for those that there are, and the events,
    each with the `user` as they are after it."""

    def __init__(self, question: Any, *events: Any) -> None:
        self._question: Final = question
        self._events: Final = {each.DESCRIPTOR.full_name: each for each in events}
        self.types: Final = frozenset(self._events)

    def read(self, events: Iterable[Event]) -> dict[str, Person]:
        """The newest of each user that the events, in order of position, tell of."""
        told: dict[str, Person] = {}
        for event in events:
            message = self._events.get(event.type)
            if message is not None:
                user = message.FromString(event.payload).user
                told[user.name] = _person(user, event.position)
        return told

    def asked_of(self, people: PeopleStub) -> AskUsers:
        """Asks the directory itself."""

        async def ask(names: Sequence[str]) -> list[Person]:
            question = self._question(names=names, allow_missing=True)
            reply = await people.BatchGetUsers(question, timeout=ANSWER_SECONDS)
            return [_person(user, 0) for user in reply.users]

        return ask


def _person(user: Any, position: int) -> Person:
    return Person(user.name, user.active, user.team, user.manager, position)
