"""Asks a feed where its head is now: what a reader heard last may be the length of a poll old."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import grpc
from guanxi.events.v1.event_feed_pb2 import PullRequest, PullResponse

from services.chassis.errors import DomainError
from services.chassis.events.puller import FeedStub
from services.chassis.timestamps import from_timestamp

__all__ = ["Standing", "ask"]

_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a log ends, up to where it is applied, and how old the oldest event is that isn't."""

    head_position: int
    position: int
    oldest_waiting: datetime | None


async def ask(stub: FeedStub, partitions: Sequence[int]) -> Standing | None:
    """How a feed stands for one who has read its partitions so far; None without an answer."""
    try:
        answers = await asyncio.gather(
            *(_ask(stub, number, partitions) for number in range(len(partitions)))
        )
    except (DomainError, grpc.RpcError, OSError):
        return None
    head = max(answer.head_position for answer in answers)
    # A partition that nothing waits in is applied up to the head, wherever its cursor stands.
    waiting = [
        (position, answer.events[0].event_time)
        for position, answer in zip(partitions, answers, strict=True)
        if answer.events
    ]
    return Standing(
        head_position=head,
        position=min((position for position, _ in waiting), default=head),
        oldest_waiting=min(
            (from_timestamp(time, field="event_time") for _, time in waiting), default=None
        ),
    )


async def _ask(stub: FeedStub, number: int, partitions: Sequence[int]) -> PullResponse:
    request = PullRequest(
        consumer="insight",
        partition=number,
        partition_count=len(partitions),
        after=partitions[number],
        max_events=1,
    )
    return await stub.Pull(request, timeout=_ANSWER_SECONDS)
