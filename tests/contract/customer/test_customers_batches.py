"""BatchCreateCustomers: every item stands or falls alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from google.rpc.status_pb2 import Status
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    BatchCreateCustomersResponse,
    CreateCustomerRequest,
    Customer,
    ListCustomersRequest,
)

from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_status
from tests.support.contact_points import emails
from tests.support.office import Desk, Office


def item(customer_id: str, display_name: str = "Ann", **fields: Any) -> CreateCustomerRequest:
    customer = Customer(display_name=display_name, **fields)
    return CreateCustomerRequest(customer_id=customer_id, customer=customer)


async def batch(
    desk: Desk, *items: CreateCustomerRequest, **arguments: Any
) -> BatchCreateCustomersResponse:
    return await desk.customers.BatchCreateCustomers(
        BatchCreateCustomersRequest(requests=items, **arguments)
    )


def reasons(failed: Mapping[int, Status]) -> dict[int, str]:
    return {index: from_status(status).reason for index, status in failed.items()}


async def count(desk: Desk) -> int:
    return len((await desk.customers.ListCustomers(ListCustomersRequest())).customers)


async def test_customers_are_created_in_the_order_of_their_requests(desk: Desk) -> None:
    answer = await batch(desk, item("zoe"), item("ann"), item(""))
    names = [customer.name for customer in answer.customers]
    assert names[:2] == ["customers/zoe", "customers/ann"]
    assert len(names) == 3
    assert not answer.failed_requests
    assert await count(desk) == 3


async def test_what_is_wrong_with_an_item_keeps_the_others_from_nothing(desk: Desk) -> None:
    await desk.create("known", "Known")
    answer = await batch(
        desk,
        item("one"),
        item("bad", emails=emails("nonsense")),
        item("known", "Known"),
        item("known", "Other"),
        item("one", "Twin"),
        item("two", referred_by="customers/none"),
        item("three", " "),
        CreateCustomerRequest(customer=Customer(display_name="Ann"), request_id="own"),
        CreateCustomerRequest(customer_id="empty"),
        item("UPPER"),
        item("last"),
    )
    assert [customer.name for customer in answer.customers] == ["customers/one", "customers/last"]
    assert reasons(answer.failed_requests) == {
        1: "VALIDATION_FAILED",
        2: "ALREADY_EXISTS",
        3: "ALREADY_EXISTS",
        4: "ALREADY_EXISTS",
        5: "REFERRED_BY_NOT_FOUND",
        6: "DISPLAY_NAME_MISSING",
        7: "REQUEST_ID_IN_ITEM",
        8: "VALIDATION_FAILED",
        9: "VALIDATION_FAILED",
    }
    unchanged = {
        index: from_status(answer.failed_requests[index]).metadata["unchanged"] for index in (2, 3)
    }
    assert unchanged == {2: "true", 3: "false"}
    violation = from_status(answer.failed_requests[1]).violations[0]
    assert violation.field == "customer.emails[0].address"
    assert await count(desk) == 3


async def test_a_second_import_changes_nothing(desk: Desk) -> None:
    items = [item(f"c{number}", f"Customer {number}") for number in range(200)]
    assert len((await batch(desk, *items)).customers) == 200
    again = await batch(desk, *items)
    assert not again.customers
    answers = [from_status(status) for status in again.failed_requests.values()]
    assert len(answers) == 200
    assert {error.metadata["unchanged"] for error in answers} == {"true"}


async def test_a_customer_may_be_referred_by_one_further_up_in_the_batch(desk: Desk) -> None:
    answer = await batch(
        desk,
        item("ann"),
        item("bob", referred_by="customers/ann"),
        item("cleo", referred_by="customers/dan"),
        item("dan"),
    )
    assert [customer.name for customer in answer.customers] == [
        "customers/ann",
        "customers/bob",
        "customers/dan",
    ]
    assert reasons(answer.failed_requests) == {2: "REFERRED_BY_NOT_FOUND"}


async def test_checking_only_says_the_same_and_creates_nothing(desk: Desk) -> None:
    items = (item("ann"), item("bad", " "))
    checked = await batch(desk, *items, validate_only=True)
    assert [customer.name for customer in checked.customers] == ["customers/ann"]
    assert reasons(checked.failed_requests) == {1: "DISPLAY_NAME_MISSING"}
    assert await count(desk) == 0
    assert len((await batch(desk, *items)).customers) == 1


async def test_a_repeated_batch_is_answered_with_the_first_result(desk: Desk) -> None:
    first = await batch(desk, item("ann"), item("bad", " "), request_id="r-1")
    assert await batch(desk, item("ann"), item("bad", " "), request_id="r-1") == first
    with pytest.raises(DomainError) as refused:
        await batch(desk, item("bob"), request_id="r-1")
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("size", [0, 1001])
async def test_a_batch_has_1_to_1000_items(desk: Desk, size: int) -> None:
    with pytest.raises(DomainError) as refused:
        await batch(desk, *(item("") for _ in range(size)))
    assert (refused.value.kind, refused.value.reason) == (
        Kind.INVALID_ARGUMENT,
        "VALIDATION_FAILED",
    )


async def test_a_manager_imports_for_their_team_only(office: Office) -> None:
    manager = await office.desk("users/mia", role="manager")
    answer = await batch(
        manager,
        item("ann", owner="users/bob"),
        item("bob", owner="users/kim", team="teams/south"),
    )
    assert [customer.owner for customer in answer.customers] == ["users/bob"]
    assert reasons(answer.failed_requests) == {1: "TEAM_NOT_ALLOWED"}


async def test_a_rep_imports_nothing(office: Office) -> None:
    rep = await office.desk("users/ann", role="rep")
    with pytest.raises(DomainError) as refused:
        await batch(rep, item("ann"))
    assert refused.value.kind is Kind.PERMISSION_DENIED


async def test_who_imports_owns_nothing_unless_the_row_says_so(office: Office) -> None:
    admin = await office.desk("users/ann", role="admin")
    answer = await batch(admin, item("one"), item("two", owner="users/bob"))
    owners = [(customer.owner, customer.team) for customer in answer.customers]
    assert owners == [("", ""), ("users/bob", "")]


async def test_an_app_owns_nothing_it_creates(office: Office) -> None:
    shop = await office.desk("users/shop", role="app")
    created = await shop.create("one")
    assert (created.owner, created.team) == ("", "")
