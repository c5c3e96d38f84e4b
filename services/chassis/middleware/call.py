"""One RPC on its way through the middleware, and the form every middleware has."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import grpc

from services.chassis.access.identity import Identity
from services.chassis.descriptors import Method
from services.chassis.errors import DomainError

__all__ = ["Call", "Metadata", "Middleware", "Proceed", "metadata"]

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]]

# What gRPC gave when it asked for the method: asking the context for it takes 3 µs more.
metadata: ContextVar[Metadata] = ContextVar("guanxi_metadata", default=())


@dataclass(slots=True)
class Call:
    """What the middleware knows of one RPC; each fills in its part.

    `request` is what came, as bytes, until it is decoded; then the message, or the stream of
    messages where the client streams. `broken_items` are the items of a batch whose text is wrong.
    """

    method: Method
    request: Any
    context: grpc.aio.ServicerContext[Any, Any]
    metadata: Metadata
    request_id: str = ""
    identity: Identity | None = None
    broken_items: Mapping[int, DomainError] = field(default_factory=dict)

    def header(self, key: str) -> str:
        """What the caller sent under a key; empty where it sent nothing."""
        for name, value in self.metadata:
            if name == key:
                return value if isinstance(value, str) else ""
        return ""


# Returns the reply; None where the server streams, whose replies are written to the context.
Proceed = Callable[[Call], Awaitable[Any]]


class Middleware(Protocol):
    """One concern of all RPCs. It may raise, and never answers by itself."""

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """The next step with this concern around it; called once per method, at start."""
        ...
