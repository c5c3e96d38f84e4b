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
from protos.promises import VERBS_APART, broken_promises

METHOD = "guanxi.sales.v1.OrderService.CreateOrder"


@pytest.fixture
def contracts() -> FileDescriptorSet:
    return FileDescriptorSet.FromString((GEN / "guanxi.binpb").read_bytes())


def method_of(contracts: FileDescriptorSet, name: str) -> MethodDescriptorProto:
    return next(
        method
        for file in contracts.file
        for service in file.service
        for method in service.method
        if f"{file.package}.{service.name}.{method.name}" == name
    )


def field_of(contracts: FileDescriptorSet, name: str) -> FieldDescriptorProto:
    return next(
        field
        for file in contracts.file
        for message in file.message_type
        for field in message.field
        if f"{file.package}.{message.name}.{field.name}" == f"guanxi.{name}"
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
    mistake(method_of(contracts, METHOD))
    assert f"{METHOD} {sentence}" in broken_promises(contracts)


@pytest.mark.parametrize(
    ("method", "asked", "sentence"),
    [
        ("CancelOrder", "sales.orders.read", "asks for sales.orders.read and doesn't only read"),
        (
            "GetOrder",
            "sales.orders.write",
            "only reads and asks for sales.orders.write: it is to be a .read",
        ),
        (
            "BatchCreateOrders",
            "sales.orders.write",
            "creates many at once and asks for sales.orders.write: it is to be an .import",
        ),
    ],
)
def test_a_permission_whose_verb_is_not_what_a_method_does_does_not_build(
    contracts: FileDescriptorSet, method: str, asked: str, sentence: str
) -> None:
    name = f"guanxi.sales.v1.OrderService.{method}"
    permission(asked)(method_of(contracts, name))
    assert broken_promises(contracts) == [f"{name} {sentence}"]


def test_a_verb_that_is_apart_is_one_that_is_asked_for(contracts: FileDescriptorSet) -> None:
    asked = {
        method.options.Extensions[options_pb2.access].permission
        for file in contracts.file
        for service in file.service
        for method in service.method
    }
    assert set(VERBS_APART) <= asked


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
    "name",
    [
        "sales.v1.Product.category",
        "sales.v1.Order.cancel_reason",
        "sales.v1.OrderLine.description",
        "customer.v1.Customer.labels",
    ],
    ids=["text", "what the server fills in", "within a record", "map"],
)
def test_a_text_that_events_tell_of_and_nobody_has_decided_on_does_not_build(
    contracts: FileDescriptorSet, name: str
) -> None:
    field_of(contracts, name).options.ClearExtension(options_pb2.personal)
    sentence = f"guanxi.{name} is told of by events and doesn't say whether it is personal"
    assert broken_promises(contracts) == [sentence]


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
    mistake(field_of(contracts, name))
    assert any(sentence in problem for problem in broken_promises(contracts))
