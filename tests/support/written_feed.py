"""A producer's event feed whose events a test writes."""

from __future__ import annotations

import asyncio

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.events.v1.event_feed_pb2 import Event, PullRequest, PullResponse


class WrittenFeed:
    """A feed whose events a test writes; in order, one partition or several."""

    def __init__(self) -> None:
        self.epoch = "first"
        self.events: list[Event] = []
        self.reachable = True
        self._changed = asyncio.Event()

    def write(self, *messages: Message) -> None:
        """Appends an event for each message."""
        for message in messages:
            self.events.append(
                Event(
                    id=f"e{len(self.events)}",
                    position=len(self.events) + 1,
                    type=full_name(message),
                    payload=message.SerializeToString(),
                    event_time=Timestamp(seconds=1),
                )
            )
        self._tell()

    def write_raw(self, event_type: str, payload: bytes) -> None:
        """Appends an event that may not be readable."""
        self.events.append(Event(position=len(self.events) + 1, type=event_type, payload=payload))
        self._tell()

    def replace(self, epoch: str, *messages: Message) -> None:
        """The producer's store was restored: another log, with these events."""
        self.epoch = epoch
        self.events.clear()
        self.write(*messages)

    async def Pull(
        self,
        request: PullRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> PullResponse:
        if not self.reachable:
            raise ConnectionError("the producer is away")
        wait = request.wait.seconds + request.wait.nanos / 1e9
        if request.after == len(self.events) and wait:
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass
        found = self.events[request.after : request.after + (request.max_events or 500)]
        return PullResponse(
            epoch=self.epoch,
            events=found,
            through_position=found[-1].position if found else len(self.events),
            head_position=len(self.events),
        )

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def full_name(message: Message) -> str:
    return str(message.DESCRIPTOR.full_name)
