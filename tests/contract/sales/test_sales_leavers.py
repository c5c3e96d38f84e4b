"""PeopleService: who has left, by which calls it is said, and by whom."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.sales.v1.people_pb2 import (
    BatchCreateUsersRequest,
    DeactivateUserRequest,
    GetUserRequest,
    ReactivateUserRequest,
    UpdateUserRequest,
    User,
)
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from services.chassis.errors import Kind
from services.chassis.timestamps import from_timestamp
from tests.support.people import create_user
from tests.support.refusals import refusal
from tests.support.sales import reason_of
from tests.support.services import RunningService


async def test_who_leaves_is_inactive_until_they_come_back(
    people: PeopleServiceStub, sales: RunningService
) -> None:
    await people.CreateUser(create_user("ann"))
    gone = await people.DeactivateUser(DeactivateUserRequest(name="users/ann"))
    assert (gone.active, from_timestamp(gone.deactivate_time, field="")) == (
        False,
        sales.clock.now(),
    )
    error = await refusal(people.DeactivateUser(DeactivateUserRequest(name="users/ann")))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "USER_INACTIVE")
    back = await people.ReactivateUser(ReactivateUserRequest(name="users/ann"))
    assert (back.active, back.HasField("deactivate_time")) == (True, False)
    error = await refusal(people.ReactivateUser(ReactivateUserRequest(name="users/ann")))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "USER_ACTIVE")


async def test_who_has_left_is_brought_in_as_one_who_has(
    people: PeopleServiceStub, sales: RunningService
) -> None:
    """With all others, in any order but that of their managers."""
    reply = await people.BatchCreateUsers(
        BatchCreateUsersRequest(
            requests=[
                create_user("old-boss", active=False),
                create_user("gone", active=False, manager="users/old-boss"),
                create_user("ann", active=True),
                create_user("bob"),
                create_user("eve", manager="users/old-boss"),
            ]
        )
    )
    assert {each.name: each.active for each in reply.users} == {
        "users/old-boss": False,
        "users/gone": False,
        "users/ann": True,
        "users/bob": True,
    }
    assert {index: reason_of(each) for index, each in reply.failed_requests.items()} == {
        4: "MANAGER_INACTIVE"
    }
    assert from_timestamp(reply.users[0].deactivate_time, field="") == sales.clock.now()
    back = await people.ReactivateUser(ReactivateUserRequest(name="users/gone"))
    assert (back.active, back.HasField("deactivate_time")) == (True, False)


@pytest.mark.parametrize(
    ("first", "again", "unchanged"),
    [
        ({}, {"active": True}, "true"),
        ({"active": True}, {}, "true"),
        ({"active": False}, {"active": False}, "true"),
        ({"active": False}, {}, "false"),
        ({}, {"active": False}, "false"),
    ],
)
async def test_who_was_brought_in_as_active_is_another_than_who_had_left(
    people: PeopleServiceStub, first: dict[str, bool], again: dict[str, bool], unchanged: str
) -> None:
    await people.CreateUser(create_user("eve", **first))
    error = await refusal(people.CreateUser(create_user("eve", **again)))
    assert error.metadata["unchanged"] == unchanged


async def test_no_update_says_who_works_here(ann_and_gone: PeopleServiceStub) -> None:
    """It was answered as if it had, and changed nothing."""
    people = ann_and_gone
    for user, paths in (
        (User(name="users/ann", active=False), ["active"]),
        (User(name="users/ann", active=False), []),
        (User(name="users/ann", active=False, display_name="Ann"), ["*"]),
        (User(name="users/gone", active=True), []),
        (User(name="users/gone"), ["deactivate_time"]),
    ):
        change = UpdateUserRequest(user=user, update_mask=FieldMask(paths=paths))
        error = await refusal(people.UpdateUser(change))
        assert error.reason == "UPDATE_MASK_FIXED_FIELD"
        assert "changed by DeactivateUser and ReactivateUser" in error.message


async def test_a_user_can_be_sent_back_as_they_were_read(ann_and_gone: PeopleServiceStub) -> None:
    for name in ("users/ann", "users/gone"):
        user = await ann_and_gone.GetUser(GetUserRequest(name=name))
        for paths in ([], ["*"], ["display_name", "active", "deactivate_time"]):
            user.display_name += "!"
            change = UpdateUserRequest(user=user, update_mask=FieldMask(paths=paths))
            user = await ann_and_gone.UpdateUser(change)
            assert user.display_name.endswith("!")


async def test_nobody_shuts_themselves_out(sales: RunningService) -> None:
    people = PeopleServiceStub(await sales.channel("users/ann"))
    await people.CreateUser(create_user("ann"))
    error = await refusal(people.DeactivateUser(DeactivateUserRequest(name="users/ann")))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "USER_IS_CALLER")
    assert error.metadata["resource"] == "users/ann"
    other = PeopleServiceStub(await sales.channel("users/bob"))
    error = await refusal(other.CreateUser(create_user("bob", active=False)))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "USER_IS_CALLER")
    assert not (await other.DeactivateUser(DeactivateUserRequest(name="users/ann"))).active
