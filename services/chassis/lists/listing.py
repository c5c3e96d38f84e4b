"""What a list is asked for, and what comes back: two values between a servicer and a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from typing import Any, Generic, Self, TypeVar

from google.protobuf.message import Message

from services.chassis.clock import BusinessCalendar

__all__ = ["Listing", "Page"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a request for a page asks (AIP-158), and the day and zone that its filter is read in.

    `arguments` are the request's other fields as text, and `request` the name of its type: a page
    token holds only as long as they stay the same.
    """

    filter: str = ""
    order_by: str = ""
    page_size: int = 0
    page_token: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    request: str = ""
    today: date | None = None
    zone: tzinfo = UTC

    @classmethod
    def of(cls, request: Message, calendar: BusinessCalendar | None = None) -> Self:
        """Reads any request that has `page_size`, `page_token` and perhaps `filter`, `order_by`;
        the calendar is that of the times and days its filter may name."""
        given = {field.name: value for field, value in request.ListFields()}
        return cls(
            filter=given.pop("filter", ""),
            order_by=given.pop("order_by", ""),
            page_size=given.pop("page_size", 0),
            page_token=given.pop("page_token", ""),
            arguments={name: _text(value) for name, value in given.items()},
            request=request.DESCRIPTOR.full_name,
            today=calendar.today() if calendar else None,
            zone=calendar.zone if calendar else UTC,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of one page; `next_page_token` is empty on the last one."""

    rows: Sequence[T]
    next_page_token: str


def _text(value: Any) -> str:
    if isinstance(value, Message):
        return value.SerializeToString(deterministic=True).hex()
    return str(value)
