"""Whom a customer may be given to, once there is anybody in the directory of people."""

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
    User,
    UserCreated,
    UserDeactivated,
    UserReactivated,
)

from services.chassis.errors import Kind
from services.customer.reactions import SalesReaction
from tests.support.accounts import SYSTEM, hear
from tests.support.asked_people import AWAY, OLDER, REFUSED, AskedPeople
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
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url, given={"people": people}) as service:
        yield Office(service)


@pytest.fixture
async def staffed(office: Office) -> Office:
    """Ann and Bob work here; Eve did."""
    await hear(
        office.service.store,
        told(UserCreated(user=User(name="users/ann", active=True)), 1),
        told(UserCreated(user=User(name="users/bob", active=True)), 2),
        told(UserCreated(user=User(name="users/eve", active=True)), 3),
        told(UserDeactivated(user=User(name="users/eve")), 4),
        reaction=SalesReaction(),
    )
    return office


async def given_to(desk: Desk, owner: str) -> Customer:
    customer = Customer(name="customers/acme", owner=owner)
    return await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=customer))


async def test_while_the_directory_is_empty_every_name_goes(
    desk: Desk, people: AskedPeople
) -> None:
    assert (await desk.create("acme", owner="users/zoe")).owner == "users/zoe"
    assert (await given_to(desk, "users/yan")).owner == "users/yan"
    assert people.asked == []


@pytest.mark.parametrize(
    ("owner", "reason"), [("users/zoe", "OWNER_UNKNOWN"), ("users/eve", "OWNER_INACTIVE")]
)
async def test_nothing_is_given_to_who_is_unknown_or_has_left(
    staffed: Office, owner: str, reason: str
) -> None:
    desk = await staffed.desk()
    await desk.create("acme", owner="users/bob")
    for call in (desk.create("new", owner=owner), given_to(desk, owner)):
        error = await refusal(call)
        assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
        assert [each.field for each in error.violations] == ["customer.owner"]
    assert (await given_to(desk, "users/ann")).owner == "users/ann"


async def test_in_a_batch_only_those_items_are_refused(staffed: Office) -> None:
    desk = await staffed.desk()
    owners = ["users/bob", "users/zoe", "users/eve"]
    items = [
        CreateCustomerRequest(customer=Customer(display_name="Acme", owner=owner))
        for owner in owners
    ]
    reply = await desk.customers.BatchCreateCustomers(BatchCreateCustomersRequest(requests=items))
    assert [each.owner for each in reply.customers] == ["users/bob"]
    assert {index: reason_of(each) for index, each in reply.failed_requests.items()} == {
        1: "OWNER_UNKNOWN",
        2: "OWNER_INACTIVE",
    }


async def test_what_is_with_somebody_who_has_left_can_be_changed_and_handed_on(
    office: Office,
) -> None:
    desk = await office.desk()
    await desk.create("acme", owner="users/eve")
    await hear(
        office.service.store,
        told(UserCreated(user=User(name="users/ann", active=True)), 1),
        told(UserDeactivated(user=User(name="users/eve")), 2),
        reaction=SalesReaction(),
    )
    same = Customer(name="customers/acme", owner="users/eve", industry="steel")
    changed = await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=same))
    assert (changed.owner, changed.industry) == ("users/eve", "steel")
    assert (await given_to(desk, "users/ann")).owner == "users/ann"


async def test_who_has_come_a_moment_ago_is_asked_for_once(
    staffed: Office, people: AskedPeople
) -> None:
    people.has("users/zoe")
    desk = await staffed.desk()
    customer = Customer(display_name="Acme", owner="users/zoe")
    request = CreateCustomerRequest(customer=customer, request_id="once")
    created = await desk.customers.CreateCustomer(request)
    people.refusal = AWAY
    assert await desk.customers.CreateCustomer(request) == created
    assert people.asked == [["users/zoe"]]


async def test_while_the_directory_is_away_who_is_known_can_be_given_something(
    staffed: Office, people: AskedPeople
) -> None:
    people.refusal = AWAY
    desk = await staffed.desk()
    assert (await desk.create("acme", owner="users/bob")).owner == "users/bob"
    error = await refusal(desk.create("new", owner="users/zoe"))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "PEOPLE_UNAVAILABLE")
    assert error.retry_after_seconds == 1.0


@pytest.mark.parametrize("role", ["rep", "manager"])
async def test_who_creates_in_person_has_to_be_in_the_directory(staffed: Office, role: str) -> None:
    desk = await staffed.desk("users/sam", role=role)
    error = await refusal(desk.create("acme"))
    assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "CALLER_UNKNOWN")
    assert error.message.startswith("you are not in the directory of people")
    desk = await staffed.desk("users/bob", role=role)
    assert (await desk.create("acme")).owner == "users/bob"


async def test_what_is_created_by_an_admin_who_is_not_in_the_directory_is_nobodys(
    staffed: Office,
) -> None:
    desk = await staffed.desk("users/developer")
    created = await desk.create("acme")
    assert (created.owner, created.team) == ("", "")
    error = await refusal(desk.create("new", owner="users/developer"))
    assert (error.reason, error.violations[0].field) == ("OWNER_UNKNOWN", "customer.owner")


async def test_who_comes_back_can_be_given_something_again(staffed: Office) -> None:
    again = told(UserReactivated(user=User(name="users/eve", active=True)), 5)
    await hear(staffed.service.store, again, reaction=SalesReaction())
    desk = await staffed.desk()
    assert (await desk.create("acme", owner="users/eve")).owner == "users/eve"


async def test_who_came_back_a_moment_ago_can_be_given_something_at_once(
    staffed: Office, people: AskedPeople
) -> None:
    people.has("users/eve")
    desk = await staffed.desk()
    assert (await desk.create("acme", owner="users/eve")).owner == "users/eve"


async def test_while_the_directory_is_away_who_has_left_is_taken_to_be_gone(
    staffed: Office, people: AskedPeople
) -> None:
    people.refusal = AWAY
    desk = await staffed.desk()
    assert (await refusal(desk.create("acme", owner="users/eve"))).reason == "OWNER_INACTIVE"


async def test_whoever_names_an_owner_needs_not_be_in_the_directory_themselves(
    staffed: Office, people: AskedPeople
) -> None:
    people.refusal = AWAY
    desk = await staffed.desk("users/max", role="manager", team="teams/north")
    created = await desk.create("acme", owner="users/bob", team="teams/north")
    assert created.owner == "users/bob"
    assert people.asked == []


async def test_a_change_that_gives_nothing_to_anybody_needs_no_directory(
    office: Office, people: AskedPeople
) -> None:
    desk = await office.desk()
    await desk.create("acme", owner="users/zoe", team="teams/south")
    await hear(
        office.service.store,
        told(UserCreated(user=User(name="users/ann", active=True)), 1),
        told(TeamCreated(team=Team(name="teams/north")), 2),
        reaction=SalesReaction(),
    )
    people.refusal = AWAY
    read = await desk.customers.GetCustomer(GetCustomerRequest(name="customers/acme"))
    read.industry = "steel"
    changed = await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=read))
    assert (changed.owner, changed.team, changed.industry) == ("users/zoe", "teams/south", "steel")


async def test_a_full_batch_whose_owners_are_all_unknown_is_refused_item_by_item(
    staffed: Office,
) -> None:
    desk = await staffed.desk("users/max", role="manager", team="teams/north")
    items = [
        CreateCustomerRequest(
            customer=Customer(display_name="A", owner=f"users/u{number}", team="teams/north")
        )
        for number in range(1_000)
    ]
    reply = await desk.customers.BatchCreateCustomers(BatchCreateCustomersRequest(requests=items))
    assert len(reply.failed_requests) == 1_000
    assert {reason_of(each) for each in reply.failed_requests.values()} == {"OWNER_UNKNOWN"}


async def test_of_a_batch_no_item_goes_in_while_somebody_can_not_be_asked_for(
    staffed: Office, people: AskedPeople
) -> None:
    people.refusal = AWAY
    desk = await staffed.desk()
    items = [
        CreateCustomerRequest(customer=Customer(display_name="A", owner=owner))
        for owner in ("users/bob", "users/zoe")
    ]
    request = BatchCreateCustomersRequest(requests=items)
    error = await refusal(desk.customers.BatchCreateCustomers(request))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "PEOPLE_UNAVAILABLE")
    people.refusal = None
    people.has("users/zoe")
    assert len((await desk.customers.BatchCreateCustomers(request)).customers) == 2


async def test_what_else_the_directory_answers_is_told_as_it_is(
    staffed: Office, people: AskedPeople
) -> None:
    people.refusal = REFUSED
    desk = await staffed.desk()
    error = await refusal(desk.create("acme", owner="users/zoe"))
    assert (error.kind, error.reason, error.message) == (
        REFUSED.kind,
        REFUSED.reason,
        REFUSED.message,
    )


async def test_a_version_without_a_directory_has_nobody_in_it(
    staffed: Office, people: AskedPeople
) -> None:
    people.refusal = OLDER
    desk = await staffed.desk()
    assert (await desk.create("acme", owner="users/zoe")).owner == "users/zoe"
    assert (await refusal(desk.create("new", owner="users/eve"))).reason == "OWNER_INACTIVE"


async def test_what_is_told_again_later_changes_nothing(staffed: Office) -> None:
    late = told(UserCreated(user=User(name="users/eve", active=True)), 3)
    await hear(staffed.service.store, late, reaction=SalesReaction())
    desk = await staffed.desk()
    assert (await refusal(desk.create("acme", owner="users/eve"))).reason == "OWNER_INACTIVE"


async def test_a_new_log_tells_of_everybody_anew_and_who_works_here_stays_meanwhile(
    staffed: Office,
) -> None:
    store, reaction = staffed.service.store, SalesReaction()
    desk = await staffed.desk()
    await store.write(reaction.log_renewed, caller=SYSTEM)
    assert (await desk.create("acme", owner="users/bob")).owner == "users/bob"
    assert (await refusal(desk.create("new", owner="users/eve"))).reason == "OWNER_INACTIVE"
    history = [
        told(UserCreated(user=User(name="users/ann", active=True)), 1),
        told(UserCreated(user=User(name="users/eve", active=True)), 2),
    ]
    await hear(store, *history, reaction=reaction)
    assert (await refusal(desk.create("new", owner="users/eve"))).reason == "OWNER_INACTIVE"
    left = told(UserDeactivated(user=User(name="users/eve")), 3)
    await hear(store, left, reaction=reaction)
    await store.write(reaction.log_read, caller=SYSTEM)
    assert (await refusal(desk.create("new", owner="users/eve"))).reason == "OWNER_INACTIVE"
    assert (await refusal(desk.create("new", owner="users/bob"))).reason == "OWNER_UNKNOWN"
    found = await desk.customers.GetCustomer(GetCustomerRequest(name="customers/acme"))
    assert found.owner == "users/bob"
