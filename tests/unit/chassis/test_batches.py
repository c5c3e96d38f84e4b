"""Batches: an item stands or falls alone."""

from __future__ import annotations

from typing import Any

from guanxi.customer.v1 import customers_pb2

from services.chassis.batches import (
    broken_items,
    failed_requests,
    is_batch,
    read_items,
)
from services.chassis.errors import invalid, not_found
from services.chassis.status import from_status


def request(**fields: Any) -> customers_pb2.CreateCustomerRequest:
    return customers_pb2.CreateCustomerRequest(**fields)


def read(item: customers_pb2.CreateCustomerRequest) -> str:
    if item.customer_id == "bad":
        raise invalid("customer_id", "BAD", "is bad")
    return item.customer_id


def test_only_a_method_that_reports_its_failures_is_a_batch() -> None:
    batch = customers_pb2.BatchCreateCustomersRequest.DESCRIPTOR
    assert is_batch(batch, customers_pb2.BatchCreateCustomersResponse.DESCRIPTOR)
    assert not is_batch(batch, customers_pb2.BatchGetCustomersResponse.DESCRIPTOR)


async def test_items_that_can_not_be_read_keep_the_others_from_nothing() -> None:
    items, refused = await read_items(
        [
            request(customer_id="one"),
            request(customer_id="bad"),
            request(request_id="r"),
            request(customer_id="four"),
        ],
        read,
    )
    assert items == {0: "one", 3: "four"}
    reasons = {index: error.reason for index, error in refused.items()}
    assert reasons == {1: "BAD", 2: "REQUEST_ID_IN_ITEM"}


async def test_items_that_break_their_contract_are_not_read_at_all() -> None:
    broken = invalid("customer", "VALIDATION_FAILED", "value is required")
    token = broken_items.set({1: broken})
    try:
        items, refused = await read_items(
            [request(customer_id="one"), request(customer_id="bad")], read
        )
    finally:
        broken_items.reset(token)
    assert (items, refused) == ({0: "one"}, {1: broken})


async def test_what_failed_says_which_service_refused_it() -> None:
    batch = customers_pb2.BatchCreateCustomersRequest()
    status = (await failed_requests(batch, {1: not_found("customers/1")}))[1]
    error = from_status(status)
    assert (error.message, error.domain) == ("customers/1 was not found", "customer.guanxi")
