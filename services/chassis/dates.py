"""google.type.Date ↔ date."""

from datetime import date

from google.type.date_pb2 import Date

from services.chassis.errors import invalid

__all__ = ["from_date", "to_date"]


def to_date(day: date) -> Date:
    """The message for a calendar day."""
    return Date(year=day.year, month=day.month, day=day.day)


def from_date(message: Date, *, field: str) -> date:
    """The day of a message.

    Raises DomainError INVALID_ARGUMENT, DATE_INVALID for a partial date (a zero part) and for one
    that no calendar has.
    """
    try:
        return date(message.year, message.month, message.day)
    except ValueError:
        raise invalid(field, "DATE_INVALID", "must be a full date of the calendar") from None
