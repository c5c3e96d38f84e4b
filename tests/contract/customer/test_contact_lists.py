"""ListContacts, BatchGetContacts, BatchCreateContacts: contacts found, and contacts imported."""

from __future__ import annotations

import pytest
from guanxi.customer.v1.contacts_pb2 import (
    BatchGetContactsRequest,
    Contact,
    CreateContactRequest,
    ListContactsRequest,
    UpdateContactRequest,
)
from guanxi.customer.v1.customers_pb2 import Customer
from guanxi.customer.v1.fields_pb2 import CustomField
from guanxi.fields.v1.values_pb2 import FieldValue

from services.chassis.status import from_status
from tests.support.contact_points import emails, phones
from tests.support.contacts import ACME, add, batch, entry, listed, named
from tests.support.custom_fields import declare
from tests.support.in_turn import in_turn
from tests.support.office import Desk
from tests.support.refusals import expect_not_found, refusal

GLOBEX = "customers/globex"


@pytest.fixture
async def people(desk: Desk) -> None:
    """Three at acme, one at globex."""
    for organization in ("acme", "globex"):
        await desk.create(organization, organization, kind=Customer.ORGANIZATION)
    await add(
        desk,
        "zoe",
        display_name="Zoë Ångström",
        role=Contact.DECISION_MAKER,
        approval_order=2,
        department="Board",
        emails=emails("Zoe@Acme.example"),
    )
    await add(
        desk,
        "kim",
        role=Contact.APPROVER,
        approval_order=1,
        department="Purchasing",
        stance=Contact.CHAMPION,
        phones=phones("+44 20 7946 0018 x11"),
        reports_to=named("zoe"),
        labels={"floor": "3"},
    )
    await add(desk, "lee", role=Contact.USER, department="Works")
    await add(desk, "bo", GLOBEX)


@in_turn(
    ("filter", "found"),
    [
        ("", ["kim", "lee", "zoe"]),
        ('display_name = "ZOË ångström"', ["zoe"]),
        ('emails:"zoe@acme.example"', ["zoe"]),
        ('phones:"02079460018"', []),
        ('phones:"442079460018"', ["kim"]),
        ("role = APPROVER OR role = DECISION_MAKER", ["kim", "zoe"]),
        ("approval_order > 0", ["kim", "zoe"]),
        ("stance = CHAMPION", ["kim"]),
        ('department = "Works"', ["lee"]),
        (f'reports_to = "{named("zoe")}"', ["kim"]),
        ('labels.floor = "3"', ["kim"]),
        ("active = false", []),
    ],
)
async def test_contacts_are_found_by_what_is_known_of_them(
    desk: Desk, people: None, filter: str, found: list[str]
) -> None:
    assert await listed(desk, filter=filter) == found


async def test_contacts_of_one_organization_or_of_all_in_the_order_asked_for(
    desk: Desk, people: None
) -> None:
    assert await listed(desk, order_by="approval_order desc, department") == ["zoe", "kim", "lee"]
    assert await listed(desk, GLOBEX) == ["bo"]
    assert await listed(desk, "customers/-") == ["bo", "kim", "lee", "zoe"]
    assert await listed(desk, "customers/-", page_size=3) == ["bo", "kim", "lee"]
    await expect_not_found(listed(desk, "customers/nobody"))


async def test_many_are_fetched_in_the_order_asked_for(desk: Desk, people: None) -> None:
    names = [named("lee"), named("bo", GLOBEX), named("kim")]
    found = await desk.contacts.BatchGetContacts(BatchGetContactsRequest(names=names))
    assert [each.name for each in found.contacts] == names
    lacking = [*names, named("nobody")]
    await expect_not_found(desk.contacts.BatchGetContacts(BatchGetContactsRequest(names=lacking)))
    some = await desk.contacts.BatchGetContacts(
        BatchGetContactsRequest(names=lacking, allow_missing=True)
    )
    assert some == found


async def test_one_bad_contact_keeps_no_other_out_and_an_import_can_be_run_again(
    desk: Desk, people: None
) -> None:
    await desk.create("ann", "Ann")
    entries = [
        entry("boss"),
        entry("mei", reports_to=named("boss")),
        entry("early", reports_to=named("late")),
        entry("late"),
        entry("of-a-person", "customers/ann"),
        entry("of-nobody", "customers/nobody"),
        entry("kim"),
    ]
    reasons = {
        2: "REPORTS_TO_NOT_FOUND",
        4: "CUSTOMER_NOT_ORGANIZATION",
        5: "NOT_FOUND",
        6: "ALREADY_EXISTS",
    }
    checked = await batch(desk, *entries, validate_only=True)
    assert await listed(desk) == ["kim", "lee", "zoe"]
    done = await batch(desk, *entries)
    for reply in (checked, done):
        refused = {index: from_status(each) for index, each in reply.failed_requests.items()}
        assert {index: error.reason for index, error in refused.items()} == reasons
        assert refused[2].violations[0].field == "contact.reports_to"
        assert refused[6].metadata["unchanged"] == "false"
        assert [each.name for each in reply.contacts] == [
            named("boss"),
            named("mei"),
            named("late"),
        ]
    again = await batch(desk, *entries[:2])
    refused = {index: from_status(each) for index, each in again.failed_requests.items()}
    assert [refused[index].metadata["unchanged"] for index in (0, 1)] == ["true", "true"]
    assert await listed(desk, ACME) == ["boss", "kim", "late", "lee", "mei", "zoe"]


async def test_contacts_have_custom_fields_of_their_own(desk: Desk) -> None:
    await declare(desk, "seniority", CustomField.NUMBER, resource=CustomField.CONTACT)
    await declare(desk, "vip", CustomField.FLAG)
    await desk.create("firm", kind=Customer.ORGANIZATION)
    for id, years in (("ann", "3"), ("bob", "12")):
        await desk.contacts.CreateContact(
            CreateContactRequest(
                parent="customers/firm",
                contact=Contact(
                    display_name=id, custom_fields={"seniority": FieldValue(number=years)}
                ),
                contact_id=id,
            )
        )
    asked = ListContactsRequest(
        parent="customers/firm",
        filter="custom_fields.seniority >= 3",
        order_by="custom_fields.seniority desc",
    )
    found = (await desk.contacts.ListContacts(asked)).contacts
    assert [each.display_name for each in found] == ["bob", "ann"]
    for fields in ({"vip": FieldValue(flag=True)}, {"seniority": FieldValue(number="0.5")}):
        change = Contact(name="customers/firm/contacts/ann", custom_fields=fields)
        error = await refusal(desk.contacts.UpdateContact(UpdateContactRequest(contact=change)))
        assert error.violations[0].field == f"contact.custom_fields.{next(iter(fields))}"
