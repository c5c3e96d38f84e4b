"""Whom a request gives something to, as the mirror and the directory together have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial

import pytest

from services.chassis.caller import acting_as
from services.chassis.errors import DomainError, Kind
from services.chassis.ids import Uuid7Ids
from services.chassis.people.directory import Directory
from services.chassis.people.known import Person
from services.chassis.people.mirror import TeamMirror, UserMirror
from services.chassis.store import (
    RenewedMirror,
    Store,
    WriteTransaction,
    chassis_tables,
    new_metadata,
)
from tests.support.asked_people import AWAY, OLDER
from tests.support.notes import SYSTEM, StoppedClock

metadata = new_metadata()
chassis_tables(metadata)
users = UserMirror(metadata, "colleagues", RenewedMirror)
teams = TeamMirror(metadata, "colleague_teams")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Ann works here, Eve did; there is a north."""
    store = await Store.open(
        database_url, metadata=metadata, clock=StoppedClock(), ids=Uuid7Ids(), pool_size=4
    )
    await store.create_tables()

    async def told(tx: WriteTransaction) -> None:
        await users.keep(tx, [Person("users/ann", True, "teams/north", "users/max", 1)])
        await users.keep(tx, [Person("users/eve", False, position=2)])
        await teams.keep(tx, [("teams/north", True, 3), ("teams/gone", False, 4)])

    await store.write(told, caller=SYSTEM)
    with acting_as(SYSTEM):
        yield store
    await store.close()


class Told:
    """What the directory answers."""

    def __init__(self, *people: Person, error: DomainError | None = None) -> None:
        self.people = people
        self.error = error
        self.asked: list[int] = []

    async def users(self, names: Sequence[str]) -> Iterable[Person]:
        self.asked.append(len(names))
        if self.error is not None:
            raise self.error
        return [each for each in self.people if each.name in names]

    async def teams(self) -> Iterable[str]:
        if self.error is not None:
            raise self.error
        return ["teams/new"]

    def directory(self, store: Store) -> Directory:
        return Directory(store, users, self.users, teams, self.teams)


async def test_who_is_known_to_work_here_is_not_asked_for(store: Store) -> None:
    told = Told()
    people = await told.directory(store).look_up({"users/ann", ""}, {"teams/north", ""})
    people.expect("owner", "users/ann")
    people.expect("owner", "")
    people.expect_team("team", "teams/north")
    assert (people.team_of("users/ann"), told.asked) == ("teams/north", [])


async def test_reasons_are_made_of_the_name_of_the_field(store: Store) -> None:
    people = await Told().directory(store).look_up({"users/zoe", "users/eve"}, {"teams/gone"})
    for field, user, reason in (
        ("owner", "users/zoe", "OWNER_UNKNOWN"),
        ("assignee", "users/eve", "ASSIGNEE_INACTIVE"),
    ):
        with pytest.raises(DomainError) as refused:
            people.expect(field, user)
        assert (refused.value.reason, refused.value.violations[0].field) == (reason, field)
    with pytest.raises(DomainError) as refused:
        people.expect_team("team", "teams/gone")
    assert refused.value.reason == "TEAM_UNKNOWN"


async def test_many_are_asked_for_a_thousand_at_a_time(store: Store) -> None:
    told = Told(Person("users/u2000", True))
    names = {f"users/u{number}" for number in range(2_001)}
    people = await told.directory(store).look_up(names)
    assert told.asked == [1_000, 1_000, 1]
    assert [name for name in names if people.may_be_given(name)] == ["users/u2000"]


async def test_who_has_come_or_come_back_a_moment_ago_is_known(store: Store) -> None:
    told = Told(Person("users/eve", True), Person("users/zoe", True, "teams/new"))
    people = await told.directory(store).look_up({"users/eve", "users/zoe"}, {"teams/new"})
    people.expect("owner", "users/eve")
    people.expect("owner", "users/zoe")
    people.expect_team("team", "teams/new")
    assert people.team_of("users/zoe") == "teams/new"


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.DEADLINE_EXCEEDED])
async def test_while_the_directory_is_away_only_the_unknown_can_not_be_given_anything(
    store: Store, kind: Kind
) -> None:
    told = Told(error=DomainError(kind, "AWAY", "no answer"))
    looked_up = told.directory(store).look_up({"users/zoe", "users/eve"}, {"teams/new"})
    people = await looked_up
    for expect in (
        partial(people.expect, "owner", "users/zoe"),
        partial(people.expect_team, "team", "teams/new"),
        people.expect_answered,
    ):
        with pytest.raises(DomainError) as refused:
            expect()
        assert (refused.value.kind, refused.value.reason) == (
            Kind.UNAVAILABLE,
            "PEOPLE_UNAVAILABLE",
        )
    with pytest.raises(DomainError) as refused:
        people.expect("owner", "users/eve")
    assert refused.value.reason == "OWNER_INACTIVE"


async def test_of_a_version_without_a_directory_whoever_is_unknown_goes(store: Store) -> None:
    people = (
        await Told(error=OLDER).directory(store).look_up({"users/zoe", "users/eve"}, {"teams/x"})
    )
    people.expect("owner", "users/zoe")
    people.expect_team("team", "teams/x")
    assert not people.may_be_given("users/eve")


async def test_any_other_answer_is_raised(store: Store) -> None:
    refused = DomainError(Kind.PERMISSION_DENIED, "PERMISSION_DENIED", "no")
    directory = Told(error=refused).directory(store)
    for look_up in (directory.look_up({"users/zoe"}), directory.look_up(set(), {"teams/x"})):
        with pytest.raises(DomainError) as raised:
            await look_up
        assert raised.value is refused


async def test_with_nobody_to_ask_the_unknown_wait(store: Store) -> None:
    names = {"users/ann", "users/zoe"}
    people = await Directory(store, users, teams=teams).look_up(names, {"teams/any"})
    people.expect("owner", "users/ann")
    for expect in (
        partial(people.expect, "owner", "users/zoe"),
        partial(people.expect_team, "team", "teams/any"),
    ):
        with pytest.raises(DomainError) as refused:
            expect()
        assert refused.value.reason == "PEOPLE_UNAVAILABLE"


async def test_where_no_teams_are_kept_every_team_goes(store: Store) -> None:
    people = await Directory(store, users).look_up({"users/ann"}, {"teams/any"})
    people.expect_team("team", "teams/any")


async def test_while_nobody_and_no_team_is_known_every_name_goes(store: Store) -> None:
    async def renewed(tx: WriteTransaction) -> None:
        for mirror in (users.mirror, teams.mirror):
            await mirror.begin_anew(tx)
            await mirror.put_in_use(tx)

    await store.write(renewed, caller=SYSTEM)
    told = Told(error=AWAY)
    people = await told.directory(store).look_up({"users/zoe"}, {"teams/x"})
    people.expect("owner", "users/zoe")
    people.expect_team("team", "teams/x")
    people.expect_answered()
    assert people.may_be_given("users/zoe")
    assert told.asked == []


async def test_what_is_kept_of_a_user_is_all_that_was_told(store: Store) -> None:
    async with store.read() as tx:
        found = await users.among(tx, {"users/ann"})
    assert found == {"users/ann": Person("users/ann", True, "teams/north", "users/max", 1)}
