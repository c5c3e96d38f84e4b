"""One RPC on its way through the middleware, and the form every middleware has."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc

from services.chassis.access.token import Identity
from services.chassis.descriptors import Method

__all__ = ["Call", "Middleware", "Proceed"]


@dataclass(slots=True)
class Call:
    """What the middleware knows of one RPC; each fills in its part.

    `request` is the message, or the stream of messages where the client streams.
    """

    method: Method
    request: Any
    context: grpc.aio.ServicerContext[Any, Any]
    metadata: Mapping[str, str | bytes] = field(default_factory=dict)
    request_id: str = ""
    identity: Identity | None = None


# Returns the reply; None where the server streams, whose replies are written to the context.
Proceed = Callable[[Call], Awaitable[Any]]


class Middleware(Protocol):
    """One concern of all RPCs. It may raise, and never answers by itself."""

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        """The next step with this concern around it; called once per method, at start."""
        ...
