"""The business day that a brief is of. No call is made here."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from google.type.date_pb2 import Date

from services.chassis.clock import BusinessCalendar
from services.chassis.dates import from_date

__all__ = ["TODAY", "BriefDay", "day_of"]


@dataclass(frozen=True, slots=True)
class BriefDay:
    """Today, or another day: then `end` is the first instant after it, which nothing in the brief
    has reached; None at the end of the calendar. `as_of` is what services are asked for."""

    as_of: Date | None
    is_today: bool
    end: datetime | None


TODAY: Final = BriefDay(None, True, None)


def day_of(as_of: Date, calendar: BusinessCalendar) -> BriefDay:
    """The day asked for, today if it isn't stated. Raises DomainError DATE_INVALID."""
    if not (as_of.year or as_of.month or as_of.day):
        return TODAY
    day = from_date(as_of, field="as_of")
    if day == calendar.today():
        return BriefDay(as_of, True, None)
    try:
        midnight = datetime.combine(day + timedelta(days=1), time.min, calendar.zone)
        return BriefDay(as_of, False, midnight.astimezone(UTC))
    except OverflowError:
        return BriefDay(as_of, False, None)
