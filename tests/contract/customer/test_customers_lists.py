"""ListCustomers and BatchGetCustomers: what they show, to whom, in which order and pieces."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import (
    BatchGetCustomersRequest,
    Customer,
    DeleteCustomerRequest,
    ListCustomersRequest,
    UpdateCustomerRequest,
)

from services.chassis.errors import DomainError, Kind
from tests.support.contact_points import emails, phones
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office


async def listed(desk: Desk, **arguments: Any) -> list[str]:
    request = ListCustomersRequest(**arguments)
    page = await desk.customers.ListCustomers(request)
    return [customer.name.removeprefix("customers/") for customer in page.customers]


@pytest.fixture
async def three(office: Office, desk: Desk) -> Desk:
    """A desk, and Ann, Bob and Cleo, created a day apart."""
    await desk.create(
        "ann",
        "Ann Lee",
        emails=emails("ann@example.org"),
        region="South",
        labels={"tier": "a"},
        temperature=Customer.HOT,
        next_follow_up_time=Timestamp(seconds=1_772_700_000),
    )
    office.clock.move(days=1)
    await desk.create(
        "bob",
        "Bob",
        kind=Customer.ORGANIZATION,
        phones=phones("+44 1"),
        region="North",
        industry="retail",
        source="EVENT",
        referred_by="customers/ann",
        labels={"tier": "b", "vip": "yes"},
    )
    office.clock.move(days=1)
    await desk.create(
        "cleo",
        "Cleo",
        owner="users/kim",
        team="teams/south",
        region="East",
        parent_organization="customers/bob",
    )
    return desk


@pytest.fixture
async def four(three: Desk) -> Desk:
    """Beside them one whose texts can be typed in many ways, and are kept as they came."""
    written: dict[str, Any] = {
        "emails": emails("Info@Nordlicht.example", "kai@gru\u0308n.example"),
        "phones": phones("0049 40/55 66 77", "021-6355转88", "０３０ １２"),
    }
    kept = await three.create("nordlicht", "Cafe\u0301 Ｎordlicht", **written)
    assert [each.number for each in kept.phones] == [each.number for each in written["phones"]]
    return three


async def test_customers_are_listed_latest_first(three: Desk) -> None:
    assert await listed(three) == ["cleo", "bob", "ann"]


@in_turn(
    ("filter", "names"),
    [
        ('name = "customers/bob"', ["bob"]),
        ("kind = ORGANIZATION", ["bob"]),
        ('display_name:"LEE"', ["ann"]),
        ('emails:"ann@example.org"', ["ann"]),
        ('phones:"+44 1"', ["bob"]),
        ("industry = retail", ["bob"]),
        ("region = S* OR region = North", ["bob", "ann"]),
        ("lifecycle_stage = LEAD", ["bob", "ann"]),
        ("NOT lifecycle_stage = LEAD", ["cleo"]),
        ("temperature = HOT", ["ann"]),
        ('owner = "users/kim"', ["cleo"]),
        ('team = "teams/south"', ["cleo"]),
        ("source = EVENT", ["bob"]),
        ('referred_by = "customers/ann"', ["bob"]),
        ('parent_organization = "customers/bob"', ["cleo"]),
        ("next_follow_up_time:*", ["ann"]),
        ('create_time >= "2026-03-03"', ["cleo", "bob"]),
        ('update_time < "2026-03-03"', ["ann"]),
        ("create_time >= days(-1)", ["cleo", "bob"]),
        ("labels:vip", ["bob"]),
        ("labels.tier = a", ["ann"]),
        ("", ["cleo", "bob", "ann"]),
    ],
)
async def test_customers_are_filtered_by_each_field(
    three: Desk, filter: str, names: list[str]
) -> None:
    assert await listed(three, filter=filter) == names


@in_turn(
    "filter",
    [
        'emails:"info@nordlicht.example"',
        'emails:" INFO@Nordlicht.example"',
        'emails:"info@nord*"',
        'emails:"kai@grün.example"',
        'phones:"004940556677"',
        'phones:"0049 (40) 55-66 77"',
        'phones:"0049 40*"',
        'phones:"021635588"',
        'phones:"021-6355"',
        'phones:"0216355转88"',
        'display_name = "café nordlicht"',
        'display_name = "CAFE\u0301  NORDLICHT"',
        'display_name:"nordLICHT"',
        'display_name = "ｃafé n*"',
    ],
)
async def test_a_customer_is_found_in_whatever_way_it_is_typed(four: Desk, filter: str) -> None:
    assert await listed(four, filter=filter) == ["nordlicht"]


async def test_a_number_with_an_extension_finds_nobody_who_has_another_or_none(three: Desk) -> None:
    await three.create("reception", "Reception", phones=phones("020 7946 1234"))
    await three.create("office", "Office", phones=phones("020 7946 1234 ext. 5"))
    found = await listed(three, filter='phones:"02079461234"')
    assert sorted(found) == ["office", "reception"]
    assert await listed(three, filter='phones:"020 7946 1234 ext. 5"') == ["office"]
    assert await listed(three, filter='phones:"020 7946 1234 ext. 6"') == []


async def test_a_customer_is_found_by_what_an_update_made_of_it(three: Desk) -> None:
    change = Customer(name="customers/bob", display_name="Bobby", phones=phones("+44 (2) 34"))
    await three.customers.UpdateCustomer(UpdateCustomerRequest(customer=change))
    assert await listed(three, filter='display_name = bobby AND phones:"44234"') == ["bob"]
    assert await listed(three, filter="display_name = bob") == []


async def test_a_phone_number_is_asked_for_by_its_digits(three: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        await listed(three, filter="phones:reception")
    assert refused.value.reason == "FILTER_VALUE"
    assert "nothing in it that phones is compared by" in refused.value.message


@in_turn(
    ("order_by", "names"),
    [
        ("create_time", ["ann", "bob", "cleo"]),
        ("update_time desc", ["cleo", "bob", "ann"]),
        ("display_name", ["ann", "bob", "cleo"]),
        ("region", ["cleo", "bob", "ann"]),
        ("next_follow_up_time", ["ann", "bob", "cleo"]),
        ("region desc, display_name", ["ann", "bob", "cleo"]),
    ],
)
async def test_customers_are_ordered_as_asked(three: Desk, order_by: str, names: list[str]) -> None:
    assert await listed(three, order_by=order_by) == names


@in_turn("order_by", ["", "display_name desc", "next_follow_up_time desc", "region"])
async def test_pages_show_every_customer_once(three: Desk, order_by: str) -> None:
    whole = await listed(three, order_by=order_by)
    names: list[str] = []
    token = ""
    while True:
        page = await three.customers.ListCustomers(
            ListCustomersRequest(page_size=1, page_token=token, order_by=order_by)
        )
        names += [customer.name.removeprefix("customers/") for customer in page.customers]
        token = page.next_page_token
        if not token:
            break
    assert names == whole


@in_turn(
    ("changed", "argument"),
    [
        ({"filter": "kind = PERSON"}, "filter"),
        ({"order_by": "region"}, "order_by"),
        ({"show_deleted": True}, "show_deleted"),
    ],
)
async def test_a_page_token_belongs_to_its_arguments(
    three: Desk, changed: dict[str, Any], argument: str
) -> None:
    page = await three.customers.ListCustomers(ListCustomersRequest(page_size=1))
    with pytest.raises(DomainError) as refused:
        await listed(three, page_token=page.next_page_token, **changed)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"
    assert refused.value.violations[0].field == argument


@in_turn(
    ("arguments", "reason"),
    [
        ({"page_token": "nonsense"}, "PAGE_TOKEN_INVALID"),
        ({"page_size": -1}, "VALIDATION_FAILED"),
        ({"order_by": "etag"}, "ORDER_BY_UNKNOWN_FIELD"),
        ({"filter": "etag = 1"}, "FILTER_UNKNOWN_FIELD"),
        ({"filter": "kind = ROBOT"}, "FILTER_UNKNOWN_VALUE"),
        ({"filter": "region ="}, "FILTER_SYNTAX"),
        ({"filter": "create_time > soon"}, "FILTER_VALUE"),
    ],
)
async def test_a_list_that_can_not_be_made_is_refused(
    desk: Desk, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await listed(desk, **arguments)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)


async def test_deleted_customers_are_listed_on_demand_only(three: Desk) -> None:
    await three.customers.DeleteCustomer(DeleteCustomerRequest(name="customers/bob"))
    assert await listed(three) == ["cleo", "ann"]
    assert await listed(three, show_deleted=True) == ["cleo", "bob", "ann"]


async def test_everybody_lists_what_is_theirs(office: Office, three: Desk) -> None:
    for subject, role, team, names in (
        ("users/ann", "rep", "teams/north", ["bob", "ann"]),
        ("users/kim", "rep", "teams/south", ["cleo"]),
        ("users/mia", "manager", "teams/south", ["cleo"]),
        ("users/max", "manager", "teams/west", []),
        ("users/lea", "analyst", "", ["cleo", "bob", "ann"]),
    ):
        desk = await office.desk(subject, role=role, team=team)
        assert await listed(desk) == names
        assert await listed(desk, filter="create_time > days(-90)", show_deleted=True) == names


async def test_customers_are_got_in_the_order_asked_for(three: Desk) -> None:
    names = ["customers/cleo", "customers/ann", "customers/cleo"]
    answer = await three.customers.BatchGetCustomers(BatchGetCustomersRequest(names=names))
    assert [customer.name for customer in answer.customers] == names


async def test_one_customer_out_of_sight_makes_the_whole_batch_not_found(
    office: Office, three: Desk
) -> None:
    names = ["customers/ann", "customers/cleo"]
    rep = await office.desk("users/ann", role="rep")
    for desk, name in ((rep, names[1]), (three, "customers/none")):
        request = BatchGetCustomersRequest(names=[names[0], name])
        with pytest.raises(DomainError) as refused:
            await desk.customers.BatchGetCustomers(request)
        assert refused.value.kind is Kind.NOT_FOUND
        assert refused.value.metadata["resource"] == name


async def test_a_batch_that_may_miss_some_has_those_that_are_in_sight(
    office: Office, three: Desk
) -> None:
    names = ["customers/cleo", "customers/none", "customers/ann"]
    request = BatchGetCustomersRequest(names=names, allow_missing=True)
    rep = await office.desk("users/ann", role="rep")
    for desk, seen in ((three, ["customers/cleo", "customers/ann"]), (rep, ["customers/ann"])):
        answer = await desk.customers.BatchGetCustomers(request)
        assert [customer.name for customer in answer.customers] == seen


@in_turn("names", [[], ["customers/x"] * 1001, ["nonsense"]])
async def test_a_batch_of_names_has_1_to_1000_of_them(desk: Desk, names: list[str]) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.customers.BatchGetCustomers(BatchGetCustomersRequest(names=names))
    assert refused.value.reason == "VALIDATION_FAILED"
