"""A producer's event feed whose events a test writes."""

from __future__ import annotations

import asyncio
from typing import Any
from zlib import crc32

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1 import touchpoints_pb2
from guanxi.events.v1.event_feed_pb2 import (
    Event,
    GetHeadRequest,
    GetHeadResponse,
    PullRequest,
    PullResponse,
)
from guanxi.sales.v1 import orders_pb2
from guanxi.sales.v1.people_pb2 import (
    UserCreated,
    UserDeactivated,
    UserReactivated,
    UserUpdated,
)


def told(message: Message, position: int) -> Event:
    """An event as a reader gets it."""
    return Event(position=position, type=full_name(message), payload=message.SerializeToString())


class WrittenFeed:
    """A feed whose events a test writes; in order, one partition or several."""

    def __init__(self) -> None:
        self.epoch = "first"
        self.events: list[Event] = []
        self.reachable = True
        self.committed = 0  # events without a position yet: the head knows of them
        self._changed = asyncio.Event()

    def write(self, *messages: Message) -> None:
        """Appends an event for each message."""
        for message in messages:
            self.events.append(
                Event(
                    id=f"e{len(self.events)}",
                    position=len(self.events) + 1,
                    # Stands for the partition key, which a reader doesn't see.
                    aggregate_id=customer_of(message),
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
        found = self._after(request)
        if not found and request.epoch in ("", self.epoch) and wait:
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                pass
            found = self._after(request)
        most = request.max_events or 500
        return PullResponse(
            epoch=self.epoch,
            events=found[:most],
            through_position=found[most - 1].position if len(found) > most else len(self.events),
            head_position=len(self.events),
        )

    async def GetHead(
        self,
        request: GetHeadRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> GetHeadResponse:
        if not self.reachable:
            raise ConnectionError("the producer is away")
        return GetHeadResponse(epoch=self.epoch, head_position=len(self.events) + self.committed)

    def _after(self, request: PullRequest) -> list[Event]:
        return [
            event
            for event in self.events[request.after :]
            if crc32(event.aggregate_id.encode()) % request.partition_count == request.partition
        ]

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def full_name(message: Message) -> str:
    return str(message.DESCRIPTOR.full_name)


def customer_of(message: Any) -> str:
    """The customer that an event is about; of people, the user."""
    match message:
        case touchpoints_pb2.TouchpointLogged():
            return str(message.touchpoint.name.partition("/touchpoints/")[0])
        case orders_pb2.OrderCreated() | orders_pb2.OrderConfirmed() | orders_pb2.OrderCancelled():
            return str(message.order.customer)
        case UserCreated() | UserUpdated() | UserDeactivated() | UserReactivated():
            return str(message.user.name)
        case _ if "contact" in message.DESCRIPTOR.fields_by_name:
            return str(message.contact.name.partition("/contacts/")[0])
        case _:
            return str(message.customer.name)
