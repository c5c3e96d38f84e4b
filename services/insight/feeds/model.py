"""How far feeds are read, and rebuilds: what one is and where it may go.

A rebuild fills a generation of everything derived.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

__all__ = [
    "FIRST_GENERATION",
    "FeedPosition",
    "OwedRules",
    "Place",
    "Rebuild",
    "RebuildState",
    "SetAside",
    "consumer_of",
    "generation_of",
]

FIRST_GENERATION = 1
_CONSUMER = "insight-g"


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far one feed is applied: each partition up to its position, in an epoch of the log."""

    partitions: tuple[int, ...]
    epochs: tuple[str, ...]
    parked: int

    def within(self, epoch: str) -> tuple[int, ...]:
        """The positions in one epoch: what is applied of another log is nothing of this one."""
        read = zip(self.partitions, self.epochs, strict=True)
        return tuple(position if each == epoch else 0 for position, each in read)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a feed is applied, where its log ends, and how old the oldest waiting event is.

    Where the feed is not `reachable`, nothing is known to wait.
    """

    position: int
    head_position: int
    oldest_waiting: datetime | None
    parked: int
    reachable: bool


@dataclass(frozen=True, slots=True)
class SetAside:
    """A customer that can't be evaluated, and why."""

    customer: str
    error: str
    set_aside_time: datetime


@dataclass(frozen=True, slots=True)
class OwedRules:
    """Transactions whose customers the rules are yet to be asked about."""

    ids: tuple[str, ...]


class RebuildState(StrEnum):
    """Where a rebuild stands."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One rebuild, and the generation it fills.

    `derivation` is what its events are read by: a process that reads them otherwise keeps away.
    """

    generation: int
    derivation: str
    state: RebuildState
    applied_events: int
    total_events: int
    start_time: datetime
    end_time: datetime | None
    error: str

    @property
    def running(self) -> bool:
        return self.state is RebuildState.RUNNING

    def done(self, events: int, at: datetime) -> "Rebuild":
        """The generation is in use."""
        return replace(
            self,
            state=RebuildState.DONE,
            applied_events=events,
            total_events=events,
            end_time=at,
        )

    def failed(self, error: str, at: datetime) -> "Rebuild":
        """It ended without the generation coming into use."""
        return replace(self, state=RebuildState.FAILED, error=error, end_time=at)


def consumer_of(generation: int) -> str:
    """The name under which a generation reads the event logs."""
    return f"{_CONSUMER}{generation}"


def generation_of(consumer: str) -> int | None:
    """The generation that reads under a name."""
    number = consumer.removeprefix(_CONSUMER)
    return int(number) if consumer.startswith(_CONSUMER) and number.isdecimal() else None
