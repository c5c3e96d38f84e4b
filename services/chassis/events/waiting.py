"""What of a feed a reader has yet to apply, asked of the feed itself.

A partition in which no event comes before the head is applied, wherever its cursor stands. With
replicas behind one target, one that answers may not know yet how far another has moved the log, or
that it is another log: it can't say that nothing comes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.events.v1.event_feed_pb2 import GetHeadRequest, PullRequest, PullResponse

from services.chassis.events.puller import FeedStub

__all__ = ["Head", "Waiting", "head_of", "waiting_in"]

_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends. Positions of another epoch have nothing to do with it: whoever has read up
    to one has read nothing of this log."""

    epoch: str
    position: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A partition that is applied up to `position` and waits since `since` for what follows."""

    position: int
    since: Timestamp


async def head_of(stub: FeedStub, *, within_seconds: float = _ANSWER_SECONDS) -> Head:
    """Where the log ends, with all that was committed by now. Raises what the stub raises."""
    timeout = min(within_seconds, _ANSWER_SECONDS)
    head = await stub.GetHead(GetHeadRequest(), timeout=timeout)
    return Head(head.epoch, head.head_position)


async def waiting_in(
    stub: FeedStub,
    positions: Sequence[int],
    head: Head,
    *,
    consumer: str,
    within_seconds: float = _ANSWER_SECONDS,
) -> list[Waiting]:
    """The partitions in which something up to the head is not applied yet; `positions` are how far
    each is in the head's epoch. Raises what the stub raises."""
    timeout = min(within_seconds, _ANSWER_SECONDS)

    async def look(partition: int, position: int) -> tuple[int, PullResponse]:
        request = PullRequest(
            consumer=consumer,
            partition=partition,
            partition_count=len(positions),
            after=position,
            max_events=1,
            epoch=head.epoch,
        )
        return position, await stub.Pull(request, timeout=timeout)

    behind = [(number, each) for number, each in enumerate(positions) if each < head.position]
    answers = await asyncio.gather(*(look(*each) for each in behind))
    return [
        Waiting(position, answer.events[0].event_time if answer.events else answer.head_time)
        for position, answer in answers
        if _waits(answer, head)
    ]


def _waits(answer: PullResponse, head: Head) -> bool:
    if answer.epoch != head.epoch:
        return True
    if answer.events:
        return answer.events[0].position <= head.position
    return answer.through_position < head.position
