"""Asks a feed where its head is now: what a reader heard last may be the length of a poll old."""

from dataclasses import dataclass
from datetime import datetime

import grpc
from guanxi.events.v1.event_feed_pb2 import PullRequest

from services.chassis.errors import DomainError
from services.chassis.events.puller import FeedStub
from services.chassis.timestamps import from_timestamp

__all__ = ["Head", "ask"]

_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Head:
    """The newest position of a log, and when the oldest event after one's own place was written."""

    position: int
    oldest_waiting: datetime | None


async def ask(stub: FeedStub, *, after: int) -> Head | None:
    """The head of a feed; None where it doesn't answer."""
    request = PullRequest(
        consumer="insight", partition=0, partition_count=1, after=after, max_events=1
    )
    try:
        response = await stub.Pull(request, timeout=_ANSWER_SECONDS)
    except (DomainError, grpc.RpcError, OSError):
        return None
    waiting = (
        from_timestamp(response.events[0].event_time, field="event_time")
        if response.events
        else None
    )
    return Head(response.head_position, waiting)
