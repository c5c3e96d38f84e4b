"""The gRPC side of the gateway: every public method to its owner, as bytes, in all four shapes.

Sign-in, limits and the time for a message are the same as for REST; what it says is the service's
business. Who may not is told before anything they send is read: to the library every method takes a
stream, since of one that takes a message it calls the handler only once that has come whole.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeAlias, cast

import grpc

from gateway.backends import Backends, Multicallable, details_of, draining, without_details
from gateway.contract import Method, owner_of
from gateway.http.head import MAX_HEAD_BYTES
from gateway.http.refusals import body_incomplete, body_timeout
from gateway.limits import Limits
from gateway.metrics import GatewayMetrics
from gateway.resuming import Positions, Replies
from gateway.signin.door import Door
from gateway.signin.keys import ApiKey
from gateway.signin.watch import Watch
from gateway.transcode.refusals import head_too_large
from services.chassis import context
from services.chassis.errors import DomainError, Kind
from services.chassis.ids import Ids
from services.chassis.request_lines import RequestLines
from services.chassis.status import code_of, to_status
from services.chassis.wire import AUTHORIZATION_KEY, CONSISTENCY_KEY, DETAILS_KEY, REQUEST_ID_KEY

__all__ = ["Proxy"]

Context: TypeAlias = grpc.aio.ServicerContext[bytes, bytes]
Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]
# Only the type checker may subscript it.
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"

_DOMAIN = "gateway"
_HOP_SECONDS = 0.020
# What a caller may say to a service beside its request. All else is the gateway's to say, or read
# by nobody.
_PASSED_ON = frozenset((CONSISTENCY_KEY,))


class Proxy(grpc.GenericRpcHandler):
    """Answers for every public method with what its owner answers."""

    def __init__(
        self,
        methods: tuple[Method, ...],
        backends: Backends,
        door: Door,
        limits: Limits,
        metrics: GatewayMetrics,
        log: RequestLines,
        ids: Ids,
        default_seconds: float,
        body_seconds: float,
        positions: Mapping[str, Positions],
    ) -> None:
        self._door = door
        self._limits = limits
        self._metrics = metrics
        self._log = log
        self._ids = ids
        self._default_seconds = default_seconds
        self._body_seconds = body_seconds
        self._positions = positions
        self._streams: set[asyncio.Task[Any] | None] = set()
        self._draining = False
        self._handlers = {method.path: self._handler(method, backends) for method in methods}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        return self._handlers.get(handler_call_details.method)

    def end_streams(self) -> None:
        """Ends every stream of replies with UNAVAILABLE: another replica can go on with it."""
        self._draining = True
        for task in self._streams:
            if task is not None:
                task.cancel()

    def _handler(self, method: Method, backends: Backends) -> Handler:
        # grpc.aio takes coroutine functions where the stubs know only the threaded kind.
        if method.server_streaming:
            connect = backends.both_streams if method.client_streaming else backends.server_stream
            replies = self._streaming(method, connect(method))
            return grpc.stream_stream_rpc_method_handler(cast(Any, replies))
        connect = backends.client_stream if method.client_streaming else backends.unary
        reply = self._single(method, connect(method))
        return grpc.stream_unary_rpc_method_handler(cast(Any, reply))

    def _single(
        self, method: Method, call: Multicallable
    ) -> Callable[[Any, Context], Awaitable[bytes]]:
        async def handle(requests: Any, incoming: Context) -> bytes:
            exchange = _Exchange(self, method, incoming)
            try:
                metadata = await exchange.admit()
                request = requests if method.client_streaming else await exchange.message()
                running = call(request, metadata=metadata, timeout=exchange.timeout())
                reply = await running
                await exchange.trailers(running)
                return cast(bytes, reply)
            except (DomainError, grpc.aio.AioRpcError) as error:
                return await exchange.refuse(error)
            finally:
                exchange.end()

        return handle

    def _streaming(
        self, method: Method, call: Multicallable
    ) -> Callable[[Any, Context], AsyncIterator[bytes]]:
        async def handle(requests: Any, incoming: Context) -> AsyncIterator[bytes]:
            exchange = _Exchange(self, method, incoming)
            watched: asyncio.Task[None] | None = None
            running = None
            task = asyncio.current_task()
            self._streams.add(task)
            try:
                await exchange.admit()
                request = requests if method.client_streaming else await exchange.message()
                with exchange.open_stream():
                    watch = exchange.watch()
                    running = exchange.replies(call, request)
                    watched = asyncio.create_task(exchange.look_after(watch, running))
                    while (reply := await running.read()) is not grpc.aio.EOF:
                        yield reply
                    await exchange.trailers(running)
            except (DomainError, grpc.aio.AioRpcError) as error:
                await exchange.refuse(error)
            except asyncio.CancelledError:
                if exchange.shut is None and (task is None or not self._draining):
                    raise
                if task is not None:
                    task.uncancel()
                await exchange.refuse(exchange.shut or draining())
            finally:
                self._streams.discard(task)
                if watched is not None:
                    watched.cancel()
                # A stream whose reader is gone lives on until it is cancelled.
                if running is not None:
                    running.cancel()
                exchange.end()

        return handle


class _Exchange:
    """One proxied call: who it is for, how long it may take, how it ended."""

    def __init__(self, proxy: Proxy, method: Method, incoming: Context) -> None:
        self._proxy = proxy
        self._method = method
        self._incoming = incoming
        self._started = time.perf_counter()
        self._head = cast(Metadata, tuple(incoming.invocation_metadata() or ()))
        self._given: Mapping[str, Any] = dict(self._head)
        self._code = "OK"
        self._reason = ""
        self._caller = ""
        self._request_id = ""
        # Why the caller may not read on.
        self.shut: DomainError | None = None

    async def admit(self) -> Metadata:
        """The metadata to call the service with; raises DomainError for who may not, or who gives
        it no time."""
        proxy = self._proxy
        self._request_id = _fit(self._given.get(REQUEST_ID_KEY)) or proxy._ids.new()
        context.request_id.set(self._request_id)
        _expect_head(self._head)
        key = proxy._door.admit(*self._shown)
        self._caller = key.subject
        self.timeout()  # gRPC itself ends the call with its deadline, from here on too
        await proxy._limits.take(key.subject)
        await proxy._door.settle(key)
        return self._metadata(key)

    def open_stream(self) -> AbstractContextManager[None]:
        """Counts it among its caller's streams; raises DomainError where there are too many."""
        return self._proxy._limits.stream(self._caller)

    def replies(self, call: Multicallable, request: Any) -> Replies:
        """Calls the service for a stream."""

        def again(request: Any, timeout: float | None) -> Any:
            metadata = self._metadata(self._proxy._door.admit(*self._shown))
            return call(request, metadata=metadata, timeout=timeout)

        positions = self._proxy._positions.get(self._method.path)
        return Replies(again, request, positions, self.timeout())

    def watch(self) -> Watch:
        """Looks after the caller, from now on; raises DomainError."""
        return self._proxy._door.watch(*self._shown)

    async def look_after(self, watch: Watch, replies: Replies) -> None:
        """Renews the replies when the caller's sight is another, and ends them when their key opens
        nothing any more."""
        try:
            await watch.until_shut(replies.renew)
        except DomainError as error:
            self.shut = error
            replies.cancel()

    @property
    def _shown(self) -> tuple[Any, Any]:
        return self._given.get(AUTHORIZATION_KEY, ""), self._given.get("x-api-key", "")

    def _metadata(self, key: ApiKey) -> Metadata:
        passed = tuple(each for each in self._head if each[0] in _PASSED_ON)
        authorization = self._proxy._door.authorization(key, owner_of(self._method))
        return (*passed, (AUTHORIZATION_KEY, authorization), (REQUEST_ID_KEY, self._request_id))

    async def message(self) -> bytes:
        """The request of a method that takes one; raises DomainError where it doesn't come."""
        seconds = self._proxy._body_seconds
        try:
            async with asyncio.timeout(seconds):
                message: Any = await self._incoming.read()
        except TimeoutError:
            raise body_timeout(seconds) from None
        if message is grpc.aio.EOF:
            raise body_incomplete()
        return cast(bytes, message)

    def timeout(self) -> float | None:
        """Seconds the service has, a hop less than the caller gives; raises DomainError."""
        remaining = cast("float | None", self._incoming.time_remaining())
        if remaining is None:
            return None if self._method.server_streaming else self._proxy._default_seconds
        if remaining - _HOP_SECONDS < context.LEAST_SECONDS:
            raise DomainError(
                Kind.DEADLINE_EXCEEDED,
                "DEADLINE_TOO_SHORT",
                f"a call needs at least {1000 * (context.LEAST_SECONDS + _HOP_SECONDS):.0f} ms",
            )
        return remaining - _HOP_SECONDS

    async def trailers(self, running: Any) -> None:
        """Passes on what the service said after its last reply."""
        passed = tuple(await running.trailing_metadata() or ())
        self._incoming.set_trailing_metadata((*passed, (REQUEST_ID_KEY, self._request_id)))

    async def refuse(self, error: DomainError | grpc.aio.AioRpcError) -> bytes:
        """Ends the call with the error: the service's own word for word, where it has one."""
        mark = (REQUEST_ID_KEY, self._request_id)
        if isinstance(error, grpc.aio.AioRpcError):
            self._reason = error.code().name
            if details_of(error) is not None:
                self._code = error.code().name
                trailing = tuple(error.trailing_metadata() or ())
                await self._incoming.abort(error.code(), error.details() or "", (*trailing, mark))
            error = without_details(error, owner_of(self._method))
        self._code, self._reason = error.kind.value, error.reason
        status = to_status(error, _DOMAIN)
        details = (DETAILS_KEY, status.SerializeToString())
        await self._incoming.abort(code_of(error.kind), status.message, (details, mark))
        raise AssertionError("abort raises")

    def end(self) -> None:
        """Counts and logs the call."""
        seconds = time.perf_counter() - self._started
        code = "CANCELLED" if self._incoming.cancelled() else self._code
        self._proxy._metrics.rpc.rpc_handled_series(self._method.path, code).observe(seconds)
        fields = {
            "method": self._method.path,
            "code": code,
            "duration_ms": round(seconds * 1000, 3),
            "caller": self._caller,
            "request_id": self._request_id,
        }
        if self._reason:
            fields["reason"] = self._reason
        self._proxy._log("rpc", fields)


def _expect_head(given: Metadata) -> None:
    """Raises DomainError for metadata larger than the head of any request may be."""
    if sum(len(name) + len(value) for name, value in given) > MAX_HEAD_BYTES:
        raise head_too_large(MAX_HEAD_BYTES, "metadata")


def _fit(request_id: Any) -> str:
    return request_id if isinstance(request_id, str) and request_id.isprintable() else ""
