"""What the directory tells and is asked → people and teams; no rule, no SQL."""

from collections.abc import Iterable
from typing import Any, Final

from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import people_pb2

from services.chassis.people.told import UserMessages

__all__ = ["TYPES", "USERS", "answered_teams", "question_of_teams", "read_teams"]

_TEAMS_AT_ONCE: Final = 1_000

USERS: Final = UserMessages(
    people_pb2.BatchGetUsersRequest,
    people_pb2.UserCreated,
    people_pb2.UserUpdated,
    people_pb2.UserDeactivated,
    people_pb2.UserReactivated,
)
_TEAMS: Final[dict[str, Any]] = {
    message.DESCRIPTOR.full_name: message
    for message in (people_pb2.TeamCreated, people_pb2.TeamUpdated, people_pb2.TeamDeleted)
}
TYPES: Final = USERS.types | _TEAMS.keys()


def read_teams(events: Iterable[Event]) -> list[tuple[str, bool, int]]:
    """Of each team that the events, in order of position, tell of, whether it is there and by
    which event."""
    told: dict[str, tuple[str, bool, int]] = {}
    for event in events:
        message = _TEAMS.get(event.type)
        if message is not None:
            name = message.FromString(event.payload).team.name
            told[name] = (name, message is not people_pb2.TeamDeleted, event.position)
    return list(told.values())


def question_of_teams(page_token: str) -> people_pb2.ListTeamsRequest:
    """Asks for a page of all teams."""
    return people_pb2.ListTeamsRequest(page_size=_TEAMS_AT_ONCE, page_token=page_token)


def answered_teams(reply: people_pb2.ListTeamsResponse) -> list[str]:
    """The names of the teams of a page."""
    return [team.name for team in reply.teams]
