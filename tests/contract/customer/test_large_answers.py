"""Customers that are large, with many fields of one's own: every page of them comes, and a batch of
which the answer can't be sent changes nothing."""

from __future__ import annotations

import pytest
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
    ListCustomersRequest,
)
from guanxi.customer.v1.fields_pb2 import CustomField
from guanxi.fields.v1.values_pb2 import FieldValue

from services.chassis.errors import DomainError, Kind
from tests.support.custom_fields import declare
from tests.support.office import Desk

_LONG = "\U00020000" * 2000  # 8,000 bytes


async def test_pages_end_before_they_are_too_long_to_be_sent(desk: Desk) -> None:
    for number in range(60):
        await declare(desk, f"t{number}", CustomField.TEXT)
    fields = {f"t{number}": FieldValue(text=_LONG) for number in range(60)}
    names = [(await desk.create(f"big-{n:02}", custom_fields=fields)).name for n in range(35)]
    found, token, pages = [], "", 0
    while token or not pages:
        page = await desk.customers.ListCustomers(
            ListCustomersRequest(order_by="create_time", page_token=token)
        )
        found += [each.name for each in page.customers]
        token, pages = page.next_page_token, pages + 1
    assert sorted(found) == sorted(names)
    assert pages == 2


async def test_a_batch_whose_answer_is_too_long_is_refused_and_changes_nothing(desk: Desk) -> None:
    for number in range(12):
        default = FieldValue(text="y" * 2000)
        await declare(desk, f"t{number}", CustomField.TEXT, default_value=default)
    one = CreateCustomerRequest(customer=Customer(display_name="x"))
    with pytest.raises(DomainError) as error:
        await desk.customers.BatchCreateCustomers(
            BatchCreateCustomersRequest(requests=[one] * 1000, request_id="once")
        )
    assert (error.value.kind, error.value.reason) == (Kind.INVALID_ARGUMENT, "REPLY_TOO_LARGE")
    assert not (await desk.customers.ListCustomers(ListCustomersRequest())).customers
    half = BatchCreateCustomersRequest(requests=[one] * 500, request_id="once")
    assert len((await desk.customers.BatchCreateCustomers(half)).customers) == 500
