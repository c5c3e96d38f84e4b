"""Touchpoint messages ↔ our own words; no rule, no SQL."""

from typing import Final

from guanxi.customer.v1 import touchpoints_pb2

from services.chassis.creation import New
from services.chassis.enums import ContractEnum
from services.chassis.errors import DomainError, beneath
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import stated_timestamp, to_timestamp
from services.customer.touchpoints.model import (
    Channel,
    Direction,
    Draft,
    Topic,
    Touchpoint,
    TouchpointType,
)

__all__ = ["logged", "new_touchpoint", "to_message"]

_TYPES: Final = ContractEnum(TouchpointType, touchpoints_pb2.Touchpoint.Type)
_CHANNELS: Final = ContractEnum(Channel, touchpoints_pb2.Touchpoint.Channel)
_DIRECTIONS: Final = ContractEnum(Direction, touchpoints_pb2.Touchpoint.Direction)
_TOPICS: Final = ContractEnum(Topic, touchpoints_pb2.Touchpoint.Topic)


def new_touchpoint(request: touchpoints_pb2.LogTouchpointRequest, *, ids: Ids) -> New[Draft]:
    """Reads a request to log a touchpoint. Raises INVALID_ARGUMENT, TIME_INVALID."""
    touchpoint, id = request.touchpoint, request.touchpoint_id
    try:
        draft = _draft(request.parent, touchpoint)
    except DomainError as error:
        raise beneath("touchpoint", error) from None
    return New(
        name=f"{request.parent}/touchpoints/{id or ids.new()}",
        draft=draft,
        fingerprint=fingerprint(touchpoint) if id else b"",
    )


def to_message(touchpoint: Touchpoint) -> touchpoints_pb2.Touchpoint:
    """The touchpoint as callers see it."""
    return touchpoints_pb2.Touchpoint(
        name=touchpoint.name,
        type=_TYPES.number(touchpoint.type),
        channel=_CHANNELS.number(touchpoint.channel),
        channel_detail=touchpoint.channel_detail,
        direction=_DIRECTIONS.number(touchpoint.direction),
        touch_time=to_timestamp(touchpoint.touch_time),
        subject=touchpoint.subject,
        content=touchpoint.content,
        topics=map(_TOPICS.number, touchpoint.topics),
        products_of_concern=touchpoint.products_of_concern,
        duration_minutes=touchpoint.duration_minutes,
        outcome=touchpoint.outcome,
        actor=touchpoint.actor,
        create_time=to_timestamp(touchpoint.create_time),
    )


def logged(touchpoint: Touchpoint) -> touchpoints_pb2.TouchpointLogged:
    return touchpoints_pb2.TouchpointLogged(touchpoint=to_message(touchpoint))


def _draft(customer: str, message: touchpoints_pb2.Touchpoint) -> Draft:
    return Draft(
        customer=customer,
        type=_TYPES.stated(message.type),
        channel=_CHANNELS.member(message.channel),
        channel_detail=message.channel_detail,
        direction=_DIRECTIONS.member(message.direction),
        touch_time=stated_timestamp(message, "touch_time"),
        subject=message.subject,
        content=message.content,
        topics=tuple(map(_TOPICS.stated, message.topics)),
        products_of_concern=tuple(message.products_of_concern),
        duration_minutes=message.duration_minutes,
        outcome=message.outcome,
        actor=message.actor,
    )
