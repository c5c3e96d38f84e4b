"""Whom a new row may belong to."""

from __future__ import annotations

import pytest

from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind
from services.chassis.ownership import settle_owner

ANN = "users/ann"


def caller(scope: Scope, *teams: str, subject: str = ANN) -> Caller:
    return Caller(subject, (), teams or ("teams/north", "teams/east"), scope)


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


def test_a_program_with_scope_all_owns_nothing_itself() -> None:
    importer = Caller("apps/importer", (), (), Scope.ALL)
    assert settle_owner(importer, "", "") == ("", "")


def test_a_caller_without_team_owns_without_team() -> None:
    assert settle_owner(Caller(ANN, (), (), Scope.OWN), "", "") == (ANN, "")
