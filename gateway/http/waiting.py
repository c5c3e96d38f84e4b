"""How long a caller waits for an answer, from the moment their request is here: for who they are to
be looked up and for what they send, as for what the service does."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.http.head import timeout_of
from services.chassis import context
from services.chassis.errors import DomainError, Kind

__all__ = ["MAX_DEADLINE_SECONDS", "Wait"]

_HOP_SECONDS = 0.020
MAX_DEADLINE_SECONDS = 300.0


class Wait:
    """The time of one call, a hop less than its caller gives; without an end where they give none.

    Raises DEADLINE_EXCEEDED (DEADLINE_TOO_SHORT) where it is not worth starting, INVALID_ARGUMENT
    (INVALID_HEADER) where the head says no time.
    """

    def __init__(self, head: Mapping[bytes, str]) -> None:
        self._end: float | None = None
        asked = timeout_of(head)
        if asked is None:
            return
        seconds = min(asked, MAX_DEADLINE_SECONDS) - _HOP_SECONDS
        if seconds < context.LEAST_SECONDS:
            raise DomainError(
                Kind.DEADLINE_EXCEEDED,
                "DEADLINE_TOO_SHORT",
                f"a call needs at least {1000 * (context.LEAST_SECONDS + _HOP_SECONDS):.0f} ms",
            )
        self._end = time.monotonic() + seconds

    def left(self) -> float | None:
        """The seconds that are left for the service; 0 where it is over."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Ends the block when the time is over; raises DEADLINE_EXCEEDED then."""
        timeout = asyncio.timeout(self.left())
        try:
            async with timeout:
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise DomainError(
                Kind.DEADLINE_EXCEEDED,
                "DEADLINE_EXCEEDED",
                "the time was over before the service could be asked",
            ) from None
