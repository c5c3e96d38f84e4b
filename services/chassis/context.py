"""What a running request carries along besides its caller: id, deadline and token.

Set by the middleware, read by the log and by calls to other services; nothing else depends on it.
"""

import time
from contextvars import ContextVar

__all__ = [
    "LEAST_SECONDS",
    "current_request_id",
    "current_token",
    "deadline",
    "remaining_seconds",
    "request_id",
    "token",
]

# Below this a hop is not worth starting: its answer would come too late.
LEAST_SECONDS = 0.050

request_id: ContextVar[str] = ContextVar("guanxi_request_id", default="")
# On the clock of time.monotonic.
deadline: ContextVar[float | None] = ContextVar("guanxi_deadline", default=None)
token: ContextVar[str] = ContextVar("guanxi_token", default="")


def current_request_id() -> str:
    """Id of the running request; empty outside of one."""
    return request_id.get()


def current_token() -> str:
    """The verified token of the running request; empty outside of one."""
    return token.get()


def remaining_seconds() -> float | None:
    """How long the running request's caller still waits; None where nobody set an end."""
    end = deadline.get()
    return None if end is None else end - time.monotonic()
