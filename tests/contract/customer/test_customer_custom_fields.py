"""What customers have in custom fields: written, read, refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.type.money_pb2 import Money
from guanxi.customer.v1.customers_pb2 import (
    EXTERNAL_ID,
    Customer,
    CustomerMatch,
    ListCustomersRequest,
    UpdateCustomerRequest,
    UpsertCustomerRequest,
)
from guanxi.customer.v1.fields_pb2 import (
    ArchiveCustomFieldRequest,
    CustomField,
    RestoreCustomFieldRequest,
)
from guanxi.fields.v1.values_pb2 import Choices, FieldValue

from services.chassis.errors import DomainError, Kind
from tests.support.custom_fields import EVERY_TYPE, declare, declare_every_type
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office

VALUES = {key: value for key, (_, value) in EVERY_TYPE.items()}


async def change(desk: Desk, fields: Mapping[str, FieldValue], id: str = "ann") -> Customer:
    customer = Customer(name=f"customers/{id}", custom_fields=fields)
    return await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=customer))


async def listed(desk: Desk, filter: str = "", order_by: str = "") -> list[str]:
    request = ListCustomersRequest(filter=filter, order_by=order_by)
    found = (await desk.customers.ListCustomers(request)).customers
    return [each.name.removeprefix("customers/") for each in found]


@pytest.fixture
async def known(desk: Desk) -> Desk:
    """Ann has something in every field, Bob in most of them, Cleo in none."""
    await declare_every_type(desk)
    await desk.create("ann", custom_fields=VALUES)
    await desk.create(
        "bob",
        "Bob",
        custom_fields={
            "motto": FieldValue(text="Slowly"),
            "seats": FieldValue(number="-3"),
            "budget": FieldValue(money=Money(currency_code="EUR", units=70)),
            "tier": FieldValue(choice="gold"),
            "badges": FieldValue(choices=Choices(values=["gold"])),
            "vip": FieldValue(flag=False),
        },
    )
    await desk.create("cleo", "Cleo")
    return desk


async def test_a_value_of_every_type_comes_back_as_it_went_in(desk: Desk) -> None:
    await declare_every_type(desk)
    created = await desk.create("ann", custom_fields=VALUES)
    assert dict(created.custom_fields) == VALUES
    assert await listed(desk) == ["ann"]


async def test_an_update_changes_the_keys_it_names_and_leaves_the_others(known: Desk) -> None:
    changed = await change(known, {"vip": FieldValue(flag=False), "motto": FieldValue()})
    left = {key: value for key, value in VALUES.items() if key not in ("vip", "motto")}
    assert dict(changed.custom_fields) == {**left, "vip": FieldValue(flag=False)}


async def test_an_upsert_adds_what_it_knows(known: Desk) -> None:
    shop = {"shop": "1"}
    await known.customers.UpdateCustomer(
        UpdateCustomerRequest(customer=Customer(name="customers/bob", external_ids=shop))
    )
    told = await known.customers.UpsertCustomer(
        UpsertCustomerRequest(
            customer=Customer(external_ids=shop, custom_fields={"seats": FieldValue(number="4")}),
            match_by=[CustomerMatch.Value("EXTERNAL_ID")],
        )
    )
    assert told.customer.custom_fields["seats"].number == "4.0"
    assert told.customer.custom_fields["motto"].text == "Slowly"
    assert CustomerMatch.Value("EXTERNAL_ID") == EXTERNAL_ID


async def test_a_new_customer_has_the_default_and_one_who_is_there_is_left_alone(
    desk: Desk,
) -> None:
    before = await desk.create("ann")
    await declare(desk, "vip", CustomField.FLAG, default_value=FieldValue(flag=True))
    assert (await desk.create("bob", "Bob")).custom_fields["vip"].flag is True
    assert not (await change(desk, {}, "ann")).custom_fields
    own = await desk.create("cleo", "Cleo", custom_fields={"vip": FieldValue(flag=False)})
    assert own.custom_fields["vip"].flag is False
    assert before.name == "customers/ann"


@in_turn(
    ("fields", "reason", "key"),
    [
        ({"colour": FieldValue(text="red")}, "CUSTOM_FIELD_UNKNOWN", "colour"),
        ({"vip": FieldValue(text="yes")}, "CUSTOM_FIELD_TYPE", "vip"),
        ({"seats": FieldValue(number="1.25")}, "CUSTOM_FIELD_VALUE", "seats"),
        ({"seats": FieldValue(number="9" * 20)}, "CUSTOM_FIELD_VALUE", "seats"),
        (
            {"budget": FieldValue(money=Money(currency_code="USD", units=1))},
            "CUSTOM_FIELD_VALUE",
            "budget",
        ),
        (
            {"budget": FieldValue(money=Money(currency_code="EUR", nanos=1))},
            "AMOUNT_TOO_PRECISE",
            "budget",
        ),
        ({"tier": FieldValue(choice="lead")}, "CUSTOM_FIELD_VALUE", "tier"),
        (
            {"badges": FieldValue(choices=Choices(values=["gold", "lead"]))},
            "CUSTOM_FIELD_VALUE",
            "badges",
        ),
        ({"agent": FieldValue(reference="customers/ann")}, "CUSTOM_FIELD_VALUE", "agent"),
        ({"owed_to": FieldValue(reference="customers/none")}, "CUSTOM_FIELD_NOT_FOUND", "owed_to"),
        ({"must": FieldValue()}, "CUSTOM_FIELD_REQUIRED", "must"),
    ],
)
async def test_what_can_not_be_in_a_field_is_refused_by_its_key(
    desk: Desk, fields: dict[str, FieldValue], reason: str, key: str
) -> None:
    if not await listed(desk):
        await declare_every_type(desk)
        await declare(desk, "owed_to", CustomField.REFERENCE, refers_to="customers")
        await desk.create("ann")
        await declare(desk, "must", CustomField.TEXT, required=True)
        await change(desk, {"must": FieldValue(text="here")})
    with pytest.raises(DomainError) as refused:
        await change(desk, fields)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == f"customer.custom_fields.{key}"


async def test_a_required_field_is_required_of_a_new_customer(desk: Desk) -> None:
    await declare(desk, "must", CustomField.TEXT, required=True)
    with pytest.raises(DomainError) as refused:
        await desk.create("ann")
    assert refused.value.reason == "CUSTOM_FIELD_REQUIRED"


async def test_a_colleagues_customer_is_referred_to_as_one_that_is_not_there(
    office: Office, desk: Desk
) -> None:
    await declare(desk, "owed_to", CustomField.REFERENCE, refers_to="customers")
    bob = await office.desk("users/bob", role="rep")
    await bob.create("theirs", "Theirs")
    ann = await office.desk("users/ann", role="rep")
    with pytest.raises(DomainError) as refused:
        await ann.create(custom_fields={"owed_to": FieldValue(reference="customers/theirs")})
    assert refused.value.reason == "CUSTOM_FIELD_NOT_FOUND"


async def test_an_archived_field_takes_nothing_and_keeps_what_it_has(known: Desk) -> None:
    name = "customFields/customer-tier"
    await known.fields.ArchiveCustomField(ArchiveCustomFieldRequest(name=name))
    for refused_call in (
        change(known, {"tier": FieldValue(choice="gold")}),
        listed(known, "custom_fields.tier = gold"),
    ):
        with pytest.raises(DomainError) as refused:
            await refused_call
        assert refused.value.reason in ("CUSTOM_FIELD_UNKNOWN", "FILTER_UNKNOWN_FIELD")
    await known.fields.RestoreCustomField(RestoreCustomFieldRequest(name=name))
    assert await listed(known, "custom_fields.tier = silver") == ["ann"]
