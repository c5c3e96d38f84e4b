"""What requests of this service have in common: a customer's name in another, a business day."""

from typing import Protocol

from google.type.date_pb2 import Date

__all__ = ["customer_of", "stated"]


class OfADay(Protocol):
    """A request with the business day to compute its answer for."""

    @property
    def as_of(self) -> Date: ...


def customer_of(name: str) -> str:
    """`customers/ann` of `customers/ann/facts`."""
    return name.rpartition("/")[0]


def stated(request: OfADay) -> Date | None:
    """The day a request asks for; None where it asks for today."""
    day = request.as_of
    return day if (day.year or day.month or day.day) else None
