"""Transport room of people: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.sales.v1 import people_pb2, people_pb2_grpc

from services.chassis import field_mask
from services.chassis.batches import failed_requests, read_items
from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.chassis.turns import made_in_turns
from services.sales.people import actions, messages
from services.sales.people.messages import to_team, to_user
from services.sales.people.model import UserDraft
from services.sales.people.store import teams, users

__all__ = ["PeopleServicer"]


class PeopleServicer(people_pb2_grpc.PeopleServiceServicer):
    """Serves guanxi.sales.v1.PeopleService."""

    def __init__(self, database: Store, *, calendar: BusinessCalendar, ids: Ids) -> None:
        self._store = database
        self._calendar = calendar
        self._ids = ids

    async def CreateUser(
        self, request: people_pb2.CreateUserRequest, context: Any
    ) -> people_pb2.User:
        new = self._read_user(request)

        async def work(tx: WriteTransaction) -> people_pb2.User:
            return to_user(await actions.create_user(tx, new))

        return await self._store.answer(request, people_pb2.User, work)

    async def BatchCreateUsers(
        self, request: people_pb2.BatchCreateUsersRequest, context: Any
    ) -> people_pb2.BatchCreateUsersResponse:
        new, refused = await read_items(request.requests, self._read_user)

        async def work(tx: WriteTransaction) -> people_pb2.BatchCreateUsersResponse:
            outcomes = await actions.create_users(tx, new, validate_only=request.validate_only)
            return people_pb2.BatchCreateUsersResponse(
                users=await made_in_turns(to_user, outcomes.created),
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer(request, people_pb2.BatchCreateUsersResponse, work)

    async def GetUser(self, request: people_pb2.GetUserRequest, context: Any) -> people_pb2.User:
        async with self._store.read() as tx:
            return to_user(await users.get(tx, request.name))

    async def ListUsers(
        self, request: people_pb2.ListUsersRequest, context: Any
    ) -> people_pb2.ListUsersResponse:
        async with self._store.read() as tx:
            page = await users.page(tx, Listing.of(request, self._calendar))
        sent = await page.sent(to_user)
        return people_pb2.ListUsersResponse(
            users=sent.messages, next_page_token=sent.next_page_token
        )

    async def BatchGetUsers(
        self, request: people_pb2.BatchGetUsersRequest, context: Any
    ) -> people_pb2.BatchGetUsersResponse:
        look_up = users.those_found if request.allow_missing else users.many
        async with self._store.read() as tx:
            found = await look_up(tx, request.names)
        return people_pb2.BatchGetUsersResponse(users=await made_in_turns(to_user, found))

    async def UpdateUser(
        self, request: people_pb2.UpdateUserRequest, context: Any
    ) -> people_pb2.User:
        user = request.user
        fields = field_mask.resolve(request.update_mask, user)
        draft = messages.user_draft(user)

        async def work(tx: WriteTransaction) -> people_pb2.User:
            changed = to_user(await actions.change_user(tx, user.name, user.etag, draft, fields))
            field_mask.expect_fixed(request.update_mask, user, changed)
            return changed

        return await self._store.answer(request, people_pb2.User, work)

    async def DeactivateUser(
        self, request: people_pb2.DeactivateUserRequest, context: Any
    ) -> people_pb2.User:
        async def work(tx: WriteTransaction) -> people_pb2.User:
            return to_user(await actions.deactivate_user(tx, request.name, request.etag))

        return await self._store.answer(request, people_pb2.User, work)

    async def ReactivateUser(
        self, request: people_pb2.ReactivateUserRequest, context: Any
    ) -> people_pb2.User:
        async def work(tx: WriteTransaction) -> people_pb2.User:
            return to_user(await actions.reactivate_user(tx, request.name, request.etag))

        return await self._store.answer(request, people_pb2.User, work)

    async def LookUpReach(
        self, request: people_pb2.LookUpReachRequest, context: Any
    ) -> people_pb2.Reach:
        async with self._store.read() as tx:
            return messages.to_reach(await actions.look_up_reach(tx, request.name))

    async def CreateTeam(
        self, request: people_pb2.CreateTeamRequest, context: Any
    ) -> people_pb2.Team:
        new = messages.new_team(request, ids=self._ids)

        async def work(tx: WriteTransaction) -> people_pb2.Team:
            return to_team(await actions.create_team(tx, new))

        return await self._store.answer(request, people_pb2.Team, work)

    async def GetTeam(self, request: people_pb2.GetTeamRequest, context: Any) -> people_pb2.Team:
        async with self._store.read() as tx:
            return to_team(await teams.get(tx, request.name))

    async def ListTeams(
        self, request: people_pb2.ListTeamsRequest, context: Any
    ) -> people_pb2.ListTeamsResponse:
        async with self._store.read() as tx:
            page = await teams.page(tx, Listing.of(request, self._calendar))
        sent = await page.sent(to_team)
        return people_pb2.ListTeamsResponse(
            teams=sent.messages, next_page_token=sent.next_page_token
        )

    async def UpdateTeam(
        self, request: people_pb2.UpdateTeamRequest, context: Any
    ) -> people_pb2.Team:
        team = request.team
        fields = field_mask.resolve(request.update_mask, team)
        draft = messages.team_draft(team)

        async def work(tx: WriteTransaction) -> people_pb2.Team:
            return to_team(await actions.change_team(tx, team.name, team.etag, draft, fields))

        return await self._store.answer(request, people_pb2.Team, work)

    async def DeleteTeam(
        self, request: people_pb2.DeleteTeamRequest, context: Any
    ) -> people_pb2.Team:
        async def work(tx: WriteTransaction) -> people_pb2.Team:
            return to_team(await actions.delete_team(tx, request.name, request.etag))

        return await self._store.answer(request, people_pb2.Team, work)

    def _read_user(self, request: people_pb2.CreateUserRequest) -> New[UserDraft]:
        return messages.new_user(request, ids=self._ids)
