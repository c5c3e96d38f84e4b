"""Whom the alerts of a rule may be given to, as the directory of people says, which is the sales
service's. Asked before the transaction, which mustn't wait for anybody."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from guanxi.sales.v1.people_pb2 import LookUpReachRequest

from services.chassis.errors import DomainError, Kind, invalid, unavailable

__all__ = ["Assignees", "PeopleStub"]

_ANSWER_SECONDS: Final = 2.0
_USERS: Final = "users/"
_FIELD: Final = "rule.assignee"


class PeopleStub(Protocol):
    """A PeopleServiceStub, as far as it is used here."""

    @property
    def LookUpReach(self) -> Callable[..., Awaitable[Any]]: ...  # noqa: N802 - gRPC's name


class Assignees:
    """Asks for one person at a time: rules are written by hand."""

    def __init__(self, people: PeopleStub | None) -> None:
        """Without a stub, as where nothing is served, every name goes."""
        self._people = people

    async def expect(self, assignee: str) -> None:
        """Whether alerts may be given to them. While nobody is in the directory every name goes,
        and an expression (`owner`) always.

        Raises INVALID_ARGUMENT (ASSIGNEE_UNKNOWN, ASSIGNEE_INACTIVE), and UNAVAILABLE
        (PEOPLE_UNAVAILABLE) where the directory can't be asked.
        """
        if self._people is None or not assignee.startswith(_USERS):
            return
        request = LookUpReachRequest(name=assignee)
        try:
            reach = await self._people.LookUpReach(request, timeout=_ANSWER_SECONDS)
        except DomainError as error:
            if error.kind is Kind.UNIMPLEMENTED:  # by a version that has no directory
                return
            raise _unavailable() from error
        if not reach.directory_in_use:
            return
        if not reach.known:
            raise invalid(
                _FIELD, "ASSIGNEE_UNKNOWN", f"{assignee} is not in the directory of people"
            )
        if not reach.active:
            raise invalid(_FIELD, "ASSIGNEE_INACTIVE", f"{assignee} works here no more")


def _unavailable() -> DomainError:
    return unavailable(
        "PEOPLE_UNAVAILABLE",
        "whether the assignee works here is for the directory of people to say, which can't be "
        "asked",
    )
