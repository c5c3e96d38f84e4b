"""UpsertCustomer and BatchUpsertCustomers: whom another system means, what it adds, and every
reason they refuse for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from guanxi.customer.v1.contact_points_pb2 import PhoneNumber, PostalAddress
from guanxi.customer.v1.customers_pb2 import (
    EMAIL,
    EXTERNAL_ID,
    PHONE,
    Consent,
    Customer,
    CustomerMatch,
    DeleteCustomerRequest,
    UndeleteCustomerRequest,
    UpdateCustomerRequest,
)

from services.chassis.errors import DomainError, Kind
from tests.support.contact_points import emails, phones
from tests.support.in_turn import in_turn
from tests.support.office import Desk
from tests.support.upserts import CREATED, UNCHANGED, UPDATED, everybody, item, refused, upsert


async def test_whom_nobody_knows_is_created_and_whom_somebody_knows_is_changed(desk: Desk) -> None:
    shop = {"shop": "C-1"}
    first = await upsert(desk, id="ann", display_name="Ann", external_ids=shop, region="South")
    assert (first.customer.name, first.outcome) == ("customers/ann", CREATED)
    again = await upsert(desk, id="else", external_ids=shop, industry="retail")
    assert (again.customer.name, again.outcome) == ("customers/ann", UPDATED)
    assert (again.customer.region, again.customer.industry) == ("South", "retail")
    assert again.customer.etag != first.customer.etag
    same = await upsert(desk, external_ids=shop, industry="retail")
    assert (same.outcome, same.customer) == (UNCHANGED, again.customer)
    assert await everybody(desk) == [again.customer]


async def test_what_another_system_knows_is_added_and_nothing_is_taken_away(desk: Desk) -> None:
    office = PostalAddress(kind=PostalAddress.OFFICE, region_code="GB", locality="London")
    before = await desk.create(
        "ann",
        phones=[PhoneNumber(number="+44 20 7946 0018", kind=PhoneNumber.WORK)],
        emails=emails("ann@example.org"),
        labels={"tier": "a", "since": "2010"},
        external_ids={"crm": "7"},
        addresses=[office],
    )
    told = await upsert(
        desk,
        EMAIL,
        phones=phones("0044 20-7946-0018", "+44 20 7946 0019"),
        emails=emails("ANN@example.org", "ann@home.example"),
        labels={"tier": "b"},
        external_ids={"shop": "C-1"},
        addresses=[office, PostalAddress(locality="Leeds")],
        lifecycle_stage=Customer.LOST,
    )
    assert told.outcome == UPDATED
    now = told.customer
    assert [each.number for each in now.phones] == ["+44 20 7946 0018", "+44 20 7946 0019"]
    assert now.phones[0].kind == PhoneNumber.WORK
    assert [each.address for each in now.emails] == ["ann@example.org", "ann@home.example"]
    assert dict(now.labels) == {"tier": "b", "since": "2010"}
    assert dict(now.external_ids) == {"crm": "7", "shop": "C-1"}
    assert [each.locality for each in now.addresses] == ["London", "Leeds"]
    assert now.lifecycle_stage == before.lifecycle_stage


@in_turn(
    ("match_by", "fields"),
    [
        ([PHONE], {"phones": phones("0044 (20) 7946-0018")}),
        ([PHONE], {"phones": phones("nobody 123", "+44 20 7946 0018")}),
        ([EMAIL], {"emails": emails("ANN@Example.ORG")}),
        ([EXTERNAL_ID], {"external_ids": {"crm": "7"}}),
        ([EXTERNAL_ID, PHONE], {"external_ids": {"crm": "8"}, "phones": phones("+442079460019")}),
        ([PHONE], {"phones": phones("021-6355转88 77")}),
    ],
)
async def test_a_customer_is_found_by_each_key_however_it_is_typed(
    desk: Desk, match_by: list[CustomerMatch.ValueType], fields: dict[str, Any]
) -> None:
    if not await everybody(desk):
        await desk.create("bob", "Bob", phones=phones("+44 20 7946 0018 ext. 5"))
        await desk.create(
            "ann",
            phones=phones("+44 20 7946 0018", "+442079460019", "021 63558877"),
            emails=emails("ann@example.org"),
            external_ids={"crm": "7"},
        )
    try:
        found = (await upsert(desk, *match_by, **fields)).customer.name
    except DomainError as error:
        found = error.metadata["resource"]
    assert found == "customers/ann"


async def test_what_is_not_asked_for_finds_nobody(desk: Desk) -> None:
    await desk.create("ann", emails=emails("ann@example.org"))
    told = await upsert(
        desk,
        display_name="Other Ann",
        emails=emails("ann@example.org"),
        external_ids={"shop": "1"},
    )
    assert told.outcome == CREATED


async def test_two_who_match_are_both_named_and_neither_is_changed(desk: Desk) -> None:
    ann = await desk.create("ann", emails=emails("home@example.org"))
    bob = await desk.create("bob", "Bob", phones=phones("+44 20 7946 0018"))
    error = await refused(
        desk,
        PHONE,
        EMAIL,
        emails=emails("home@example.org"),
        phones=phones("+44 20 7946 0018"),
        region="South",
    )
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "UPSERT_AMBIGUOUS")
    assert error.metadata["customers"] == "customers/ann, customers/bob"
    assert await everybody(desk) == [bob, ann]


@in_turn(
    ("match_by", "fields", "kind", "reason", "field"),
    [
        (
            [EMAIL],
            {"phones": phones("+44 20 7946 0018")},
            Kind.INVALID_ARGUMENT,
            "UPSERT_KEY_MISSING",
            "match_by",
        ),
        (
            [PHONE],
            {"phones": phones("112")},
            Kind.INVALID_ARGUMENT,
            "UPSERT_KEY_MISSING",
            "match_by",
        ),
        (
            [EXTERNAL_ID],
            {"external_ids": {"shop": "none"}},
            Kind.INVALID_ARGUMENT,
            "DISPLAY_NAME_MISSING",
            "customer.display_name",
        ),
        (
            [EMAIL],
            {"emails": emails("ann@example.org"), "external_ids": {"crm": "8"}},
            Kind.FAILED_PRECONDITION,
            "EXTERNAL_ID_DIFFERS",
            "",
        ),
        (
            [EMAIL],
            {"emails": emails("ann@example.org"), "external_ids": {"shop": "B"}},
            Kind.ALREADY_EXISTS,
            "EXTERNAL_ID_TAKEN",
            "customer.external_ids.shop",
        ),
        (
            [EMAIL],
            {"emails": emails("ann@example.org"), "referred_by": "customers/none"},
            Kind.INVALID_ARGUMENT,
            "REFERRED_BY_NOT_FOUND",
            "customer.referred_by",
        ),
        (
            [EMAIL],
            {"emails": emails("ann@example.org"), "etag": "old"},
            Kind.ABORTED,
            "ETAG_MISMATCH",
            "",
        ),
        (
            [EXTERNAL_ID],
            {"external_ids": {"crm": "9"}},
            Kind.FAILED_PRECONDITION,
            "CUSTOMER_DELETED",
            "",
        ),
    ],
)
async def test_what_can_not_be_upserted_is_refused_and_changes_nobody(
    desk: Desk,
    match_by: list[CustomerMatch.ValueType],
    fields: dict[str, Any],
    kind: Kind,
    reason: str,
    field: str,
) -> None:
    if not await everybody(desk):
        await desk.create("ann", emails=emails("ann@example.org"), external_ids={"crm": "7"})
        await desk.create("bob", "Bob", external_ids={"shop": "B"})
        await desk.create("gone", external_ids={"crm": "9"})
        await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/gone"))
    before = await everybody(desk)
    error = await refused(desk, *match_by, **fields)
    assert (error.kind, error.reason) == (kind, reason)
    assert [each.field for each in error.violations] == ([field] if field else [])
    assert await everybody(desk) == before


async def test_a_deleted_customer_is_found_by_no_phone_or_email_until_they_are_back(
    desk: Desk,
) -> None:
    await desk.create("ann", emails=emails("ann@example.org"))
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/ann"))
    new = await upsert(desk, EMAIL, display_name="Ann", emails=emails("ann@example.org"))
    assert new.outcome == CREATED
    await desk.customers.UndeleteCustomer(UndeleteCustomerRequest(name="customers/ann"))
    error = await refused(desk, EMAIL, emails=emails("ann@example.org"))
    assert error.reason == "UPSERT_AMBIGUOUS"


async def test_a_key_that_was_changed_away_finds_nobody_any_more(desk: Desk) -> None:
    await desk.create("ann", emails=emails("ann@example.org"), external_ids={"crm": "7"})
    change = Customer(name="customers/ann", emails=emails("new@example.org"))
    await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=change))
    old = await upsert(desk, EMAIL, display_name="B", emails=emails("ann@example.org"))
    assert old.outcome == CREATED
    new = await upsert(desk, EMAIL, emails=emails("new@example.org"), region="South")
    assert new.customer.name == "customers/ann"


@pytest.mark.parametrize("match_by", [EXTERNAL_ID, PHONE, EMAIL])
async def test_of_many_who_tell_of_one_customer_at_once_one_creates_them(
    desk: Desk, match_by: CustomerMatch.ValueType
) -> None:
    keys: dict[str, Any] = {
        "external_ids": {"shop": "C-1"},
        "phones": phones("+44 20 7946 0018"),
        "emails": emails("ann@example.org"),
    }
    attempts = [
        upsert(desk, match_by, display_name="Ann", labels={f"k{number}": "v"}, **keys)
        for number in range(8)
    ]
    told = await asyncio.gather(*attempts)
    assert sorted(each.outcome for each in told) == [CREATED, *[UPDATED] * 7]
    (customer,) = await everybody(desk)
    assert len(customer.labels) == 8


async def test_a_repeated_request_is_answered_with_the_first_result(desk: Desk) -> None:
    request = item(display_name="Ann", external_ids={"shop": "1"})
    request.request_id = "r-1"
    first = await desk.customers.UpsertCustomer(request)
    assert await desk.customers.UpsertCustomer(request) == first
    assert first.outcome == CREATED


async def test_an_opt_out_is_overwritten_by_no_import(desk: Desk) -> None:
    def said(state: Consent.State.ValueType, source: str) -> Consent:
        return Consent(channel=Consent.EMAIL, state=state, source=source)

    told = [
        await upsert(
            desk, display_name="Ann", external_ids={"shop": "1"}, consents=[said(state, source)]
        )
        for state, source in (
            (Consent.OPTED_IN, "shop"),
            (Consent.OPTED_OUT, "newsletter"),
            (Consent.OPTED_IN, "shop again"),
        )
    ]
    assert [each.outcome for each in told] == [CREATED, UPDATED, UNCHANGED]
    (consent,) = told[-1].customer.consents
    assert (consent.state, consent.source) == (Consent.OPTED_OUT, "newsletter")
