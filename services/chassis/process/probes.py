"""Serves health to strangers: little of a question is read, none is waited for long, and of many at
a time the one that has taken longest gives way.

grpc.aio calls the handler of a method that takes one message only once that has come whole, of any
size that the server accepts; so to the library these methods take a stream.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2, health_pb2_grpc

__all__ = ["serve_probes"]

_REQUEST_BYTES = 1_000
_REQUEST_SECONDS = 2.0
# Questions that are still to come whole, each of which may hold a message of any size, and watches.
_COMING = 8
_WATCHES = 256
# Found by nobody: what is no request asks for a service that isn't there.
_NO_REQUEST = health_pb2.HealthCheckRequest(service="(unreadable)")


def serve_probes(servicer: health_pb2_grpc.HealthServicer, server: grpc.aio.Server) -> None:
    """Has the server answer what its health is."""
    registrar: Any = _Registrar(server)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, registrar)


class _Registrar:
    """Stands in for the server when the health service is added."""

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """The generated code offers every method this way as well."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        coming = _Few(_COMING)
        bounded = {name: _bounded(handler, coming) for name, handler in handlers.items()}
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, bounded),)
        )


class _GaveWay(Exception):
    """Somebody else came."""


class _Few:
    """So many at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        # In the order in which they began.
        self._tasks: dict[asyncio.Task[Any] | None, None] = {}

    @contextmanager
    def one(self) -> Iterator[None]:
        """Among them from now on; raises _GaveWay where there came too many others."""
        if len(self._tasks) >= self._most:
            longest = next(iter(self._tasks))
            del self._tasks[longest]
            if longest is not None:
                longest.cancel()
        task = asyncio.current_task()
        self._tasks[task] = None
        try:
            yield
        except asyncio.CancelledError:
            if task in self._tasks or task is None:
                raise
            task.uncancel()
            raise _GaveWay from None
        finally:
            self._tasks.pop(task, None)


def _bounded(handler: Any, coming: _Few) -> Any:
    watches = _Few(_WATCHES)

    async def request_of(context: Any) -> health_pb2.HealthCheckRequest:
        with coming.one():
            async with asyncio.timeout(_REQUEST_SECONDS):
                request = await context.read()
        return _NO_REQUEST if request is grpc.aio.EOF else request

    async def check(_: Any, context: Any) -> Any:
        try:
            return await handler.unary_unary(await request_of(context), context)
        except (TimeoutError, _GaveWay) as error:
            await _end(context, error)

    async def watch(_: Any, context: Any) -> None:
        try:
            request = await request_of(context)
            with watches.one():
                await handler.unary_stream(request, context)
        except (TimeoutError, _GaveWay) as error:
            await _end(context, error)

    coders = (_small_request, handler.response_serializer)
    if handler.response_streaming:
        streaming: Any = watch
        return grpc.stream_stream_rpc_method_handler(streaming, *coders)
    single: Any = check
    return grpc.stream_unary_rpc_method_handler(single, *coders)


async def _end(context: Any, error: Exception) -> None:
    if isinstance(error, TimeoutError):
        code, text = grpc.StatusCode.DEADLINE_EXCEEDED, "the question did not come in time"
    else:
        code, text = grpc.StatusCode.RESOURCE_EXHAUSTED, "too many others ask as well"
    await context.abort(code, text)


def _small_request(data: bytes) -> health_pb2.HealthCheckRequest:
    if len(data) > _REQUEST_BYTES:
        return _NO_REQUEST
    try:
        return health_pb2.HealthCheckRequest.FromString(data)
    except DecodeError:
        return _NO_REQUEST
