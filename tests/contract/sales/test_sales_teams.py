"""PeopleService: teams, the tree that they make, and whom a caller's team reaches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.sales.v1.people_pb2 import (
    DeactivateUserRequest,
    DeleteTeamRequest,
    GetTeamRequest,
    ListTeamsRequest,
    LookUpReachRequest,
    Reach,
    Team,
    UpdateTeamRequest,
)
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from services.chassis.errors import Kind
from services.sales.people.model import MOST_BENEATH, MOST_LEVELS
from tests.support.in_turn import in_turn
from tests.support.people import create_team, create_user
from tests.support.refusals import refusal


async def changed(people: PeopleServiceStub, id: str, **fields: Any) -> Team:
    team = Team(name=f"teams/{id}", **fields)
    return await people.UpdateTeam(
        UpdateTeamRequest(team=team, update_mask=FieldMask(paths=list(fields)))
    )


async def reach(people: PeopleServiceStub, id: str) -> Reach:
    return await people.LookUpReach(LookUpReachRequest(name=f"users/{id}"))


@pytest.fixture
async def tree(people: PeopleServiceStub) -> PeopleServiceStub:
    """Sales over north and south, Berlin in the north."""
    for id, parent in (("sales", ""), ("north", "sales"), ("south", "sales"), ("berlin", "north")):
        await people.CreateTeam(create_team(id, parent))
    return people


async def test_a_team_is_created_as_it_is_read(people: PeopleServiceStub) -> None:
    team = await people.CreateTeam(create_team("north"))
    assert await people.GetTeam(GetTeamRequest(name="teams/north")) == team
    assert (await people.ListTeams(ListTeamsRequest())).teams == [team]


@in_turn(
    ("filter", "names"),
    [
        ("", ["teams/berlin", "teams/north", "teams/sales", "teams/south"]),
        ('parent = "teams/sales"', ["teams/north", "teams/south"]),
        ('display_name = "Berlin"', ["teams/berlin"]),
    ],
)
async def test_teams_are_listed_by_what_is_known_of_them(
    tree: PeopleServiceStub, filter: str, names: list[str]
) -> None:
    page = await tree.ListTeams(ListTeamsRequest(filter=filter))
    assert [each.name for each in page.teams] == names


@in_turn(
    ("fields", "field", "reason"),
    [
        ({"display_name": " "}, "team.display_name", "DISPLAY_NAME_MISSING"),
        ({"parent": "teams/nowhere"}, "team.parent", "PARENT_NOT_FOUND"),
    ],
)
async def test_what_is_wrong_with_a_team_is_named(
    tree: PeopleServiceStub, fields: dict[str, Any], field: str, reason: str
) -> None:
    new = create_team("new")
    new.team.MergeFrom(Team(**fields))
    for call in (tree.CreateTeam(new), changed(tree, "north", **fields)):
        error = await refusal(call)
        assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
        assert [each.field for each in error.violations] == [field]


@in_turn("parent", ["teams/north", "teams/berlin"])
async def test_no_team_is_beneath_itself(tree: PeopleServiceStub, parent: str) -> None:
    error = await refusal(changed(tree, "north", parent=parent))
    assert error.reason == "TEAM_CYCLE"


async def test_of_two_teams_that_move_beneath_each_other_one_does(tree: PeopleServiceStub) -> None:
    outcomes = await asyncio.gather(
        changed(tree, "north", parent="teams/south"),
        changed(tree, "south", parent="teams/north"),
        return_exceptions=True,
    )
    assert [getattr(each, "reason", "") for each in outcomes].count("TEAM_CYCLE") == 1


async def test_a_tree_has_so_many_levels_and_no_more(people: PeopleServiceStub) -> None:
    for level in range(MOST_LEVELS):
        await people.CreateTeam(create_team(f"t{level}", f"t{level - 1}" if level else ""))
    error = await refusal(people.CreateTeam(create_team("deep", f"t{MOST_LEVELS - 1}")))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "TEAM_TREE_TOO_LARGE")
    await people.CreateTeam(create_team("top"))
    error = await refusal(changed(people, "t0", parent="teams/top"))
    assert error.reason == "TEAM_TREE_TOO_LARGE"
    assert (await changed(people, "t1", parent="teams/top")).parent == "teams/top"


async def test_so_many_teams_are_beneath_one_and_no_more(people: PeopleServiceStub) -> None:
    await people.CreateTeam(create_team("top"))
    for number in range(MOST_BENEATH):
        await people.CreateTeam(create_team(f"t{number}", "top"))
    error = await refusal(people.CreateTeam(create_team("more", "t0")))
    assert error.reason == "TEAM_TREE_TOO_LARGE"


async def test_what_moves_within_its_tree_makes_it_no_larger(people: PeopleServiceStub) -> None:
    await people.CreateTeam(create_team("top"))
    for id, parent in (("west", "top"), ("east", "top"), ("branch", "west")):
        await people.CreateTeam(create_team(id, parent))
    for number in range(MOST_BENEATH - 3):
        await people.CreateTeam(create_team(f"t{number}", "branch"))
    assert (await changed(people, "branch", parent="teams/east")).parent == "teams/east"
    assert (await changed(people, "t0", parent="teams/west")).parent == "teams/west"
    await people.CreateTeam(create_team("other"))
    error = await refusal(changed(people, "other", parent="teams/west"))
    assert error.reason == "TEAM_TREE_TOO_LARGE"


async def test_a_team_that_nobody_needs_is_removed(tree: PeopleServiceStub) -> None:
    await tree.CreateUser(create_user("ann", team="teams/berlin"))
    for id, holder in (("north", "teams/berlin"), ("berlin", "users/ann")):
        error = await refusal(tree.DeleteTeam(DeleteTeamRequest(name=f"teams/{id}")))
        assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "TEAM_NOT_EMPTY")
        assert error.metadata == {"resource": f"teams/{id}", "holders": holder}
    await tree.DeleteTeam(DeleteTeamRequest(name="teams/south"))
    assert (await refusal(tree.GetTeam(GetTeamRequest(name="teams/south")))).kind is Kind.NOT_FOUND


async def test_who_keeps_a_team_from_going_is_named_and_who_of_them_has_left(
    tree: PeopleServiceStub,
) -> None:
    await tree.CreateUser(create_user("ann", team="teams/north"))
    await tree.DeactivateUser(DeactivateUserRequest(name="users/ann"))
    error = await refusal(tree.DeleteTeam(DeleteTeamRequest(name="teams/north")))
    assert error.message.startswith("teams/north still has users/ann (inactive), teams/berlin:")
    for id in ("bob", "cyd", "dan", "eve", "fay"):
        await tree.CreateUser(create_user(id, team="teams/north"))
    error = await refusal(tree.DeleteTeam(DeleteTeamRequest(name="teams/north")))
    assert error.metadata["holders"] == "users/bob,users/cyd,users/dan,users/eve,users/fay"
    assert "users/fay and others:" in error.message


async def test_a_user_works_for_their_team_and_those_beneath_it(tree: PeopleServiceStub) -> None:
    await tree.CreateUser(create_user("ann", team="teams/north"))
    assert await reach(tree, "ann") == Reach(
        known=True, active=True, teams=["teams/north", "teams/berlin"], directory_in_use=True
    )
    await changed(tree, "south", parent="teams/berlin")
    assert (await reach(tree, "ann")).teams == ["teams/north", "teams/berlin", "teams/south"]


async def test_who_has_left_is_known_and_not_active(tree: PeopleServiceStub) -> None:
    await tree.CreateUser(create_user("ann"))
    await tree.DeactivateUser(DeactivateUserRequest(name="users/ann"))
    assert await reach(tree, "ann") == Reach(known=True, directory_in_use=True)


async def test_of_whom_the_directory_does_not_have_it_says_so(tree: PeopleServiceStub) -> None:
    assert await reach(tree, "ann") == Reach()
    await tree.CreateUser(create_user("bob"))
    assert await reach(tree, "ann") == Reach(directory_in_use=True)
