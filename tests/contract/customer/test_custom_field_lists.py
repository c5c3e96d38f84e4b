"""Customers filtered and ordered by custom fields, page by page, with an index and without."""

from __future__ import annotations

import asyncio

import pytest
from google.type.money_pb2 import Money
from guanxi.customer.v1.customers_pb2 import (
    ListCustomersRequest,
)
from guanxi.customer.v1.fields_pb2 import (
    CustomField,
    GetCustomFieldRequest,
    UpdateCustomFieldRequest,
)
from guanxi.fields.v1.values_pb2 import Choices, FieldValue
from sqlalchemy import text

from services.chassis.caller import Caller
from services.chassis.errors import DomainError
from services.customer.fields.actions import FieldIndexes
from services.customer.main import FIELD_COLUMNS
from tests.support.custom_fields import EVERY_TYPE, declare, declare_every_type
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office

VALUES = {key: value for key, (_, value) in EVERY_TYPE.items()}


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


FILTERS = [
    ('custom_fields.motto = "Ever onward 向前"', ["ann"]),
    ("custom_fields.motto:ONWARD", ["ann"]),
    ("custom_fields.motto:*", ["bob", "ann"]),
    ("custom_fields.seats >= 12.5", ["ann"]),
    ("custom_fields.seats < 0", ["bob"]),
    ("custom_fields.seats != 12.5", ["cleo", "bob"]),
    ("custom_fields.budget > 70 AND custom_fields.budget <= 5000.5", ["ann"]),
    ('custom_fields.founded < "1998-03-01"', ["ann"]),
    ("custom_fields.founded < days(0)", ["ann"]),
    ("NOT custom_fields.founded:*", ["cleo", "bob"]),
    ("custom_fields.tier = gold", ["bob"]),
    ("custom_fields.tier = gold OR custom_fields.tier = silver", ["bob", "ann"]),
    ("custom_fields.badges:silver", ["ann"]),
    ("custom_fields.badges:*", ["bob", "ann"]),
    ('custom_fields.agent = "users/kim"', ["ann"]),
    ("custom_fields.vip = true", ["ann"]),
    ("custom_fields.vip = false", ["bob"]),
]
ORDERS = [
    ("custom_fields.motto", ["ann", "bob", "cleo"]),
    ("custom_fields.seats", ["bob", "ann", "cleo"]),
    ("custom_fields.seats desc", ["ann", "bob", "cleo"]),
    ("custom_fields.budget desc", ["ann", "bob", "cleo"]),
    ("custom_fields.founded, display_name desc", ["ann", "cleo", "bob"]),
    ("custom_fields.tier", ["bob", "ann", "cleo"]),
]


@pytest.mark.parametrize("indexed", [False, True])
async def test_customers_are_filtered_and_ordered_by_every_field(
    office: Office, known: Desk, *, indexed: bool
) -> None:
    if indexed:
        for key in EVERY_TYPE:
            field = CustomField(name=f"customFields/customer-{key}", indexed=True)
            await known.fields.UpdateCustomField(UpdateCustomFieldRequest(custom_field=field))
        await FieldIndexes(office.service.store, FIELD_COLUMNS).step()
    for filter, found in FILTERS:
        assert await listed(known, filter) == found, filter
    for order_by, found in ORDERS:
        assert await listed(known, order_by=order_by) == found, order_by


@in_turn(
    ("filter", "order_by", "reason"),
    [
        ("custom_fields.colour = red", "", "FILTER_UNKNOWN_FIELD"),
        ("custom_fields.tier = lead", "", "FILTER_UNKNOWN_VALUE"),
        ("custom_fields.seats = many", "", "FILTER_VALUE"),
        ("", "custom_fields.badges", "ORDER_BY_UNKNOWN_FIELD"),
        ("", "custom_fields.colour", "ORDER_BY_UNKNOWN_FIELD"),
    ],
)
async def test_what_is_not_declared_is_no_field_of_the_list(
    known: Desk, filter: str, order_by: str, reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await listed(known, filter, order_by)
    assert refused.value.reason == reason


@pytest.mark.parametrize("order_by", [each for each, _ in ORDERS])
async def test_pages_by_a_custom_field_show_everybody_once(known: Desk, order_by: str) -> None:
    for number in range(6):
        fields = {"seats": FieldValue(number=str(number % 3)), "tier": VALUES["tier"]}
        await known.create(f"more-{number}", "More", custom_fields=fields if number else {})
    seen: list[str] = []
    token = ""
    while True:
        page = await known.customers.ListCustomers(
            ListCustomersRequest(order_by=order_by, page_size=2, page_token=token)
        )
        seen += [each.name for each in page.customers]
        token = page.next_page_token
        if not token:
            break
    assert sorted(seen) == sorted({*seen})
    assert len(seen) == 9


async def test_an_index_is_made_where_it_is_declared_and_goes_with_it(
    office: Office, desk: Desk
) -> None:
    await declare(desk, "seats", CustomField.NUMBER, indexed=True)
    name = "customFields/customer-seats"
    store = office.service.store
    indexing = FieldIndexes(store, FIELD_COLUMNS)

    async def plan(value: int) -> str:
        held = (
            "json_extract(custom_fields, '$.seats[1]')"
            if store.dialect == "sqlite"
            else "CAST(CAST(custom_fields AS JSONB) -> 'seats' ->> 1 AS BIGINT)"
        )
        explain = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
        async with store.read(caller=Caller.system("tests")) as tx:
            rows = await tx.unscoped().all(
                text(f"{explain} SELECT name FROM customers WHERE {held} = {value}")
            )
        return "\n".join(str(row) for row in rows)

    await asyncio.gather(indexing.step(), indexing.step())
    made = await desk.fields.GetCustomField(GetCustomFieldRequest(name=name))
    assert made.HasField("index_time")
    if store.dialect == "sqlite":  # PostgreSQL takes none for so few rows
        assert "cf_customers_seats" in await plan(1)
    change = UpdateCustomFieldRequest(custom_field=CustomField(name=name))
    change.update_mask.paths.append("indexed")
    await desk.fields.UpdateCustomField(change)
    await indexing.step()
    gone = await desk.fields.GetCustomField(GetCustomFieldRequest(name=name))
    assert not gone.HasField("index_time")
    assert "cf_customers_seats" not in await plan(2)  # SQLite keeps what it explained before
