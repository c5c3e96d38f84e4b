"""The directory of people as services ask it: who has come, and whose event is under way."""

from __future__ import annotations

from guanxi.sales.v1.people_pb2 import (
    BatchGetUsersRequest,
    BatchGetUsersResponse,
    ListTeamsRequest,
    ListTeamsResponse,
    Team,
    User,
)
from protovalidate import collect_violations

from services.chassis.errors import DomainError, Kind
from tests.support.directory import AWAY, OLDER

__all__ = ["AWAY", "OLDER", "REFUSED", "AskedPeople"]

REFUSED = DomainError(Kind.PERMISSION_DENIED, "PERMISSION_DENIED", "this needs a permission")


class AskedPeople:
    """A PeopleServiceStub: `users` and `teams` are whom it has, `refusal` is what it says instead.

    It takes what the contract takes.
    """

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.teams: list[str] = []
        self.teams_at_once = 1_000
        self.refusal: DomainError | None = None
        self.asked: list[list[str]] = []

    def has(self, name: str, *, active: bool = True, team: str = "") -> None:
        self.users[name] = User(name=name, active=active, team=team)

    async def BatchGetUsers(
        self,
        request: BatchGetUsersRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> BatchGetUsersResponse:
        self.asked.append(list(request.names))
        assert request.allow_missing
        self._answer(request)
        there = [self.users[name] for name in request.names if name in self.users]
        return BatchGetUsersResponse(users=there)

    async def ListTeams(
        self,
        request: ListTeamsRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> ListTeamsResponse:
        self._answer(request)
        first = int(request.page_token or 0)
        end = first + self.teams_at_once
        return ListTeamsResponse(
            teams=[Team(name=name) for name in self.teams[first:end]],
            next_page_token=str(end) if end < len(self.teams) else "",
        )

    def _answer(self, request: BatchGetUsersRequest | ListTeamsRequest) -> None:
        if self.refusal is not None:
            raise self.refusal
        assert not collect_violations(request)
