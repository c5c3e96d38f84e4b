"""How fast one caller may go: a rate and a burst, over all replicas where there is Redis; and how
many streams they may have open, which each replica counts for itself, as it does connections.

The generic cell rate algorithm is a token bucket that keeps one number per caller and counts in
fractions of a second; throttled-py's own token bucket counts in whole seconds.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from redis.exceptions import RedisError
from throttled.asyncio import Throttled, rate_limiter, store
from throttled.exceptions import BaseThrottledError

from gateway.metrics import GatewayMetrics
from services.chassis.errors import DomainError, Kind

__all__ = ["Limits"]

_CALLERS_REMEMBERED = 100_000
_REDIS_TIMEOUT_SECONDS = 0.2
_REDIS_PAUSE_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Limits:
    """Lets each caller through at `per_second`, and `burst` of them at once.

    A Redis that doesn't answer lets everybody through: it is asked again after a second.
    """

    def __init__(
        self,
        per_second: int,
        burst: int,
        redis_url: str | None,
        metrics: GatewayMetrics,
        *,
        streams: int,
    ) -> None:
        self._metrics = metrics
        self._most_streams = streams
        self._streams: Counter[str] = Counter()
        self._throttled = Throttled(
            using="gcra",
            quota=rate_limiter.per_sec(per_second, burst=burst),
            store=_store(redis_url),
            key_prefix="guanxi:limits",
        )
        self._paused_until = 0.0

    async def take(self, subject: str) -> None:
        """Counts one request of a caller; raises DomainError RATE_LIMITED with the time to wait."""
        if self._paused_until and time.monotonic() < self._paused_until:
            self._metrics.limits_skipped.inc()
            return
        try:
            result = await self._throttled.limit(subject)
        except (BaseThrottledError, RedisError, OSError) as error:
            _log.warning("limits_not_checked", error=str(error), retry_s=_REDIS_PAUSE_SECONDS)
            self._paused_until = time.monotonic() + _REDIS_PAUSE_SECONDS
            self._metrics.limits_skipped.inc()
            return
        if result.limited:
            self._metrics.limited.inc()
            raise DomainError(
                Kind.RESOURCE_EXHAUSTED,
                "RATE_LIMITED",
                "too many requests; slow down and try again",
                metadata={"caller": subject},
                retry_after_seconds=max(result.state.retry_after, 0.001),
            )

    @contextmanager
    def stream(self, subject: str) -> Iterator[None]:
        """Counts one stream of replies for as long as it is open; raises DomainError
        TOO_MANY_STREAMS where its caller has as many as one may: a stream keeps a connection that
        nobody makes room on."""
        if self._streams[subject] >= self._most_streams:
            self._metrics.streams_refused.inc()
            raise DomainError(
                Kind.RESOURCE_EXHAUSTED,
                "TOO_MANY_STREAMS",
                f"{self._most_streams} streams are open already, as many as one caller may have; "
                "close one, or share one among those who read it",
                metadata={"caller": subject, "limit": str(self._most_streams)},
            )
        self._streams[subject] += 1
        try:
            yield
        finally:
            self._streams[subject] -= 1
            if not self._streams[subject]:
                del self._streams[subject]


def _store(redis_url: str | None) -> store.BaseStore:
    if redis_url is None:
        return store.MemoryStore(options={"MAX_SIZE": _CALLERS_REMEMBERED})
    timeouts = {
        "SOCKET_TIMEOUT": _REDIS_TIMEOUT_SECONDS,
        "SOCKET_CONNECT_TIMEOUT": _REDIS_TIMEOUT_SECONDS,
    }
    return store.RedisStore(server=redis_url, options=timeouts)
