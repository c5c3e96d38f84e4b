"""Choices in a query, and where a stream goes on."""

from __future__ import annotations

import pytest
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import alerts_pb2
from guanxi.sales.v1 import orders_pb2

from gateway.transcode.request import Extras
from tests.support.transcoding import encode


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ORDER_VIEW_FULL", orders_pb2.ORDER_VIEW_FULL),
        ("2147483647", 2**31 - 1),
        ("-2147483648", -(2**31)),
    ],
)
def test_a_choice_is_given_by_its_name_or_by_any_number_of_32_bits(text: str, number: int) -> None:
    request = encode("ListOrders", orders_pb2.ListOrdersRequest, query=f"view={text}")
    assert request.view == number


def test_without_last_event_id_a_stream_goes_on_where_the_query_says() -> None:
    request = encode("WatchAlerts", alerts_pb2.WatchAlertsRequest, query="resumeToken=1")
    assert request.resume_token == "1"


def test_last_event_id_is_nothing_to_a_method_that_does_not_stream() -> None:
    extras = Extras(last_event_id="7")
    request = encode("GetCustomer", customers_pb2.GetCustomerRequest, "customers/a", extras=extras)
    assert request == customers_pb2.GetCustomerRequest(name="customers/a")
