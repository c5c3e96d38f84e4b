"""A contract whose method doesn't say who may call it, or contradicts itself, doesn't build."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto
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


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (no_access, "states no permission"),
        (no_access, "states no data scope"),
        (no_access, "doesn't say whether it may be repeated"),
        (no_route, "is public and has no HTTP route"),
        (internal, "is internal and has an HTTP route"),
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
