"""Batches: an item stands or falls alone."""

from __future__ import annotations

from typing import Any

from guanxi.customer.v1 import customers_pb2

from services.chassis.batches import (
    broken_items,
    failed_requests,
    is_batch,
    name_taken,
    read_items,
    split_outcomes,
)
from services.chassis.errors import DomainError, invalid, not_found


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


def test_items_that_can_not_be_read_keep_the_others_from_nothing() -> None:
    items, refused = read_items(
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


def test_items_that_break_their_contract_are_not_read_at_all() -> None:
    broken = invalid("customer", "VALIDATION_FAILED", "value is required")
    token = broken_items.set({1: broken})
    try:
        items, refused = read_items([request(customer_id="one"), request(customer_id="bad")], read)
    finally:
        broken_items.reset(token)
    assert (items, refused) == ({0: "one"}, {1: broken})


def test_outcomes_are_what_went_in_and_what_did_not() -> None:
    gone = not_found("customers/1")
    outcomes: dict[int, str | DomainError] = {0: "a", 1: gone, 2: "b"}
    assert split_outcomes(outcomes) == (["a", "b"], {1: gone})
    status = failed_requests({1: gone}, "customer")[1]
    assert status.message == "customers/1 was not found"


def test_a_taken_name_tells_only_those_who_see_it_whether_the_content_is_the_same() -> None:
    assert name_taken("customers/1", b"x", b"x").metadata["unchanged"] == "true"
    assert name_taken("customers/1", b"x", b"y").metadata["unchanged"] == "false"
    assert "unchanged" not in name_taken("customers/1", None, b"x").metadata
