"""The EventFeed service: hands a service's event log to other services, as a long poll."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.events.v1 import event_feed_pb2, event_feed_pb2_grpc

from services.chassis.actors import actor_message
from services.chassis.caller import current_caller
from services.chassis.events.log import EventLog, Stretch
from services.chassis.events.personal import PersonalFields
from services.chassis.store import AnyRow

__all__ = ["EventFeed"]

Context: TypeAlias = (
    "grpc.aio.ServicerContext[event_feed_pb2.PullRequest, Awaitable[event_feed_pb2.PullResponse]]"
)

_DEFAULT_MAX_EVENTS = 500
# An empty answer leaves this much before the caller's deadline, so that it arrives in time.
_MARGIN_SECONDS = 0.25


class EventFeed(event_feed_pb2_grpc.EventFeedServicer):
    """Serves one log. A waiting reader costs nothing until its own partition gets an event."""

    def __init__(
        self, log: EventLog, *, personal: Mapping[str, Collection[str]] | None = None
    ) -> None:
        """`personal` are the personal fields that readers may have; see PersonalFields."""
        self._log = log
        self._personal = PersonalFields(personal or {})

    async def Pull(
        self,
        request: event_feed_pb2.PullRequest,
        context: Context,
    ) -> event_feed_pb2.PullResponse:
        loop, log = asyncio.get_running_loop(), self._log
        until = loop.time() + _wait_seconds(request, context.time_remaining())
        if request.after > log.head_position or request.epoch not in ("", log.epoch):
            # Another replica has answered the reader, and knows more than this one does.
            await log.refresh()
        epoch = request.epoch or log.epoch
        with log.watch(request.partition, request.partition_count) as watch:
            stretch = await self._stretch(request, request.after)
            while (
                not stretch.rows
                # Whoever read another log has to know at once.
                and epoch == log.epoch
                and await watch.changed(until - loop.time())
            ):
                stretch = await self._stretch(request, stretch.through_position)
        response = event_feed_pb2.PullResponse(
            epoch=log.epoch,
            through_position=stretch.through_position,
            head_position=log.head_position,
        )
        _set_time(response.head_time, log.head_time_ms)
        self._add_events(response, stretch.rows)
        return response

    async def GetHead(
        self, request: event_feed_pb2.GetHeadRequest, context: Any
    ) -> event_feed_pb2.GetHeadResponse:
        # What was committed and has no position yet lies before the head as well.
        await self._log.sequence()
        await self._log.refresh()
        return event_feed_pb2.GetHeadResponse(
            epoch=self._log.epoch, head_position=self._log.head_position
        )

    async def _stretch(self, request: event_feed_pb2.PullRequest, after: int) -> Stretch:
        return await self._log.stretch(
            partition=request.partition,
            partition_count=request.partition_count,
            after=after,
            max_events=request.max_events or _DEFAULT_MAX_EVENTS,
        )

    def _add_events(self, response: event_feed_pb2.PullResponse, rows: Sequence[AnyRow]) -> None:
        """Fills them in where they are sent from: made by itself, each is copied, 11 µs, not 5."""
        reader, add = current_caller().subject, response.events.add
        for row in rows:
            event = add()
            event.id = row.id
            event.position = row.position
            event.aggregate_type = row.aggregatetype
            event.aggregate_id = row.aggregateid
            event.type = row.type
            payload = self._personal.shown(reader, row.type, row.payload)
            event.payload = payload or b""
            event.withheld = payload is None
            _set_time(event.event_time, row.time_ms)
            event.request_id = row.request_id
            event.actor.CopyFrom(actor_message(row.actor))


def _wait_seconds(request: event_feed_pb2.PullRequest, remaining: float | None) -> float:
    wait = request.wait.seconds + request.wait.nanos / 1e9
    return wait if remaining is None else min(wait, remaining - _MARGIN_SECONDS)


def _set_time(message: Timestamp, milliseconds: int) -> None:
    message.seconds, rest = divmod(milliseconds, 1_000)
    message.nanos = rest * 1_000_000
