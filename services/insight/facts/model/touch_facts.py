"""What a customer's touchpoints say, on one business day.

The touchpoints given are those known by that day.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from services.insight.numbers.columns import (
    UNSET,
    Codes,
    Flags,
    Ints,
    count_by,
    largest_by,
    smallest_by,
)
from services.insight.sources.columns import TouchChannel, TouchType

__all__ = ["DatedTouches", "TouchFactColumns", "touch_facts"]

CONTACTS: Final = (
    TouchType.CALL,
    TouchType.MEETING,
    TouchType.EMAIL,
    TouchType.CHAT,
    TouchType.VISIT,
)
INTENTS: Final = (TouchType.FORM, TouchType.DOWNLOAD)
INTERNAL: Final = (TouchType.NOTE, TouchType.SYSTEM)
CONTACTS_DAYS: Final = 90
NEGOTIATIONS_DAYS: Final = 180


@dataclass(frozen=True, slots=True)
class DatedTouches:
    """Touchpoints with the business day of each."""

    customer: Ints
    time_us: Ints
    day: Ints
    type: Ints
    channel: Ints
    about_price: Flags


@dataclass(frozen=True, slots=True)
class TouchFactColumns:
    """Facts from touchpoints, one place a customer; each is defined in `CustomerFacts`.

    Unset integers are UNSET; channels are numbers of TouchChannel, 0 where there is none.
    """

    age_days: Ints
    last_contact_time_us: Ints
    days_since_contact: Ints
    contacts_90d: Ints
    negotiations_180d: Ints
    first_touch_channel: Codes
    last_touch_channel: Codes
    intent_downloads: Ints
    days_since_unanswered_intent: Ints


def touch_facts(touches: DatedTouches, age_days: Ints, today: int) -> TouchFactColumns:
    """Facts of customers on business day `today`; `age_days` since each was first seen."""
    who, time_us, day = touches.customer, touches.time_us, touches.day
    customers = age_days.size
    contact = _is_one_of(touches.type, CONTACTS)
    intent = _is_one_of(touches.type, INTENTS)
    in_contacts_days = day > today - CONTACTS_DAYS
    in_negotiations_days = day > today - NEGOTIATIONS_DAYS

    last_contact = largest_by(who, time_us, contact, customers)
    last_contact_day = largest_by(who, day, contact, customers)
    last_intent = largest_by(who, time_us, intent, customers)
    last_intent_day = largest_by(who, day, intent, customers)
    unanswered = last_intent > last_contact

    return TouchFactColumns(
        age_days=age_days,
        last_contact_time_us=last_contact,
        days_since_contact=np.where(last_contact == UNSET, age_days, today - last_contact_day),
        contacts_90d=count_by(who, contact & in_contacts_days, customers),
        negotiations_180d=count_by(
            who, contact & in_negotiations_days & touches.about_price, customers
        ),
        first_touch_channel=_first_channel(touches, customers),
        last_touch_channel=_last_channel(touches, customers),
        intent_downloads=count_by(who, intent, customers),
        days_since_unanswered_intent=np.where(unanswered, today - last_intent_day, UNSET),
    )


def _is_one_of(types: Ints, wanted: tuple[TouchType, ...]) -> Flags:
    found = np.zeros(types.size, dtype=np.bool_)
    for one in wanted:
        found |= types == int(one)
    return found


def _tells_channel(touches: DatedTouches) -> Flags:
    stated: Flags = touches.channel != int(TouchChannel.CHANNEL_UNSPECIFIED)
    return stated & ~_is_one_of(touches.type, INTERNAL)


def _first_channel(touches: DatedTouches, customers: int) -> Codes:
    """Channel of the first touchpoint; the lowest number of those at the same instant."""
    counted = _tells_channel(touches)
    first = smallest_by(touches.customer, touches.time_us, counted, customers)
    at_first = counted & (touches.time_us == first[touches.customer])
    return _code(smallest_by(touches.customer, touches.channel, at_first, customers))


def _last_channel(touches: DatedTouches, customers: int) -> Codes:
    """Channel of the last touchpoint; the highest number of those at the same instant."""
    counted = _tells_channel(touches)
    last = largest_by(touches.customer, touches.time_us, counted, customers)
    at_last = counted & (touches.time_us == last[touches.customer])
    return _code(largest_by(touches.customer, touches.channel, at_last, customers))


def _code(values: Ints) -> Codes:
    return np.where(values == UNSET, 0, values).astype(np.int8)
