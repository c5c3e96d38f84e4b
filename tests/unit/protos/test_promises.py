"""A contract whose method doesn't say who may call it, or contradicts itself, doesn't build."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from buf.validate import validate_pb2
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)
from guanxi.options.v1 import options_pb2

from protos.build import GEN
from protos.promises import broken_promises

METHOD = "guanxi.sales.v1.OrderService.CreateOrder"


@pytest.fixture
def contracts() -> FileDescriptorSet:
    return FileDescriptorSet.FromString((GEN / "guanxi.binpb").read_bytes())


def create_order(contracts: FileDescriptorSet) -> MethodDescriptorProto:
    return next(
        method
        for file in contracts.file
        for service in file.service
        for method in service.method
        if f"{file.package}.{service.name}.{method.name}" == METHOD
    )


def test_our_own_contracts_keep_every_promise(contracts: FileDescriptorSet) -> None:
    assert broken_promises(contracts) == []


def no_access(method: MethodDescriptorProto) -> None:
    method.options.ClearExtension(options_pb2.access)


def no_route(method: MethodDescriptorProto) -> None:
    method.options.ClearExtension(annotations_pb2.http)


def internal(method: MethodDescriptorProto) -> None:
    method.options.Extensions[options_pb2.access].audience = options_pb2.AUDIENCE_INTERNAL


def another_request(method: MethodDescriptorProto) -> None:
    method.input_type = ".guanxi.sales.v1.GetOrderRequest"


def permission(text: str) -> Callable[[MethodDescriptorProto], None]:
    def mistake(method: MethodDescriptorProto) -> None:
        method.options.Extensions[options_pb2.access].permission = text

    return mistake


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (no_access, "states no permission"),
        (no_access, "states no data scope"),
        (no_access, "doesn't say whether it may be repeated"),
        (no_route, "is public and has no HTTP route"),
        (internal, "is internal and has an HTTP route"),
        (
            permission("insight.orders.write"),
            "asks for insight.orders.write, which is not its own: sales.orders.…",
        ),
        (
            permission("sales.offers.write"),
            "asks for sales.offers.write, which is not its own: sales.orders.…",
        ),
        (
            permission("sales.products.read"),
            "asks for sales.products.read, which is not its own: sales.orders.…",
        ),
        (another_request, "is repeated by request_id, which GetOrderRequest lacks"),
    ],
)
def test_a_mistake_in_a_method_is_one_sentence_that_names_it(
    contracts: FileDescriptorSet,
    mistake: Callable[[MethodDescriptorProto], None],
    sentence: str,
) -> None:
    mistake(create_order(contracts))
    assert f"{METHOD} {sentence}" in broken_promises(contracts)


def any_number_of_lines(field: FieldDescriptorProto) -> None:
    field.options.Extensions[validate_pb2.field].repeated.ClearField("max_items")


def a_largest_page(field: FieldDescriptorProto) -> None:
    field.options.Extensions[validate_pb2.field].int32.lte = 1000


def a_negative_page(field: FieldDescriptorProto) -> None:
    field.options.Extensions[validate_pb2.field].ClearField("int32")


def any_length(field: FieldDescriptorProto) -> None:
    field.options.Extensions[validate_pb2.field].ClearField("string")


def any_length_of_each(field: FieldDescriptorProto) -> None:
    field.options.Extensions[validate_pb2.field].repeated.ClearField("items")


def any_length_of_values(field: FieldDescriptorProto) -> None:
    field.options.Extensions[validate_pb2.field].map.ClearField("values")


@pytest.mark.parametrize(
    ("name", "mistake", "sentence"),
    [
        ("sales.v1.Order.lines", any_number_of_lines, "takes any number of guanxi"),
        ("sales.v1.Order.reference", any_length, "takes a text of any length as guanxi"),
        (
            "customer.v1.PostalAddress.address_lines",
            any_length_of_each,
            "takes a text of any length as guanxi",
        ),
        ("customer.v1.Customer.labels", any_length_of_values, "takes a text of any length as guan"),
        ("sales.v1.ListOrdersRequest.page_size", a_largest_page, "must refuse a negative"),
        ("sales.v1.ListOrdersRequest.page_size", a_negative_page, "must refuse a negative"),
    ],
)
def test_a_request_without_bounds_does_not_build(
    contracts: FileDescriptorSet,
    name: str,
    mistake: Callable[[FieldDescriptorProto], None],
    sentence: str,
) -> None:
    mistake(
        next(
            field
            for file in contracts.file
            for message in file.message_type
            for field in message.field
            if f"{file.package}.{message.name}.{field.name}" == f"guanxi.{name}"
        )
    )
    assert any(sentence in problem for problem in broken_promises(contracts))
