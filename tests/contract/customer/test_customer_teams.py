"""Of which team a customer is, once there are teams in the directory of people: its owner's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
    GetCustomerRequest,
    UpdateCustomerRequest,
)
from guanxi.sales.v1.people_pb2 import (
    Team,
    TeamCreated,
    TeamDeleted,
    TeamUpdated,
    User,
    UserCreated,
    UserUpdated,
)

from services.chassis.errors import Kind
from services.chassis.store import WriteTransaction
from services.customer.reactions import SalesReaction
from tests.support.accounts import SYSTEM, hear
from tests.support.asked_people import AWAY, AskedPeople
from tests.support.databases import Databases
from tests.support.office import Desk, Office
from tests.support.refusals import refusal
from tests.support.sales import reason_of
from tests.support.services import migrated_database, running_service
from tests.support.written_feed import told


@pytest.fixture
def people() -> AskedPeople:
    return AskedPeople()


@pytest.fixture
async def office(databases: Databases, people: AskedPeople) -> AsyncIterator[Office]:
    """Sid works in the north, Sue in the south, and the boss in no team."""
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url, given={"people": people}) as service:
        await hear(
            service.store,
            told(TeamCreated(team=Team(name="teams/north")), 1),
            told(TeamCreated(team=Team(name="teams/south")), 2),
            told(UserCreated(user=user("sid", "teams/north")), 3),
            told(UserCreated(user=user("sue", "teams/south")), 4),
            told(UserCreated(user=user("boss", "")), 5),
            reaction=SalesReaction(),
        )
        yield Office(service)


def user(id: str, team: str) -> User:
    return User(name=f"users/{id}", active=True, team=team)


async def given_to(desk: Desk, owner: str, team: str = "") -> Customer:
    customer = Customer(name="customers/acme", owner=owner, team=team)
    return await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=customer))


async def of_north(office: Office) -> Desk:
    """A manager's."""
    return await office.desk("users/max", role="manager", team="teams/north")


async def test_a_customer_is_of_its_owners_team_and_seen_by_their_manager(office: Office) -> None:
    admin, manager = await office.desk(), await of_north(office)
    assert (await admin.create("acme", owner="users/sid")).team == "teams/north"
    seen = await manager.customers.GetCustomer(GetCustomerRequest(name="customers/acme"))
    assert seen.owner == "users/sid"


async def test_in_an_import_each_customer_is_of_its_own_owners_team(office: Office) -> None:
    importer = await office.desk("users/importer", role="app", team="")
    items = [
        CreateCustomerRequest(customer=Customer(display_name="Acme", owner=owner, team=team))
        for owner, team in (
            ("users/sid", ""),
            ("users/sue", ""),
            ("users/sue", "teams/north"),
            ("users/boss", ""),
            ("", ""),
            ("users/sid", "teams/nonsense"),
        )
    ]
    reply = await importer.customers.BatchCreateCustomers(
        BatchCreateCustomersRequest(requests=items)
    )
    teams = [each.team for each in reply.customers]
    assert teams == ["teams/north", "teams/south", "teams/north", "", ""]
    assert {index: reason_of(each) for index, each in reply.failed_requests.items()} == {
        5: "TEAM_UNKNOWN"
    }


async def test_whoever_takes_a_customer_over_takes_it_into_their_team(office: Office) -> None:
    admin, manager = await office.desk(), await of_north(office)
    await admin.create("acme", owner="users/sid")
    assert (await given_to(admin, "users/sue")).team == "teams/south"
    gone = manager.customers.GetCustomer(GetCustomerRequest(name="customers/acme"))
    assert (await refusal(gone)).kind is Kind.NOT_FOUND


async def test_a_team_that_is_named_goes_before_the_owners(office: Office) -> None:
    admin = await office.desk()
    created = await admin.create("acme", owner="users/sid", team="teams/south")
    assert created.team == "teams/south"
    assert (await given_to(admin, "users/sue", "teams/north")).team == "teams/north"


async def test_who_is_in_no_team_takes_none_along(office: Office) -> None:
    admin = await office.desk()
    await admin.create("acme", owner="users/sid")
    assert (await given_to(admin, "users/boss")).team == "teams/north"


async def test_a_change_that_names_no_other_owner_leaves_the_team(office: Office) -> None:
    admin = await office.desk()
    await admin.create("acme", owner="users/sid", team="teams/south")
    assert (await given_to(admin, "users/sid")).team == "teams/south"


async def test_a_manager_gives_within_their_teams_without_naming_one(office: Office) -> None:
    manager = await of_north(office)
    assert (await manager.create("acme", owner="users/sid")).team == "teams/north"
    for call in (manager.create("new", owner="users/sue"), given_to(manager, "users/sue")):
        error = await refusal(call)
        assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "TEAM_NOT_ALLOWED")
        assert error.message == (
            "your role writes only rows of your own teams, not those of teams/south"
        )


async def test_who_creates_is_in_the_team_they_come_with(office: Office) -> None:
    """Sid has moved a moment ago: the gateway knows it first."""
    sid = await office.desk("users/sid", role="rep", team="teams/south")
    assert (await sid.create("acme")).team == "teams/south"


async def test_a_team_that_there_is_not_is_refused_in_every_change(office: Office) -> None:
    admin = await office.desk()
    await admin.create("acme", owner="users/sid")
    for call in (
        admin.create("new", owner="users/sid", team="teams/nonsense"),
        given_to(admin, "users/sue", "teams/nonsense"),
    ):
        error = await refusal(call)
        assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "TEAM_UNKNOWN")
        assert [each.field for each in error.violations] == ["customer.team"]


async def test_a_team_of_a_moment_ago_is_asked_for_page_by_page(
    office: Office, people: AskedPeople
) -> None:
    people.teams = ["teams/east", "teams/north", "teams/west"]
    people.teams_at_once = 1
    admin = await office.desk()
    created = await admin.create("acme", owner="users/sid", team="teams/west")
    assert created.team == "teams/west"
    people.refusal = AWAY
    error = await refusal(admin.create("new", owner="users/sid", team="teams/east"))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "PEOPLE_UNAVAILABLE")


async def test_without_teams_in_the_directory_every_team_goes(
    office: Office, people: AskedPeople
) -> None:
    store = office.service.store
    await hear(
        store,
        told(TeamUpdated(team=Team(name="teams/south")), 6),
        told(TeamDeleted(team=Team(name="teams/north")), 7),
        reaction=SalesReaction(),
    )
    admin = await office.desk()
    refused = admin.create("new", owner="users/boss", team="teams/north")
    assert (await refusal(refused)).reason == "TEAM_UNKNOWN"
    await hear(store, told(TeamDeleted(team=Team(name="teams/south")), 8), reaction=SalesReaction())
    assert (await admin.create("acme", owner="users/boss", team="teams/any")).team == "teams/any"


async def test_a_team_that_is_gone_does_not_come_back_by_an_event_told_again(
    office: Office,
) -> None:
    gone = told(TeamDeleted(team=Team(name="teams/north")), 7)
    again = told(TeamCreated(team=Team(name="teams/north")), 1)
    await hear(office.service.store, gone, reaction=SalesReaction())
    await hear(office.service.store, again, reaction=SalesReaction())
    admin = await office.desk()
    refused = admin.create("acme", owner="users/boss", team="teams/north")
    assert (await refusal(refused)).reason == "TEAM_UNKNOWN"


async def test_who_changes_teams_takes_nothing_along_that_they_have(office: Office) -> None:
    admin = await office.desk()
    await admin.create("acme", owner="users/sid")
    moved = told(UserUpdated(user=user("sid", "teams/south")), 6)
    await hear(office.service.store, moved, reaction=SalesReaction())
    kept = await admin.customers.GetCustomer(GetCustomerRequest(name="customers/acme"))
    assert kept.team == "teams/north"
    assert (await admin.create("new", owner="users/sid")).team == "teams/south"


async def test_a_new_log_tells_of_all_teams_anew_and_those_there_are_stay_meanwhile(
    office: Office,
) -> None:
    store, reaction = office.service.store, SalesReaction()
    admin = await office.desk()

    async def renewed(tx: WriteTransaction) -> None:
        await reaction.log_renewed(tx)

    async def read(tx: WriteTransaction) -> None:
        await reaction.log_read(tx)

    await store.write(renewed, caller=SYSTEM)
    assert (await admin.create("acme", owner="users/sid", team="teams/south")).team
    await hear(
        store,
        told(TeamCreated(team=Team(name="teams/north")), 1),
        told(UserCreated(user=user("sid", "teams/north")), 2),
        reaction=reaction,
    )
    await store.write(read, caller=SYSTEM)
    refused = admin.create("new", owner="users/sid", team="teams/south")
    assert (await refusal(refused)).reason == "TEAM_UNKNOWN"
