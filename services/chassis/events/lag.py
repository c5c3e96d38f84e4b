"""How far a reader is behind a feed, from what it knows: the feed's answers and its own cursor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from guanxi.events.v1.event_feed_pb2 import PullResponse

from services.chassis.clock import Clock
from services.chassis.metrics import Metrics
from services.chassis.timestamps import from_timestamp

__all__ = ["FeedLag", "Lag"]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind. Positions count the whole log, of which a partition sees its share."""

    positions: int
    seconds: float


class PartitionLag:
    """The lag of one partition; unknown until the feed's first answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._head: int | None = None
        self._position = 0
        self._oldest: datetime | None = None

    def heard(self, response: PullResponse, *, after: int) -> None:
        """The feed answered what comes after a position; its events are not applied yet."""
        self._head, self._position = response.head_position, after
        if response.events:
            self._oldest = from_timestamp(response.events[0].event_time, field="event_time")

    def applied(self, position: int) -> None:
        """Everything up to the position is applied, and nothing after it."""
        self._position = position
        if self._head is not None and position >= self._head:
            self._oldest = None

    @property
    def known(self) -> bool:
        return self._head is not None

    @property
    def positions(self) -> int:
        return max(0, (self._head or 0) - self._position)

    @property
    def beyond_head(self) -> int:
        """Positions that were read and that the feed has no more."""
        return 0 if self._head is None else max(0, self._position - self._head)

    @property
    def seconds(self) -> float:
        """Age of the oldest event that is not applied; 0 where there is none."""
        if self._oldest is None:
            return 0.0
        return max(0.0, (self._clock.now() - self._oldest).total_seconds())


class FeedLag:
    """The lags of all partitions of one feed, shown as gauges where there are metrics."""

    def __init__(
        self, feed: str, partitions: int, clock: Clock, metrics: Metrics | None = None
    ) -> None:
        self.partitions = [PartitionLag(clock) for _ in range(partitions)]
        if metrics is None:
            return
        for number, partition in enumerate(self.partitions):
            labels = (feed, str(number))
            metrics.event_lag_seconds.labels(*labels).set_function(_seconds_of(partition))
            metrics.event_lag_positions.labels(*labels).set_function(_positions_of(partition))
            metrics.events_beyond_head.labels(*labels).set_function(_beyond_head_of(partition))

    def lag(self) -> Lag | None:
        """The worst of the partitions; None until the feed has answered for each of them."""
        if not all(partition.known for partition in self.partitions):
            return None
        return Lag(
            positions=max(partition.positions for partition in self.partitions),
            seconds=max(partition.seconds for partition in self.partitions),
        )


def _seconds_of(partition: PartitionLag) -> Callable[[], float]:
    return lambda: partition.seconds


def _positions_of(partition: PartitionLag) -> Callable[[], float]:
    return lambda: partition.positions


def _beyond_head_of(partition: PartitionLag) -> Callable[[], float]:
    return lambda: partition.beyond_head
