"""What a touchpoint is and what a touchpoint can't be. No message, no SQL; time and names come in
as arguments."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.creation import New
from services.customer.happened import expect_happened

__all__ = [
    "Channel",
    "Direction",
    "Draft",
    "Topic",
    "Touchpoint",
    "TouchpointType",
    "record",
]


class TouchpointType(StrEnum):
    """What happened."""

    PAGE_VIEW = "PAGE_VIEW"
    FORM = "FORM"
    DOWNLOAD = "DOWNLOAD"
    EVENT = "EVENT"
    CALL = "CALL"
    MEETING = "MEETING"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    VISIT = "VISIT"
    SOCIAL = "SOCIAL"
    QUOTE_SENT = "QUOTE_SENT"
    ORDER = "ORDER"
    PAYMENT = "PAYMENT"
    CASE = "CASE"
    NOTE = "NOTE"
    SYSTEM = "SYSTEM"


class Channel(StrEnum):
    """Which way it came."""

    WEBSITE = "WEBSITE"
    SEARCH = "SEARCH"
    ADS = "ADS"
    MAIL = "MAIL"
    PHONE = "PHONE"
    WECHAT = "WECHAT"
    SOCIAL_MEDIA = "SOCIAL_MEDIA"
    TRADE_EVENT = "TRADE_EVENT"
    REFERRAL = "REFERRAL"
    PARTNER = "PARTNER"
    OTHER = "OTHER"


class Direction(StrEnum):
    """Who turned to whom."""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


class Topic(StrEnum):
    """What was talked about."""

    PRICE = "PRICE"
    DISCOUNT = "DISCOUNT"
    DELIVERY = "DELIVERY"
    QUALITY = "QUALITY"
    CONTRACT = "CONTRACT"
    PAYMENT_TERMS = "PAYMENT_TERMS"
    SERVICE = "SERVICE"
    COMPETITOR = "COMPETITOR"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wrote down of a customer; None and empty stand for what was not stated."""

    customer: str
    type: TouchpointType
    channel: Channel | None = None
    channel_detail: str = ""
    direction: Direction | None = None
    touch_time: datetime | None = None
    subject: str = ""
    content: str = ""
    topics: tuple[Topic, ...] = ()
    products_of_concern: tuple[str, ...] = ()
    duration_minutes: int = 0
    outcome: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """One step of a customer's journey; it is never changed afterwards."""

    name: str
    customer: str
    type: TouchpointType
    channel: Channel | None
    channel_detail: str
    direction: Direction | None
    touch_time: datetime
    subject: str
    content: str
    topics: tuple[Topic, ...]
    products_of_concern: tuple[str, ...]
    duration_minutes: int
    outcome: str
    actor: str
    create_time: datetime
    fingerprint: bytes


def record(new: New[Draft], *, actor: str, at: datetime) -> Touchpoint:
    """A new touchpoint, now and by `actor` where the draft doesn't say.

    Raises INVALID_ARGUMENT, TOUCH_TIME_IN_FUTURE more than a day ahead of `at`.
    """
    draft = new.draft
    touch_time = draft.touch_time or at
    told = "what has not happened yet is no touchpoint; plan it as a follow-up"
    expect_happened(touch_time, "touch_time", "TOUCH_TIME_IN_FUTURE", told, at=at)
    return Touchpoint(
        name=new.name,
        customer=draft.customer,
        type=draft.type,
        channel=draft.channel,
        channel_detail=draft.channel_detail,
        direction=draft.direction,
        touch_time=touch_time,
        subject=draft.subject,
        content=draft.content,
        topics=draft.topics,
        products_of_concern=draft.products_of_concern,
        duration_minutes=draft.duration_minutes,
        outcome=draft.outcome,
        actor=draft.actor or actor,
        create_time=at,
        fingerprint=new.fingerprint,
    )
