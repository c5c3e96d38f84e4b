"""Sees to it that every unary call ends: a default where the caller gives no deadline, and no work
for an answer that would come too late."""

import asyncio
import time
from typing import Any, cast

from services.chassis import context
from services.chassis.descriptors import Method
from services.chassis.errors import DomainError, Kind
from services.chassis.middleware.call import Call, Proceed

__all__ = ["Deadline"]


class Deadline:
    """Carries the deadline in the context, from where calls to other services take theirs.

    A caller's own deadline is kept by gRPC, which cancels the call. A stream of replies may stay
    open for as long as its caller wants.
    """

    def __init__(self, default_seconds: float) -> None:
        self._default_seconds = default_seconds

    def wrap(self, method: Method, proceed: Proceed) -> Proceed:
        default_seconds = self._default_seconds

        async def run(call: Call) -> Any:
            # None without a deadline, whatever the stubs say.
            remaining = cast("float | None", call.context.time_remaining())
            if remaining is not None:
                if remaining < context.LEAST_SECONDS:
                    raise _too_short(remaining)
                context.deadline.set(time.monotonic() + remaining)
                return await proceed(call)
            if method.server_streaming:
                return await proceed(call)
            context.deadline.set(time.monotonic() + default_seconds)
            return await _within(default_seconds, call, proceed)

        return run


async def _within(seconds: float, call: Call, proceed: Proceed) -> Any:
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            return await proceed(call)
    except TimeoutError as error:
        if not timeout.expired():
            raise
        raise DomainError(
            Kind.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            f"no answer within {seconds:g} s; give the call a deadline if it may take longer",
        ) from error


def _too_short(remaining: float) -> DomainError:
    return DomainError(
        Kind.DEADLINE_EXCEEDED,
        "DEADLINE_TOO_SHORT",
        f"{remaining * 1000:.0f} ms are left, and a call needs {context.LEAST_SECONDS * 1000:.0f}",
    )
