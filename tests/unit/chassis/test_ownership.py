"""Whom a new row may belong to."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind
from services.chassis.ownership import (
    expect_may_hand_on,
    owner_of_new,
    settle_owner,
    team_along,
)
from services.chassis.people.known import People, Person

ANN = "users/ann"


class Row(NamedTuple):
    owner: str
    team: str


def caller(scope: Scope, *teams: str, subject: str = ANN) -> Caller:
    return Caller(subject, ("rep",), teams or ("teams/north", "teams/east"), scope)


@pytest.mark.parametrize("scope", Scope)
def test_a_row_without_owner_is_its_creators_and_of_their_first_team(scope: Scope) -> None:
    assert settle_owner(caller(scope), "", "") == (ANN, "teams/north")


@pytest.mark.parametrize("scope", Scope)
def test_the_creator_may_name_themselves_and_another_of_their_teams(scope: Scope) -> None:
    assert settle_owner(caller(scope), ANN, "teams/east") == (ANN, "teams/east")


def test_with_scope_own_nobody_else_gets_a_row() -> None:
    with pytest.raises(DomainError) as refused:
        settle_owner(caller(Scope.OWN), "users/bob", "")
    assert (refused.value.kind, refused.value.reason) == (
        Kind.PERMISSION_DENIED,
        "OWNER_NOT_ALLOWED",
    )


def test_with_scope_team_a_colleague_of_the_team_may_get_a_row() -> None:
    given = settle_owner(caller(Scope.TEAM), "users/bob", "teams/east")
    assert given == ("users/bob", "teams/east")


@pytest.mark.parametrize("scope", [Scope.OWN, Scope.TEAM])
def test_a_team_that_is_not_ones_own_gets_no_row(scope: Scope) -> None:
    with pytest.raises(DomainError) as refused:
        settle_owner(caller(scope), ANN, "teams/south")
    assert refused.value.reason == "TEAM_NOT_ALLOWED"


def test_with_scope_all_anybody_may_get_a_row() -> None:
    given = settle_owner(caller(Scope.ALL), "users/bob", "teams/south")
    assert given == ("users/bob", "teams/south")


APP = ("app",)
REP = ("rep",)


def test_an_app_owns_nothing_by_creating_it() -> None:
    shop = Caller("users/shop", APP, ("teams/north",), Scope.ALL)
    assert settle_owner(shop, "", "") == ("", "")
    assert settle_owner(shop, "users/shop", "") == ("users/shop", "teams/north")
    assert settle_owner(shop, "users/bob", "teams/east") == ("users/bob", "teams/east")


def test_a_person_who_is_an_app_besides_owns_what_they_create() -> None:
    both = Caller(ANN, (*APP, *REP), ("teams/north",), Scope.ALL)
    assert settle_owner(both, "", "") == (ANN, "teams/north")


def test_whoever_imports_owns_nothing_by_it() -> None:
    admin = Caller(ANN, ("admin",), ("teams/north",), Scope.ALL, importing=True)
    assert settle_owner(admin, "", "") == ("", "")
    assert settle_owner(admin, "", "teams/south") == ("", "teams/south")


def test_what_a_manager_imports_is_their_teams_so_that_they_see_it() -> None:
    manager = Caller(ANN, ("manager",), ("teams/north", "teams/east"), Scope.TEAM, importing=True)
    assert settle_owner(manager, "", "") == ("", "teams/north")
    assert settle_owner(manager, "", "teams/east") == ("", "teams/east")
    alone = Caller(ANN, ("manager",), (), Scope.TEAM, importing=True)
    assert settle_owner(alone, "", "") == (ANN, "")


@pytest.mark.parametrize("roles", [APP, REP])
def test_with_scope_own_a_row_is_always_ones_own(roles: tuple[str, ...]) -> None:
    caller = Caller(ANN, roles, ("teams/north",), Scope.OWN, importing=True)
    assert settle_owner(caller, "", "") == (ANN, "teams/north")


def test_a_row_of_somebody_else_is_of_no_team_unless_it_says_so() -> None:
    assert settle_owner(caller(Scope.ALL), "users/bob", "") == ("users/bob", "")
    with pytest.raises(DomainError) as refused:
        settle_owner(caller(Scope.TEAM), "users/bob", "")
    assert refused.value.reason == "TEAM_NOT_ALLOWED"


def test_a_manager_of_one_team_can_only_mean_that_team() -> None:
    manager = caller(Scope.TEAM, "teams/north")
    assert settle_owner(manager, "users/bob", "") == ("users/bob", "teams/north")


MINE = Row(ANN, "teams/north")
A_COLLEAGUES = Row("users/bob", "teams/north")
A_STRANGERS = Row("users/zoe", "teams/south")


@pytest.mark.parametrize(
    ("scope", "before", "after", "reason"),
    [
        (Scope.OWN, MINE, Row("", ""), "OWNER_NOT_ALLOWED"),
        (Scope.OWN, MINE, A_COLLEAGUES, "OWNER_NOT_ALLOWED"),
        (Scope.OWN, MINE, Row(ANN, "teams/east"), None),
        (Scope.OWN, MINE, Row(ANN, "teams/south"), "TEAM_NOT_ALLOWED"),
        (Scope.OWN, A_COLLEAGUES, MINE, "OWNER_NOT_ALLOWED"),
        (Scope.OWN, A_STRANGERS, A_STRANGERS, None),
        (Scope.TEAM, MINE, Row("", ""), "TEAM_NOT_ALLOWED"),
        (Scope.TEAM, MINE, Row("", "teams/east"), None),
        (Scope.TEAM, Row(ANN, "teams/south"), A_COLLEAGUES, None),
        (Scope.TEAM, A_COLLEAGUES, MINE, None),
        (Scope.TEAM, A_COLLEAGUES, A_STRANGERS, "TEAM_NOT_ALLOWED"),
        (Scope.TEAM, A_STRANGERS, MINE, "TEAM_NOT_ALLOWED"),
        (Scope.TEAM, Row("users/zoe", ""), MINE, "TEAM_NOT_ALLOWED"),
        (Scope.ALL, A_STRANGERS, MINE, None),
        (Scope.ALL, MINE, Row("", ""), None),
    ],
)
def test_a_row_is_handed_on_by_whoever_it_is_in_the_hands_of(
    scope: Scope, before: Row, after: Row, reason: str | None
) -> None:
    if reason is None:
        expect_may_hand_on(caller(scope), before, after)
        return
    with pytest.raises(DomainError) as refused:
        expect_may_hand_on(caller(scope), before, after)
    assert (refused.value.kind, refused.value.reason) == (Kind.PERMISSION_DENIED, reason)


def test_a_caller_without_team_owns_without_team() -> None:
    assert settle_owner(Caller(ANN, REP, (), Scope.OWN), "", "") == (ANN, "")


def test_who_may_be_named_as_seller_is_refused_in_its_own_words() -> None:
    with pytest.raises(DomainError) as refused:
        settle_owner(caller(Scope.OWN), "users/bob", "", reason="SELLER_NOT_ALLOWED")
    assert refused.value.reason == "SELLER_NOT_ALLOWED"


def test_a_team_without_a_name_is_given_no_row() -> None:
    nameless = Caller(ANN, REP, ("",), Scope.TEAM)
    assert settle_owner(nameless, "", "") == (ANN, "")
    with pytest.raises(DomainError) as refused:
        settle_owner(nameless, "users/bob", "")
    assert refused.value.reason == "TEAM_NOT_ALLOWED"


NORTH_B = "teams/north-b"
BOB = "users/bob"
STAFF = People({ANN: Person(ANN, True, "teams/north"), BOB: Person(BOB, True, NORTH_B)})
"""Whom the directory has."""


def test_a_row_is_of_the_team_that_its_owner_is_in() -> None:
    manager = caller(Scope.TEAM, "teams/north", NORTH_B)
    assert settle_owner(manager, BOB, "", people=STAFF) == (BOB, NORTH_B)
    assert settle_owner(manager, BOB, "teams/north", people=STAFF) == (BOB, "teams/north")
    assert settle_owner(caller(Scope.ALL), BOB, "", people=STAFF) == (BOB, NORTH_B)


def test_a_creator_is_of_the_team_they_come_with() -> None:
    moved = caller(Scope.OWN, "teams/south")
    assert settle_owner(moved, "", "", people=STAFF) == (ANN, "teams/south")
    assert team_along(moved, ANN, STAFF) == "teams/south"
    assert team_along(moved, BOB, STAFF) == NORTH_B
    assert team_along(moved, "users/zoe", STAFF) == ""


def test_a_row_of_no_team_is_refused_as_one_of_no_team() -> None:
    with pytest.raises(DomainError) as refused:
        settle_owner(caller(Scope.TEAM), "users/zoe", "")
    assert refused.value.message.endswith("only rows of your own teams, not those of no team")


@pytest.mark.parametrize("known", [{}, {"users/zoe": Person("users/zoe", False)}])
def test_what_is_created_by_who_is_not_in_the_directory_is_nobodys_or_refused(
    known: dict[str, Person],
) -> None:
    staff = People(known)
    assert settle_owner(caller(Scope.ALL, subject="users/zoe"), "", "", people=staff) == ("", "")
    for scope in (Scope.OWN, Scope.TEAM):
        with pytest.raises(DomainError) as refused:
            settle_owner(caller(scope, subject="users/zoe"), "", "", people=staff)
        assert (refused.value.kind, refused.value.reason) == (
            Kind.PERMISSION_DENIED,
            "CALLER_UNKNOWN",
        )


@pytest.mark.parametrize(
    ("who", "owner", "expected"),
    [
        (caller(Scope.ALL), "", ANN),
        (caller(Scope.ALL), BOB, BOB),
        (Caller("users/shop", ("app",), (), Scope.ALL), "", ""),
    ],
)
def test_whom_a_new_row_will_be_given_to_is_known_before(
    who: Caller, owner: str, expected: str
) -> None:
    assert owner_of_new(who, owner, "") == expected
