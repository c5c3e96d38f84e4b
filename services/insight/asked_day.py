"""For which business day a request asks."""

from typing import Protocol

from google.type.date_pb2 import Date

__all__ = ["stated"]


class OfADay(Protocol):
    """A request with the business day to compute its answer for."""

    @property
    def as_of(self) -> Date: ...


def stated(request: OfADay) -> Date | None:
    """The day a request asks for; None where it asks for today."""
    day = request.as_of
    return day if (day.year or day.month or day.day) else None
