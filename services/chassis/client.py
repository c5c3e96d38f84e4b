"""Calls to other services: one channel factory, so that deadlines, identity, retries and errors
are the same everywhere."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Any, Protocol, Self, TypeVar

import grpc

from services.chassis import context
from services.chassis.descriptors import Method, load_catalogue
from services.chassis.errors import DomainError, Kind
from services.chassis.ids import Uuid7Ids
from services.chassis.status import from_rpc_error
from services.chassis.wire import AUTHORIZATION_KEY, BEARER, MAX_MESSAGE_BYTES, REQUEST_ID_KEY

__all__ = ["Channel", "TokenSource", "channel_options", "connect"]

_HOP_SECONDS = 0.020
_DEFAULT_SECONDS = 10.0

Request = TypeVar("Request")
Reply = TypeVar("Reply")


class TokenSource(Protocol):
    """In whose name calls are made."""

    def token(self) -> str:
        """A token the called service will believe, now."""
        ...


def connect(
    target: str, *, identity: TokenSource | None = None, methods: Iterable[Method] | None = None
) -> "Channel":
    """A channel to a service: `host:port`, `dns:///name:port` for all its replicas, `unix:/path`.

    `methods` are those of which the contract says whether they may be retried; all by default.
    """
    if methods is None:
        methods = load_catalogue().methods.values()
    return Channel(grpc.aio.insecure_channel(target, options=channel_options(methods)), identity)


class Channel(grpc.aio.Channel):
    """A channel whose stubs raise DomainError, carry the request's id, identity and deadline.

    A unary call takes what is left of the running request's deadline, less 20 ms for the way back;
    outside of a request 10 s, unless `timeout` says otherwise. Open a stream of replies with
    `stream`, which ends it: one that is only dropped lives on.
    """

    def __init__(self, inner: grpc.aio.Channel, identity: TokenSource | None) -> None:
        self._inner = inner
        self._identity = identity
        self._ids = Uuid7Ids()

    @asynccontextmanager
    async def stream(
        self,
        method: Callable[..., AsyncIterator[Reply]],
        request: Any,
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncIterator[AsyncIterator[Reply]]:
        """The replies of a server-streaming method of a stub; cancelled when the block is left."""
        call: Any = method(request, timeout=timeout_seconds)
        try:
            async with aclosing(_typed_errors(call)) as replies:
                yield replies
        finally:
            call.cancel()

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._unary(self._inner.unary_unary(method, *args, **kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._unary(self._inner.stream_unary(method, *args, **kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._streaming(self._inner.unary_stream(method, *args, **kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return self._streaming(self._inner.stream_stream(method, *args, **kwargs))

    def _unary(self, inner: Any) -> Any:
        def call(
            request: Any, *, timeout: float | None = None, metadata: Iterable[Any] = ()
        ) -> Awaitable[Any]:
            seconds = _seconds(_DEFAULT_SECONDS if timeout is None else timeout)
            return _typed_error(inner(request, timeout=seconds, metadata=self._metadata(metadata)))

        return call

    def _streaming(self, inner: Any) -> Any:
        def call(
            request: Any, *, timeout: float | None = None, metadata: Iterable[Any] = ()
        ) -> Any:
            return inner(request, timeout=_seconds(timeout), metadata=self._metadata(metadata))

        return call

    def _metadata(self, others: Iterable[Any]) -> tuple[Any, ...]:
        request_id = context.current_request_id() or self._ids.new()
        if self._identity is None:
            return (*others, (REQUEST_ID_KEY, request_id))
        bearer = BEARER + self._identity.token()
        return (*others, (REQUEST_ID_KEY, request_id), (AUTHORIZATION_KEY, bearer))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._inner.channel_ready()


async def _typed_error(call: Awaitable[Reply]) -> Reply:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from error


async def _typed_errors(call: AsyncIterator[Reply]) -> AsyncGenerator[Reply, None]:
    try:
        async for reply in call:
            yield reply
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from error


def _seconds(wanted: float | None) -> float | None:
    """What a call may take within the running request; refuses where it is too little."""
    remaining = context.remaining_seconds()
    if remaining is None:
        return wanted
    left = remaining - _HOP_SECONDS
    if left < context.LEAST_SECONDS:
        raise DomainError(
            Kind.DEADLINE_EXCEEDED,
            "DEADLINE_TOO_SHORT",
            f"{max(left, 0) * 1000:.0f} ms are left for a call to another service, "
            f"and it needs {context.LEAST_SECONDS * 1000:.0f}",
        )
    return left if wanted is None else min(wanted, left)


def channel_options(methods: Iterable[Method]) -> list[tuple[str, int | str]]:
    """How a channel of the suite connects: retries of what the contract allows, keepalive, size."""
    retried = [
        {"service": method.service, "method": method.name}
        for method in methods
        if method.may_be_retried
    ]
    service_config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.2},
    }
    if retried:
        retry = {
            "maxAttempts": 4,
            "initialBackoff": "0.05s",
            "maxBackoff": "0.5s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
        service_config["methodConfig"] = [{"name": retried, "retryPolicy": retry}]
    return [
        ("grpc.service_config", json.dumps(service_config)),
        ("grpc.enable_http_proxy", 0),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # A restarted service is found again within two seconds, not twenty.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
