"""Asks the directory for those whose event may be on its way."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from services.chassis.people.directory import Directory
from services.chassis.people.known import Person
from services.chassis.store import Store
from services.customer.colleagues import messages, store

__all__ = ["PeopleStub", "directory"]

_ANSWER_SECONDS = 2.0


class PeopleStub(Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def BatchGetUsers(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name
    @property
    def ListTeams(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - likewise


def directory(database: Store, people: PeopleStub | None) -> Directory:
    """The directory as this service keeps it; without a stub there is nobody to ask."""
    if people is None:
        return Directory(database, store.users, teams=store.teams)

    async def ask_users(names: Sequence[str]) -> list[Person]:
        question = messages.question_of_users(names)
        return messages.answered_users(
            await people.BatchGetUsers(question, timeout=_ANSWER_SECONDS)
        )

    async def ask_teams() -> list[str]:
        names: list[str] = []
        page_token = ""
        while True:
            question = messages.question_of_teams(page_token)
            reply = await people.ListTeams(question, timeout=_ANSWER_SECONDS)
            names += messages.answered_teams(reply)
            page_token = reply.next_page_token
            if not page_token:
                return names

    return Directory(database, store.users, ask_users, store.teams, ask_teams)
