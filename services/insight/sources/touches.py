"""The touchpoints of the customer service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from guanxi.customer.v1 import touchpoints_pb2
from guanxi.events.v1.event_feed_pb2 import Event

from services.insight.sources.columns import TouchColumns
from services.insight.sources.source import Code, Key, Source, microseconds

__all__ = ["TOUCHES", "TouchRecord"]

_ABOUT_PRICE: Final = frozenset(
    {touchpoints_pb2.Touchpoint.PRICE, touchpoints_pb2.Touchpoint.DISCOUNT}
)


@dataclass(frozen=True, slots=True)
class TouchRecord:
    """A touchpoint; type and channel are the contract's numbers.

    `about_price` says whether PRICE or DISCOUNT was among the topics.
    """

    name: Key
    customer: Key
    position: int
    time_us: int
    type: Code
    channel: Code
    about_price: bool


def _read(event: Event, currency: str) -> TouchRecord:
    touchpoint = touchpoints_pb2.TouchpointLogged.FromString(event.payload).touchpoint
    customer, _, _ = touchpoint.name.partition("/touchpoints/")
    return TouchRecord(
        name=touchpoint.name,
        customer=customer,
        position=event.position,
        time_us=microseconds(touchpoint.touch_time),
        type=touchpoint.type,
        channel=touchpoint.channel,
        about_price=not _ABOUT_PRICE.isdisjoint(touchpoint.topics),
    )


def _columns(rows: Sequence[Any], place: Mapping[str, int]) -> TouchColumns:
    return TouchColumns.of([(place[customer], *rest) for customer, *rest in rows])


TOUCHES: Final = Source(
    name="touches",
    record=TouchRecord,
    readers=MappingProxyType({"guanxi.customer.v1.TouchpointLogged": _read}),
    needs=("customer", "time_us", "type", "channel", "about_price"),
    columns=_columns,
)
