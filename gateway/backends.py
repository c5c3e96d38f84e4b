"""Connections to the services, and their answers as bytes: nothing is decoded on the way through.

Which errors of a connection a caller may see is decided here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import grpc

from gateway.contract import Method, owner_of
from services.chassis.client import channel_options
from services.chassis.errors import DomainError, Kind
from services.chassis.status import kind_of
from services.chassis.wire import DETAILS_KEY

__all__ = [
    "Backends",
    "Multicallable",
    "details_of",
    "draining",
    "unanswered",
    "without_details",
]

Multicallable: TypeAlias = Callable[..., Any]

# What gRPC says of a message that it doesn't send or take; a busy server has the same code.
_TOO_LARGE: Final = "message larger than max"


class Backends:
    """One channel per deployable; a method's calls go to its owner."""

    def __init__(self, targets: Mapping[str, str], methods: Iterable[Method]) -> None:
        options = channel_options(methods)
        self._channels = {
            owner: grpc.aio.insecure_channel(target, options=options)
            for owner, target in targets.items()
        }

    def unary(self, method: Method) -> Multicallable:
        """Calls `method` with request bytes; awaiting the call gives reply bytes."""
        return self._channel(method).unary_unary(method.path)

    def server_stream(self, method: Method) -> Multicallable:
        """Calls `method` with request bytes; the call is read reply by reply."""
        return self._channel(method).unary_stream(method.path)

    def client_stream(self, method: Method) -> Multicallable:
        """Calls `method` with an iterator of request bytes; awaiting the call gives reply bytes."""
        return self._channel(method).stream_unary(method.path)

    def both_streams(self, method: Method) -> Multicallable:
        """Calls `method` with an iterator of request bytes; the call is read reply by reply."""
        return self._channel(method).stream_stream(method.path)

    def channel(self, owner: str) -> grpc.aio.Channel:
        """The connection to one deployable."""
        return self._channels[owner]

    async def close(self) -> None:
        """Ends every call that is still running."""
        for channel in self._channels.values():
            await channel.close(None)

    def _channel(self, method: Method) -> grpc.aio.Channel:
        return self._channels[owner_of(method)]


def details_of(error: grpc.aio.AioRpcError) -> bytes | None:
    """The serialized google.rpc.Status a service sent with its error; None if it sent none."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            return value
    return None


def without_details(error: grpc.aio.AioRpcError, owner: str) -> DomainError:
    """What the caller is told of an error that no service wrote."""
    return unanswered(kind_of(error.code()), owner, error.details() or "")


def unanswered(kind: Kind, owner: str, told: str = "") -> DomainError:
    """What is said of a service that did not answer: never an address or a cause. `told` is what
    gRPC says of it."""
    service = {"service": owner}
    match kind:
        case Kind.UNAVAILABLE:
            return DomainError(
                kind,
                "SERVICE_UNAVAILABLE",
                f"the {owner} service can't be reached at the moment",
                metadata=service,
                retry_after_seconds=1.0,
            )
        case Kind.DEADLINE_EXCEEDED:
            message = f"the {owner} service did not answer in time"
            return DomainError(kind, "DEADLINE_EXCEEDED", message, metadata=service)
        case Kind.UNIMPLEMENTED:
            message = f"the {owner} service does not know this method yet"
            return DomainError(kind, "METHOD_NOT_IMPLEMENTED", message, metadata=service)
        case Kind.RESOURCE_EXHAUSTED if _TOO_LARGE in told:
            message = f"a message to or from the {owner} service is too large"
            return DomainError(kind, "MESSAGE_TOO_LARGE", message, metadata=service)
        case Kind.RESOURCE_EXHAUSTED:
            return DomainError(
                kind,
                "SERVICE_BUSY",
                f"the {owner} service takes no more calls at the moment",
                metadata=service,
                retry_after_seconds=1.0,
            )
        case _:
            message = f"the call to the {owner} service ended with {kind}"
            return DomainError(kind, kind.value, message, metadata=service)


def draining() -> DomainError:
    """What the reader of a stream is told when the gateway stops."""
    return DomainError(
        Kind.UNAVAILABLE,
        "DRAINING",
        "this process is stopping; ask again to reach another one",
        retry_after_seconds=0.5,
    )
