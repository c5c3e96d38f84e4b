"""What a list is asked for, and what comes back: two values between a servicer and a store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from typing import Any, Final, Generic, Self, TypeVar

from google.protobuf.message import Message

from services.chassis.clock import BusinessCalendar
from services.chassis.turns import taking_turns
from services.chassis.wire import MAX_MESSAGE_BYTES

__all__ = ["Listing", "Page", "Sent"]

# A page is full with these: the rest of an answer is for names and the row that goes over.
_PAGE_BYTES: Final = MAX_MESSAGE_BYTES // 2

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M", bound=Message)


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
class Sent(Generic[M]):
    """The messages of one page, as they are sent."""

    messages: list[M]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of one page; `next_page_token` is empty on the last one. `token_after` is the token
    of a page that ends after so many of them."""

    rows: Sequence[T]
    next_page_token: str
    token_after: Callable[[int], str]

    def with_rows(self, rows: Sequence[R]) -> "Page[R]":
        """The page with what is made of its rows."""
        return Page(rows, self.next_page_token, self.token_after)

    async def sent(self, make: Callable[[T], M]) -> Sent[M]:
        """The messages made of the rows, up to 8 MiB: what doesn't fit stands on the next page."""
        messages: list[M] = []
        size = 0
        async for message in taking_turns(map(make, self.rows)):
            messages.append(message)
            size += message.ByteSize()
            if size > _PAGE_BYTES and len(messages) < len(self.rows):
                return Sent(messages, self.token_after(len(messages)))
        return Sent(messages, self.next_page_token)


def _text(value: Any) -> str:
    if isinstance(value, Message):
        return value.SerializeToString(deterministic=True).hex()
    return str(value)
