"""The directory of people as this service keeps it, and asks it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from services.chassis.people import told
from services.chassis.people.directory import Directory
from services.chassis.store import Store
from services.customer.colleagues import messages, store
from services.customer.colleagues.messages import USERS

__all__ = ["PeopleStub", "directory"]


class PeopleStub(told.PeopleStub, Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def ListTeams(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


def directory(database: Store, people: PeopleStub | None) -> Directory:
    """Without a stub there is nobody to ask."""
    if people is None:
        return Directory(database, store.users, teams=store.teams)

    async def ask_teams() -> list[str]:
        names: list[str] = []
        page_token = ""
        while True:
            question = messages.question_of_teams(page_token)
            reply = await people.ListTeams(question, timeout=told.ANSWER_SECONDS)
            names += messages.answered_teams(reply)
            page_token = reply.next_page_token
            if not page_token:
                return names

    return Directory(database, store.users, USERS.asked_of(people), store.teams, ask_teams)
