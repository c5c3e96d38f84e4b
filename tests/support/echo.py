"""A small service of all four RPC shapes, made at run time, to try the chassis with.

Its contract is built from descriptors here, so that no test contract is among the suite's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import grpc
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message
from guanxi.options.v1 import options_pb2

SERVICE = "guanxi.test.v1.Echo"
METHODS = {
    "Say": (False, False),
    "Stream": (False, True),
    "Collect": (True, False),
    "Chat": (True, True),
    "Book": (False, False),
}
Step = Callable[[str, Any], Awaitable[str]]


@cache
def file() -> FileDescriptor:
    """The contract: `Said { string text }` in and out; Book is the one that may not be repeated."""
    proto = descriptor_pb2.FileDescriptorProto(
        name="guanxi/test/v1/echo.proto",
        package="guanxi.test.v1",
        syntax="proto3",
        dependency=[options_pb2.DESCRIPTOR.name, validate_pb2.DESCRIPTOR.name],
    )
    said = proto.message_type.add(name="Said")
    text = said.field.add(
        name="text",
        number=1,
        type=descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
        label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
    )
    text.options.Extensions[validate_pb2.field].string.max_len = 20
    service = proto.service.add(name="Echo")
    for name, (client_streaming, server_streaming) in METHODS.items():
        method = service.method.add(
            name=name,
            input_type=".guanxi.test.v1.Said",
            output_type=".guanxi.test.v1.Said",
            client_streaming=client_streaming,
            server_streaming=server_streaming,
        )
        writes = name == "Book"
        method.options.Extensions[options_pb2.access].CopyFrom(
            options_pb2.Access(
                permission="sales.orders.write" if writes else "sales.orders.read",
                data_scope=options_pb2.DATA_SCOPE_OWNED,
                idempotency=options_pb2.IDEMPOTENCY_REQUEST_ID
                if writes
                else options_pb2.IDEMPOTENCY_READ_ONLY,
            )
        )
    bare = proto.service.add(name="Bare")
    bare.method.add(
        name="Unmarked", input_type=".guanxi.test.v1.Said", output_type=".guanxi.test.v1.Said"
    )
    return descriptor_pool.Default().AddSerializedFile(proto.SerializeToString())


def said(text: str = "") -> Any:
    """A message of the contract."""
    return _said_class()(text=text)


class EchoServicer:
    """Answers each text with what `step` makes of it; the step may raise or wait."""

    def __init__(self, step: Step) -> None:
        self._step = step

    async def Say(self, request: Any, context: Any) -> Any:
        return said(await self._step(request.text, context))

    async def Book(self, request: Any, context: Any) -> Any:
        return said(await self._step(request.text, context))

    async def Stream(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for word in request.text.split():
            yield said(await self._step(word, context))

    async def Collect(self, requests: AsyncIterator[Any], context: Any) -> Any:
        return said(" ".join([await self._step(each.text, context) async for each in requests]))

    async def Chat(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for each in requests:
            yield said(await self._step(each.text, context))


def add_echo(servicer: EchoServicer, server: Any) -> None:
    """What a generated `add_EchoServicer_to_server` does."""
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    handlers = {
        name: make[shape](
            getattr(servicer, name),
            request_deserializer=_said_class().FromString,
            response_serializer=_said_class().SerializeToString,
        )
        for name, shape in METHODS.items()
    }
    generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_registered_method_handlers(SERVICE, handlers)


def echo_stub(channel: grpc.aio.Channel) -> Any:
    """What a generated stub is: one callable per method."""
    make = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }
    calls: dict[str, Any] = {
        name: make[shape](
            f"/{SERVICE}/{name}",
            request_serializer=_said_class().SerializeToString,
            response_deserializer=_said_class().FromString,
        )
        for name, shape in METHODS.items()
    }
    return SimpleNamespace(**calls)


@cache
def _said_class() -> type[Message]:
    return message_factory.GetMessageClass(file().message_types_by_name["Said"])
