"""How much one request may hold: counted before anything is built of it."""

from __future__ import annotations

import time

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    BatchGetCustomersRequest,
    CreateCustomerRequest,
    Customer,
)
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    CreateOrderRequest,
    Order,
    OrderLine,
)

from protos.build import GEN
from services.chassis.errors import DomainError, Kind
from services.chassis.incoming.bounds import MAX_PARTS, count_parts, shape_of
from tests.support.contact_points import phones

BATCH = shape_of(BatchCreateOrdersRequest.DESCRIPTOR)
EMPTY_ITEM = b"\x0a\x00"
EMPTY_LINE = b"\x3a\x00"
CONTRACTS = FileDescriptorSet.FromString((GEN / "guanxi.binpb").read_bytes())
POOL = descriptor_pool.DescriptorPool()
for each in CONTRACTS.file:
    POOL.Add(each)
REQUESTS = [
    method.input_type.lstrip(".")
    for file in CONTRACTS.file
    if file.package.startswith("guanxi.")
    for service in file.service
    for method in service.method
]


def delimited(tag: int, content: bytes) -> bytes:
    size, length = len(content), b""
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([tag]) + length + bytes([size]) + content


def refusal(data: bytes, message: str = "guanxi.sales.v1.BatchCreateOrdersRequest") -> DomainError:
    shape = shape_of(descriptor_pool.Default().FindMessageTypeByName(message))
    with pytest.raises(DomainError) as refused:
        count_parts(data, shape)
    assert refused.value.kind is Kind.INVALID_ARGUMENT
    return refused.value


def test_a_batch_of_orders_is_counted_down_to_its_lines() -> None:
    orders = [CreateOrderRequest(order=Order(lines=[OrderLine(quantity=1)] * 3))] * 2
    data = BatchCreateOrdersRequest(requests=orders, validate_only=True).SerializeToString()
    # 2 items, an order in each, 3 lines with a quantity in each; validate_only.
    assert count_parts(data, BATCH) == 2 + 2 + 6 + 1


def test_items_beyond_the_contracts_bound_are_refused_naming_the_field() -> None:
    error = refusal(EMPTY_ITEM * 400_000)
    assert error.reason == "VALIDATION_FAILED"
    assert [(each.field, each.reason) for each in error.violations] == [
        ("requests", "repeated.max_items")
    ]
    assert "1000" in error.message
    exactly = BatchGetCustomersRequest(names=["customers/a"] * 1000).SerializeToString()
    assert count_parts(exactly, shape_of(BatchGetCustomersRequest.DESCRIPTOR)) == 1000


def test_parts_are_bounded_at_any_depth() -> None:
    order = delimited(0x0A, EMPTY_LINE * (MAX_PARTS + 1))
    assert refusal(delimited(0x0A, order)).reason == "REQUEST_TOO_MANY_PARTS"
    labels = delimited(0x0A, b"\x7a\x00" * (MAX_PARTS + 1))
    error = refusal(labels, "guanxi.customer.v1.CreateCustomerRequest")
    assert error.metadata == {"most": str(MAX_PARTS)}


@pytest.mark.parametrize("message", sorted(set(REQUESTS)))
def test_no_request_takes_long_to_be_counted(message: str) -> None:
    shape = shape_of(POOL.FindMessageTypeByName(message))
    for tag in (0x0A, 0x12, 0x3A):
        began = time.process_time()
        with pytest.raises(DomainError):
            count_parts(bytes([tag, 0]) * 2_000_000, shape)
        # Ten times what it takes: the machine may be busy.
        assert time.process_time() - began < 0.25


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a",
        b"\x0a\x05ab",
        b"\x08" + b"\xff" * 1000,
        b"\x0b\x0c",
        b"\x0f",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
    ids=["no length", "too short", "endless number", "group", "unknown kind", "endless length"],
)
def test_what_is_no_message_is_malformed(data: bytes) -> None:
    assert refusal(data).reason == "MESSAGE_MALFORMED"


def test_every_kind_of_field_is_passed_over_whole() -> None:
    customer = Customer(display_name="x" * 300, labels={"a": "b"}, phones=phones("1"))
    customer.create_time.seconds = 2**40
    message = CreateCustomerRequest(customer=customer, customer_id="a")
    unknown = b"\xf9\x07" + bytes(8) + b"\xfd\x07" + bytes(4) + b"\xf8\x07\xff\x01"
    data = unknown + message.SerializeToString()
    # 3 unknown fields, the customer with 4 fields, the id.
    assert count_parts(data, shape_of(CreateCustomerRequest.DESCRIPTOR)) == 3 + 1 + 4 + 1


def test_the_largest_batches_there_should_be_are_let_through() -> None:
    line = OrderLine(product="products/a", quantity=1, description="a line")
    order = Order(currency_code="USD", customer="customers/a", lines=[line] * 8)
    request = CreateOrderRequest(order=order, order_id="a", confirm=True)
    data = BatchCreateOrdersRequest(requests=[request] * 1000).SerializeToString()
    assert count_parts(data, BATCH) < MAX_PARTS / 1.2
    customer = Customer(
        display_name="A", phones=phones("1") * 3, labels={str(n): "x" for n in range(8)}
    )
    many = BatchCreateCustomersRequest(requests=[CreateCustomerRequest(customer=customer)] * 1000)
    shape = shape_of(BatchCreateCustomersRequest.DESCRIPTOR)
    assert count_parts(many.SerializeToString(), shape) < MAX_PARTS


def test_a_type_without_repeated_fields_is_read_at_its_top_only() -> None:
    message = POOL.FindMessageTypeByName("guanxi.sales.v1.ConfirmOrderRequest")
    assert not shape_of(message).fields
