"""CreateCustomer and GetCustomer: every answer and every reason they refuse for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import (
    CreateCustomerRequest,
    Customer,
    DeleteCustomerRequest,
    GetCustomerRequest,
    UpdateCustomerRequest,
)

from services.chassis.errors import DomainError, Kind
from tests.support.contact_points import emails, phones
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office


async def test_a_customer_is_created_under_the_id_its_caller_gave(desk: Desk) -> None:
    created = await desk.create(
        "acme",
        "Acme & Co",
        kind=Customer.ORGANIZATION,
        phones=phones("+44 20 7946 0000"),
        emails=emails("Office@ACME.example"),
        industry="retail",
        region="South",
        temperature=Customer.WARM,
        source="EVENT",
        labels={"tier": "a"},
        first_seen_time=Timestamp(seconds=1_291_161_600),
        next_follow_up_time=Timestamp(seconds=1_798_761_600),
    )
    assert created.name == "customers/acme"
    assert created.lifecycle_stage == Customer.LEAD
    (phone,), (email,) = created.phones, created.emails
    assert (phone.number, phone.canonical_number) == ("+44 20 7946 0000", "+442079460000")
    assert (email.address, email.canonical_address) == (
        "Office@ACME.example",
        "office@acme.example",
    )
    assert (created.owner, created.team) == ("users/ann", "teams/north")
    assert created.create_time == created.update_time
    assert created.etag
    assert not created.HasField("delete_time")
    read = await desk.customers.GetCustomer(GetCustomerRequest(name="customers/acme"))
    assert read == created


async def test_a_customer_without_an_id_gets_one(desk: Desk) -> None:
    one, another = await desk.create(), await desk.create()
    assert one.name.startswith("customers/")
    assert one.name != another.name


async def test_a_customer_is_a_person_and_a_subscriber_unless_more_is_known(desk: Desk) -> None:
    created = await desk.create()
    assert created.kind == Customer.PERSON
    assert created.lifecycle_stage == Customer.SUBSCRIBER
    assert created.first_seen_time == created.create_time


async def test_an_importer_keeps_the_stage_it_knows(desk: Desk) -> None:
    created = await desk.create(lifecycle_stage=Customer.OPPORTUNITY)
    assert created.lifecycle_stage == Customer.OPPORTUNITY


async def test_a_customer_may_be_referred_by_another(desk: Desk) -> None:
    await desk.create("bob", "Bob")
    created = await desk.create(referred_by="customers/bob")
    assert created.referred_by == "customers/bob"


@pytest.mark.parametrize("field", ["referred_by", "parent_organization"])
async def test_a_colleagues_customer_is_referred_to_as_one_that_isnt_there(
    office: Office, field: str
) -> None:
    bob = await office.desk("users/bob", role="rep")
    await bob.create("theirs", "Theirs")
    ann = await office.desk("users/ann", role="rep")
    await ann.create("mine", "Mine")
    told = set()
    for id in ("theirs", "none"):
        named: dict[str, Any] = {field: f"customers/{id}"}
        change = UpdateCustomerRequest(customer=Customer(name="customers/mine", **named))
        for call in (ann.create(**named), ann.customers.UpdateCustomer(change)):
            with pytest.raises(DomainError) as refused:
                await call
            told.add((refused.value.kind, refused.value.reason))
    assert told == {(Kind.INVALID_ARGUMENT, f"{field.upper()}_NOT_FOUND")}


async def test_a_person_belongs_to_an_organization_in_the_callers_sight(office: Office) -> None:
    bob = await office.desk("users/bob", role="rep")
    await bob.create("works", "Works", kind=Customer.ORGANIZATION)
    person = await bob.create("mia", "Mia", parent_organization="customers/works")
    assert person.parent_organization == "customers/works"
    ann = await office.desk("users/ann", role="rep")
    with pytest.raises(DomainError) as refused:
        await ann.create("kim", "Kim", parent_organization="customers/works")
    assert refused.value.reason == "PARENT_ORGANIZATION_NOT_FOUND"


@in_turn(
    ("fields", "reason", "field"),
    [
        ({"display_name": "  "}, "DISPLAY_NAME_MISSING", "customer.display_name"),
        ({"referred_by": "customers/none"}, "REFERRED_BY_NOT_FOUND", "customer.referred_by"),
        ({"referred_by": "customers/ann"}, "REFERRED_BY_ITSELF", "customer.referred_by"),
        (
            {"parent_organization": "customers/none"},
            "PARENT_ORGANIZATION_NOT_FOUND",
            "customer.parent_organization",
        ),
        (
            {"parent_organization": "customers/ann"},
            "PARENT_OF_ITSELF",
            "customer.parent_organization",
        ),
        ({"emails": emails("nonsense")}, "VALIDATION_FAILED", "customer.emails[0].address"),
        ({"phones": phones("nonsense")}, "VALIDATION_FAILED", "customer.phones[0].number"),
        ({"owner": "ann"}, "VALIDATION_FAILED", "customer.owner"),
        (
            {"first_seen_time": Timestamp(seconds=10**15)},
            "TIME_INVALID",
            "customer.first_seen_time",
        ),
        (
            {"first_seen_time": Timestamp(seconds=-1)},
            "TIME_TOO_EARLY",
            "customer.first_seen_time",
        ),
        (
            {"first_seen_time": Timestamp(seconds=4_000_000_000)},
            "FIRST_SEEN_TIME_IN_FUTURE",
            "customer.first_seen_time",
        ),
        (
            {"next_follow_up_time": Timestamp(seconds=10**15)},
            "TIME_INVALID",
            "customer.next_follow_up_time",
        ),
    ],
)
async def test_what_can_not_be_a_customer_is_refused_by_field(
    desk: Desk, fields: dict[str, Any], reason: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.create("ann", **{"display_name": "Ann", **fields})
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == field
    assert refused.value.domain == "customer.guanxi"


async def test_a_deleted_customer_refers_nobody(desk: Desk) -> None:
    await desk.create("bob", "Bob")
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/bob"))
    with pytest.raises(DomainError) as refused:
        await desk.create(referred_by="customers/bob")
    assert refused.value.reason == "REFERRED_BY_NOT_FOUND"


async def test_a_taken_id_is_refused_and_tells_its_owner_whether_it_is_the_same(
    office: Office,
) -> None:
    ann = await office.desk("users/ann", role="rep")
    await ann.create("acme", "Acme")
    for display_name, unchanged in (("Acme", "true"), ("Other", "false")):
        with pytest.raises(DomainError) as refused:
            await ann.create("acme", display_name)
        assert (refused.value.kind, refused.value.reason) == (
            Kind.ALREADY_EXISTS,
            "ALREADY_EXISTS",
        )
        assert refused.value.metadata["unchanged"] == unchanged
    bob = await office.desk("users/bob", role="rep")
    with pytest.raises(DomainError) as refused:
        await bob.create("acme", "Acme")
    assert refused.value.kind is Kind.ALREADY_EXISTS
    assert "unchanged" not in refused.value.metadata


async def test_of_those_who_take_an_id_at_once_one_gets_it(desk: Desk) -> None:
    attempts = [desk.create("acme", f"Acme {number}") for number in range(5)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, DomainError)]
    assert [error.kind for error in refused] == [Kind.ALREADY_EXISTS] * 4
    assert await desk.customers.GetCustomer(GetCustomerRequest(name="customers/acme")) in outcomes


async def test_a_repeated_request_is_answered_with_the_first_result(desk: Desk) -> None:
    request = CreateCustomerRequest(customer=Customer(display_name="Ann"), request_id="r-1")
    first = await desk.customers.CreateCustomer(request)
    assert await desk.customers.CreateCustomer(request) == first
    request.customer.display_name = "Bob"
    with pytest.raises(DomainError) as refused:
        await desk.customers.CreateCustomer(request)
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_a_rep_creates_customers_for_nobody_else(office: Office) -> None:
    rep = await office.desk("users/ann", role="rep")
    with pytest.raises(DomainError) as refused:
        await rep.create(owner="users/bob")
    assert (refused.value.kind, refused.value.reason) == (
        Kind.PERMISSION_DENIED,
        "OWNER_NOT_ALLOWED",
    )
    with pytest.raises(DomainError) as refused:
        await rep.create(team="teams/south")
    assert refused.value.reason == "TEAM_NOT_ALLOWED"


async def test_a_manager_creates_customers_for_their_team(office: Office) -> None:
    manager = await office.desk("users/mia", role="manager")
    created = await manager.create(owner="users/bob")
    assert (created.owner, created.team) == ("users/bob", "teams/north")
    with pytest.raises(DomainError) as refused:
        await manager.create(owner="users/bob", team="teams/south")
    assert refused.value.reason == "TEAM_NOT_ALLOWED"


async def test_a_customer_is_found_by_those_who_may_see_it_only(office: Office) -> None:
    ann = await office.desk("users/ann", role="rep")
    created = await ann.create("acme")
    request = GetCustomerRequest(name=created.name)
    for subject, role, team, sees in (
        ("users/ann", "rep", "teams/north", True),
        ("users/bob", "rep", "teams/north", False),
        ("users/mia", "manager", "teams/north", True),
        ("users/max", "manager", "teams/south", False),
        ("users/lea", "analyst", "teams/south", True),
    ):
        desk = await office.desk(subject, role=role, team=team)
        if sees:
            assert await desk.customers.GetCustomer(request) == created
            continue
        with pytest.raises(DomainError) as refused:
            await desk.customers.GetCustomer(request)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "NOT_FOUND")


@in_turn("name", ["", "customers/", "customers/A", "orders/1"])
async def test_a_name_that_is_none_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.customers.GetCustomer(GetCustomerRequest(name=name))
    assert refused.value.reason == "VALIDATION_FAILED"


async def test_who_may_only_read_creates_nothing(office: Office) -> None:
    analyst = await office.desk("users/lea", role="analyst")
    with pytest.raises(DomainError) as refused:
        await analyst.create()
    assert refused.value.kind is Kind.PERMISSION_DENIED
