"""CreateContact, GetContact, UpdateContact, DeleteContact, DeactivateContact, ReactivateContact:
the people at an organization, and whom they can't be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from guanxi.customer.v1.contact_points_pb2 import PostalAddress
from guanxi.customer.v1.contacts_pb2 import (
    Contact,
    DeactivateContactRequest,
    DeleteContactRequest,
    GetContactRequest,
    ReactivateContactRequest,
)
from guanxi.customer.v1.customers_pb2 import Customer, DeleteCustomerRequest

from services.chassis.errors import DomainError, Kind
from tests.support.contact_points import emails, phones
from tests.support.contacts import ACME, add, approve, change, get, listed, named
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office
from tests.support.refusals import expect_not_found, refusal


@pytest.fixture(autouse=True)
async def acme(desk: Desk) -> Customer:
    """An organization in Germany; ann is a person, and globex another organization."""
    await desk.create("ann", "Ann")
    await desk.create("globex", "Globex", kind=Customer.ORGANIZATION)
    return await desk.create(
        "acme",
        "Acme",
        kind=Customer.ORGANIZATION,
        addresses=[PostalAddress(region_code="DE", locality="Berlin")],
    )


async def deactivate(desk: Desk, contact_id: str) -> Contact:
    return await desk.contacts.DeactivateContact(DeactivateContactRequest(name=named(contact_id)))


async def reactivate(desk: Desk, contact_id: str) -> Contact:
    return await desk.contacts.ReactivateContact(ReactivateContactRequest(name=named(contact_id)))


async def delete(desk: Desk, contact_id: str) -> Contact:
    return await desk.contacts.DeleteContact(DeleteContactRequest(name=named(contact_id)))


async def test_a_contact_is_kept_as_told(desk: Desk) -> None:
    await add(desk, "boss")
    told: dict[str, Any] = {
        "given_name": "Mei",
        "family_name": "Tanaka",
        "job_title": "Head of Purchasing",
        "department": "Purchasing",
        "role": Contact.APPROVER,
        "approval_order": 2,
        "stance": Contact.SKEPTIC,
        "customer": "customers/ann",
        "reports_to": named("boss"),
        "notes": "Prefers calls before noon.",
        "labels": {"floor": "3"},
    }
    made = await add(
        desk,
        "mei",
        display_name="",
        phones=phones("030 1234567"),
        emails=emails("Mei@Acme.example"),
        **told,
    )
    assert {field: getattr(made, field) for field in told} == told
    assert made.name == named("mei")
    assert made.display_name == "Mei Tanaka"
    # Of the organization's country: the contact says none.
    assert made.phones[0].canonical_number == "+49301234567"
    assert made.emails[0].canonical_address == "mei@acme.example"
    assert made.active
    assert made.create_time == made.update_time
    assert await get(desk, "mei") == made


@in_turn(
    ("fields", "reason", "field"),
    [
        ({"display_name": ""}, "DISPLAY_NAME_MISSING", "display_name"),
        ({"approval_order": -1}, "VALIDATION_FAILED", "approval_order"),
        ({"approval_order": 101}, "VALIDATION_FAILED", "approval_order"),
        ({"role": 99}, "VALIDATION_FAILED", "role"),
        ({"customer": "customers/nobody"}, "CUSTOMER_NOT_FOUND", "customer"),
        ({"customer": "customers/globex"}, "CUSTOMER_NOT_PERSON", "customer"),
        ({"reports_to": named("nobody")}, "REPORTS_TO_NOT_FOUND", "reports_to"),
        ({"reports_to": named("bo", "customers/globex")}, "REPORTS_TO_ELSEWHERE", "reports_to"),
        ({"reports_to": named("self")}, "REPORTS_TO_CYCLE", "reports_to"),
    ],
)
async def test_a_contact_is_refused_by_field(
    desk: Desk, fields: dict[str, Any], reason: str, field: str
) -> None:
    error = await refusal(add(desk, "self", **fields))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert error.violations[0].field == f"contact.{field}"


async def test_only_an_organization_that_is_there_has_contacts(desk: Desk) -> None:
    error = await refusal(add(desk, "lee", "customers/ann"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CUSTOMER_NOT_ORGANIZATION")
    await expect_not_found(add(desk, "lee", "customers/nobody"))
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/globex"))
    assert (await refusal(add(desk, "lee", "customers/globex"))).reason == "CUSTOMER_DELETED"


async def test_contacts_of_a_deleted_organization_are_shown_and_not_changed(desk: Desk) -> None:
    lee = await add(desk, "lee", approval_order=1)
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name=ACME))
    assert await get(desk, "lee") == lee
    assert await listed(desk) == ["lee"]
    assert await listed(desk, "customers/-") == []
    for act in (change(desk, "lee", notes="gone"), approve(desk, "lee"), delete(desk, "lee")):
        error = await refusal(act)
        assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CUSTOMER_DELETED")


async def test_a_change_touches_what_it_names(office: Office, desk: Desk) -> None:
    before = await add(
        desk, "lee", display_name="", given_name="Lee", family_name="Wong", notes="tall"
    )
    office.clock.move(minutes=1)
    after = await change(desk, "lee", family_name="Chan", phones=phones("030 1234567"))
    assert after.display_name == "Lee Chan"
    assert after.notes == "tall"
    assert after.phones[0].canonical_number == "+49301234567"
    assert after.update_time.ToDatetime() > before.update_time.ToDatetime()
    assert after.etag != before.etag
    assert (await change(desk, "lee", family_name="Chan")).etag == after.etag
    error = await refusal(change(desk, "lee", etag=before.etag, notes="small"))
    assert (error.kind, error.reason) == (Kind.ABORTED, "ETAG_MISMATCH")


async def test_a_change_is_refused_by_field_as_a_new_contact_is(desk: Desk) -> None:
    await add(desk, "lee")
    for fields, reason in (
        ({"customer": "customers/globex"}, "CUSTOMER_NOT_PERSON"),
        ({"customer": "customers/nobody"}, "CUSTOMER_NOT_FOUND"),
        ({"reports_to": named("nobody")}, "REPORTS_TO_NOT_FOUND"),
        ({"reports_to": named("lee")}, "REPORTS_TO_CYCLE"),
    ):
        error = await refusal(change(desk, "lee", **fields))
        assert (error.reason, error.violations[0].field) == (
            reason,
            f"contact.{next(iter(fields))}",
        )


async def test_who_somebody_is_as_a_customer_stays_though_that_customer_is_deleted(
    desk: Desk,
) -> None:
    await add(desk, "lee", customer="customers/ann")
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/ann"))
    changed = await change(desk, "lee", notes="tall", customer="customers/ann")
    assert (changed.notes, changed.customer) == ("tall", "customers/ann")
    error = await refusal(add(desk, "kim", customer="customers/ann"))
    assert error.reason == "CUSTOMER_NOT_FOUND"


async def test_who_somebody_is_as_a_customer_has_to_be_in_the_callers_sight(office: Office) -> None:
    bob = await office.desk("users/bob", role="rep")
    await bob.create("initech", "Initech", kind=Customer.ORGANIZATION)
    error = await refusal(add(bob, "lee", "customers/initech", customer="customers/ann"))
    assert error.reason == "CUSTOMER_NOT_FOUND"


async def test_nobody_reports_to_themselves_however_far_up(desk: Desk) -> None:
    await add(desk, "top")
    await add(desk, "mid", reports_to=named("top"))
    await add(desk, "low", reports_to=named("mid"))
    error = await refusal(change(desk, "top", reports_to=named("low")))
    assert (error.reason, error.violations[0].field) == ("REPORTS_TO_CYCLE", "contact.reports_to")
    assert (await change(desk, "low", reports_to=named("top"))).reports_to == named("top")
    assert (await change(desk, "mid", "reports_to")).reports_to == ""


async def test_two_who_are_made_to_report_to_each_other_at_once(desk: Desk) -> None:
    for turn in range(5):
        one, other = f"one{turn}", f"other{turn}"
        await add(desk, one)
        await add(desk, other)
        outcomes = await asyncio.gather(
            change(desk, one, reports_to=named(other)),
            change(desk, other, reports_to=named(one)),
            return_exceptions=True,
        )
        refused = [each.reason for each in outcomes if isinstance(each, DomainError)]
        assert refused == ["REPORTS_TO_CYCLE"]


async def test_who_has_left_stays_and_may_come_back(office: Office, desk: Desk) -> None:
    await add(desk, "lee", notes="tall", approval_order=1)
    left = await deactivate(desk, "lee")
    assert not left.active
    assert left.deactivate_time.ToDatetime(tzinfo=office.clock.now().tzinfo) == office.clock.now()
    assert (await get(desk, "lee")).notes == "tall"
    assert await listed(desk, filter="active = true") == []
    error = await refusal(deactivate(desk, "lee"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CONTACT_INACTIVE")
    back = await reactivate(desk, "lee")
    assert back.active
    assert not back.HasField("deactivate_time")
    error = await refusal(reactivate(desk, "lee"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CONTACT_ACTIVE")


async def test_a_contact_is_deleted_for_good_once_nobody_reports_to_them(desk: Desk) -> None:
    boss = await add(desk, "boss")
    await add(desk, "lee", reports_to=boss.name)
    error = await refusal(delete(desk, "boss"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CONTACT_HAS_REPORTS")
    await change(desk, "lee", "reports_to")
    assert await delete(desk, "boss") == boss
    await expect_not_found(get(desk, "boss"))
    await expect_not_found(delete(desk, "boss"))
    again = await add(desk, "boss", display_name="Another")
    assert again.display_name == "Another"


async def test_a_rep_keeps_the_contacts_of_their_customers_and_deletes_none(office: Office) -> None:
    bob = await office.desk("users/bob", role="rep")
    await bob.create("initech", "Initech", kind=Customer.ORGANIZATION)
    lee = await add(bob, "lee", "customers/initech")
    assert await bob.contacts.GetContact(GetContactRequest(name=lee.name)) == lee
    error = await refusal(bob.contacts.DeleteContact(DeleteContactRequest(name=lee.name)))
    assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "PERMISSION_DENIED")
    await expect_not_found(add(bob, "kim"))
