"""PeopleService: users, and why it refuses them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.sales.v1.people_pb2 import (
    BatchCreateUsersRequest,
    BatchGetUsersRequest,
    DeactivateUserRequest,
    DeleteTeamRequest,
    GetUserRequest,
    ListUsersRequest,
    ReactivateUserRequest,
    Team,
    UpdateTeamRequest,
    UpdateUserRequest,
    User,
)
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from services.chassis.errors import DomainError, Kind
from services.chassis.timestamps import from_timestamp
from tests.support.in_turn import in_turn
from tests.support.people import create_team, create_user
from tests.support.refusals import refusal
from tests.support.sales import reason_of
from tests.support.services import RunningService


async def changed(people: PeopleServiceStub, id: str, **fields: Any) -> User:
    user = User(name=f"users/{id}", **fields)
    return await people.UpdateUser(
        UpdateUserRequest(user=user, update_mask=FieldMask(paths=list(fields)))
    )


async def test_a_user_is_active_at_once_and_known_by_the_name_they_were_given(
    people: PeopleServiceStub, sales: RunningService
) -> None:
    await people.CreateTeam(create_team("north"))
    await people.CreateUser(create_user("bob"))
    ann = await people.CreateUser(
        create_user("ann", email="Ann@example.com", team="teams/north", manager="users/bob")
    )
    assert (ann.name, ann.active) == ("users/ann", True)
    assert not ann.HasField("deactivate_time")
    assert from_timestamp(ann.create_time, field="") == sales.clock.now()
    assert await people.GetUser(GetUserRequest(name="users/ann")) == ann


@in_turn(
    ("fields", "field", "reason"),
    [
        ({"display_name": " "}, "user.display_name", "DISPLAY_NAME_MISSING"),
        ({"team": "teams/nowhere"}, "user.team", "TEAM_NOT_FOUND"),
        ({"manager": "users/nobody"}, "user.manager", "MANAGER_NOT_FOUND"),
        ({"manager": "users/gone"}, "user.manager", "MANAGER_INACTIVE"),
        ({"email": "ann at example"}, "user.email", "string.email"),
    ],
)
async def test_what_is_wrong_with_a_user_is_named_when_they_are_added_and_when_they_are_changed(
    ann_and_gone: PeopleServiceStub, fields: dict[str, Any], field: str, reason: str
) -> None:
    people = ann_and_gone
    for call in (people.CreateUser(create_user("new", **fields)), changed(people, "ann", **fields)):
        error = await refusal(call)
        assert error.kind is Kind.INVALID_ARGUMENT
        assert [(each.field, each.reason) for each in error.violations] == [(field, reason)]


async def test_an_address_is_one_persons_however_it_is_written(people: PeopleServiceStub) -> None:
    await people.CreateUser(create_user("ann", email="ann@example.com"))
    await people.CreateUser(create_user("bob", email="bob@example.com"))
    for call in (
        people.CreateUser(create_user("eve", email="ANN@Example.com")),
        changed(people, "bob", email="Ann@example.com"),
    ):
        error = await refusal(call)
        assert (error.kind, error.reason) == (Kind.ALREADY_EXISTS, "EMAIL_TAKEN")
        assert error.metadata["resource"] == "users/ann"
    assert (await changed(people, "ann", email="Ann@example.com")).email == "Ann@example.com"


async def test_two_who_come_at_once_do_not_get_one_address(people: PeopleServiceStub) -> None:
    outcomes = await asyncio.gather(
        *(
            people.CreateUser(create_user(id, email="a@example.com"))
            for id in ("ann", "bob", "eve")
        ),
        return_exceptions=True,
    )
    refused = [each.reason for each in outcomes if isinstance(each, DomainError)]
    assert refused == ["EMAIL_TAKEN", "EMAIL_TAKEN"]


async def test_nobody_reports_to_themselves_however_far_up(people: PeopleServiceStub) -> None:
    await people.CreateUser(create_user("ann"))
    await people.CreateUser(create_user("bob", manager="users/ann"))
    await people.CreateUser(create_user("eve", manager="users/bob"))
    for manager in ("users/ann", "users/bob", "users/eve"):
        error = await refusal(changed(people, "ann", manager=manager))
        assert error.reason == "MANAGER_CYCLE"
    assert (await changed(people, "eve", manager="users/ann")).manager == "users/ann"


async def test_of_two_who_make_each_other_their_manager_one_does(people: PeopleServiceStub) -> None:
    await people.CreateUser(create_user("ann"))
    await people.CreateUser(create_user("bob"))
    outcomes = await asyncio.gather(
        changed(people, "ann", manager="users/bob"),
        changed(people, "bob", manager="users/ann"),
        return_exceptions=True,
    )
    assert [getattr(each, "reason", "") for each in outcomes].count("MANAGER_CYCLE") == 1


async def test_a_change_says_only_what_it_names(people: PeopleServiceStub) -> None:
    before = await people.CreateUser(create_user("ann", email="ann@example.com"))
    after = await changed(people, "ann", display_name="Ann Lee")
    assert (after.display_name, after.email) == ("Ann Lee", "ann@example.com")
    assert after.etag != before.etag
    assert await changed(people, "ann", display_name="Ann Lee") == after


async def test_a_batch_adds_a_manager_before_those_who_report_to_them(
    people: PeopleServiceStub,
) -> None:
    reply = await people.BatchCreateUsers(
        BatchCreateUsersRequest(
            requests=[
                create_user("early", manager="users/late"),
                create_user("late", email="a@example.com"),
                create_user("ann", manager="users/late"),
                create_user("double", email="A@example.com"),
            ]
        )
    )
    assert [each.name for each in reply.users] == ["users/late", "users/ann"]
    assert {index: reason_of(each) for index, each in reply.failed_requests.items()} == {
        0: "MANAGER_NOT_FOUND",
        3: "EMAIL_TAKEN",
    }


@pytest.mark.parametrize("validate_only", [False, True])
async def test_a_batch_adds_as_many_users_without_an_address_as_it_names(
    people: PeopleServiceStub, validate_only: bool
) -> None:
    reply = await people.BatchCreateUsers(
        BatchCreateUsersRequest(
            requests=[create_user("ann"), create_user("bob"), create_user("eve")],
            validate_only=validate_only,
        )
    )
    assert not reply.failed_requests
    assert [each.name for each in reply.users] == ["users/ann", "users/bob", "users/eve"]


async def test_a_batch_that_is_only_checked_adds_nobody(people: PeopleServiceStub) -> None:
    reply = await people.BatchCreateUsers(
        BatchCreateUsersRequest(requests=[create_user("ann")], validate_only=True)
    )
    assert [each.name for each in reply.users] == ["users/ann"]
    assert (await people.ListUsers(ListUsersRequest())).users == []


async def test_users_are_found_by_name_in_the_order_asked_for(
    some_users: PeopleServiceStub,
) -> None:
    names = ["users/eve", "users/nobody", "users/ann"]
    reply = await some_users.BatchGetUsers(BatchGetUsersRequest(names=names, allow_missing=True))
    assert [each.name for each in reply.users] == ["users/eve", "users/ann"]
    error = await refusal(some_users.BatchGetUsers(BatchGetUsersRequest(names=names)))
    assert (error.kind, error.metadata["resource"]) == (Kind.NOT_FOUND, "users/nobody")


@in_turn(
    ("filter", "names"),
    [
        ("", ["users/ann", "users/bob", "users/eve"]),
        ("active = true", ["users/ann", "users/bob"]),
        ('team = "teams/north"', ["users/ann"]),
        ('email = "BOB@example.com"', ["users/bob"]),
        ('display_name : "EV"', ["users/eve"]),
        ('manager = "users/ann"', ["users/bob"]),
    ],
)
async def test_users_are_listed_by_what_is_known_of_them(
    some_users: PeopleServiceStub, filter: str, names: list[str]
) -> None:
    page = await some_users.ListUsers(ListUsersRequest(filter=filter))
    assert [each.name for each in page.users] == names


@pytest.fixture
async def some_users(people: PeopleServiceStub) -> PeopleServiceStub:
    await people.CreateTeam(create_team("north"))
    await people.CreateUser(create_user("ann", team="teams/north"))
    await people.CreateUser(create_user("bob", email="bob@example.com", manager="users/ann"))
    await people.CreateUser(create_user("eve"))
    await people.DeactivateUser(DeactivateUserRequest(name="users/eve"))
    return people


@in_turn("role", ["manager", "rep", "support", "marketer", "analyst", "app"])
async def test_whoever_is_no_admin_reads_the_directory_and_does_not_write_in_it(
    sales: RunningService, role: str
) -> None:
    """What it says decides who comes in and what others see: a manager could move themselves into
    another team, an online shop deactivate the admins."""
    people = PeopleServiceStub(await sales.channel("users/max", role=role))
    await people.ListUsers(ListUsersRequest())
    for call in (
        people.CreateUser(create_user("new")),
        people.BatchCreateUsers(BatchCreateUsersRequest(requests=[create_user("new")])),
        changed(people, "ann", team="teams/south"),
        people.DeactivateUser(DeactivateUserRequest(name="users/ann")),
        people.ReactivateUser(ReactivateUserRequest(name="users/ann")),
        people.CreateTeam(create_team("new")),
        people.UpdateTeam(UpdateTeamRequest(team=Team(name="teams/north", parent="teams/south"))),
        people.DeleteTeam(DeleteTeamRequest(name="teams/north")),
    ):
        error = await refusal(call)
        assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "PERMISSION_DENIED")
