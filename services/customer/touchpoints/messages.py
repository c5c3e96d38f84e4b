"""Touchpoint messages ↔ our own words; no rule, no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guanxi.customer.v1 import touchpoints_pb2

from services.chassis.batches import failed_requests, split_outcomes
from services.chassis.errors import DomainError
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import from_timestamp, to_timestamp
from services.customer.touchpoints.model import (
    Channel,
    Direction,
    Draft,
    Topic,
    Touchpoint,
    TouchpointType,
)

__all__ = [
    "NewTouchpoint",
    "batch_reply",
    "logged",
    "new_touchpoint",
    "page_reply",
    "to_message",
]

_Message = touchpoints_pb2.Touchpoint

_TYPES: Final = {_Message.Type.Value(each.name): each for each in TouchpointType}
_CHANNELS: Final = {_Message.Channel.Value(each.name): each for each in Channel}
_DIRECTIONS: Final = {_Message.Direction.Value(each.name): each for each in Direction}
_TOPICS: Final = {_Message.Topic.Value(each.name): each for each in Topic}
_TYPE_NUMBERS: Final = {each: number for number, each in _TYPES.items()}
_CHANNEL_NUMBERS: Final = {each: number for number, each in _CHANNELS.items()}
_DIRECTION_NUMBERS: Final = {each: number for number, each in _DIRECTIONS.items()}
_TOPIC_NUMBERS: Final = {each: number for number, each in _TOPICS.items()}


@dataclass(frozen=True, slots=True)
class NewTouchpoint:
    """What a caller asks for: the touchpoint, whose it is, and the name it is to have."""

    name: str
    named_by_caller: bool
    customer: str
    draft: Draft


def new_touchpoint(request: touchpoints_pb2.LogTouchpointRequest, *, ids: Ids) -> NewTouchpoint:
    """Reads a request to log a touchpoint. Raises INVALID_ARGUMENT, TIME_INVALID."""
    return NewTouchpoint(
        name=f"{request.parent}/touchpoints/{request.touchpoint_id or ids.new()}",
        named_by_caller=bool(request.touchpoint_id),
        customer=request.parent,
        draft=_draft(request.touchpoint),
    )


def to_message(touchpoint: Touchpoint) -> touchpoints_pb2.Touchpoint:
    """The touchpoint as callers see it."""
    message = _Message(
        name=touchpoint.name,
        type=_TYPE_NUMBERS[touchpoint.type],
        channel_detail=touchpoint.channel_detail,
        touch_time=to_timestamp(touchpoint.touch_time),
        subject=touchpoint.subject,
        content=touchpoint.content,
        topics=[_TOPIC_NUMBERS[each] for each in touchpoint.topics],
        products_of_concern=touchpoint.products_of_concern,
        duration_minutes=touchpoint.duration_minutes,
        outcome=touchpoint.outcome,
        actor=touchpoint.actor,
        create_time=to_timestamp(touchpoint.create_time),
    )
    if touchpoint.channel is not None:
        message.channel = _CHANNEL_NUMBERS[touchpoint.channel]
    if touchpoint.direction is not None:
        message.direction = _DIRECTION_NUMBERS[touchpoint.direction]
    return message


def batch_reply(
    outcomes: Mapping[int, Touchpoint | DomainError],
) -> touchpoints_pb2.BatchLogTouchpointsResponse:
    """What became of each item of a batch."""
    logged, refused = split_outcomes(outcomes)
    return touchpoints_pb2.BatchLogTouchpointsResponse(
        touchpoints=[to_message(each) for each in logged],
        failed_requests=failed_requests(refused, "customer"),
    )


def page_reply(
    touchpoints: Sequence[Touchpoint], next_page_token: str
) -> touchpoints_pb2.ListTouchpointsResponse:
    return touchpoints_pb2.ListTouchpointsResponse(
        touchpoints=[to_message(each) for each in touchpoints], next_page_token=next_page_token
    )


def logged(touchpoint: Touchpoint) -> touchpoints_pb2.TouchpointLogged:
    return touchpoints_pb2.TouchpointLogged(touchpoint=to_message(touchpoint))


def _draft(message: touchpoints_pb2.Touchpoint) -> Draft:
    touch_time = message.touch_time if message.HasField("touch_time") else None
    return Draft(
        type=_TYPES[message.type],
        channel=_CHANNELS.get(message.channel),
        channel_detail=message.channel_detail,
        direction=_DIRECTIONS.get(message.direction),
        touch_time=touch_time and from_timestamp(touch_time, field="touchpoint.touch_time"),
        subject=message.subject,
        content=message.content,
        topics=tuple(_TOPICS[number] for number in message.topics),
        products_of_concern=tuple(message.products_of_concern),
        duration_minutes=message.duration_minutes,
        outcome=message.outcome,
        actor=message.actor,
        fingerprint=fingerprint(message),
    )
