"""Where time comes from: the clock every transaction asks, and the calendar that turns instants
into business days. Rules never read the time themselves; they are given it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Protocol, Self
from zoneinfo import ZoneInfo

__all__ = ["BusinessCalendar", "Clock", "Span", "SystemClock"]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """For how long something may be used again, on two clocks: the time of day, which is set, and
    the monotonic one, which isn't. It is over as soon as either says so.

    A clock that is set back would stretch it: a token signed an hour ahead, believed by nobody,
    would be sent for that hour, and a decision remembered for it. Back before its beginning, it is
    over as well.
    """

    begins: float
    ends: float
    ends_monotonic: float

    @classmethod
    def of(cls, seconds: float, *, now: float, monotonic: float) -> Self:
        """From now on; seconds since 1970, and on the clock of time.monotonic."""
        return cls(now, now + seconds, monotonic + seconds)

    def holds(self, *, now: float, monotonic: float) -> bool:
        return self.begins <= now < self.ends and monotonic < self.ends_monotonic


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Counts business days in one time zone; `business_date` holds today still, for replays.

    Nothing that people did is older than `earliest_date`.
    """

    clock: Clock
    zone: ZoneInfo
    business_date: date | None = None
    earliest_date: date = date(1970, 1, 1)

    @property
    def beginning(self) -> datetime:
        """The first instant of the earliest day."""
        return datetime.combine(self.earliest_date, time.min, tzinfo=self.zone)

    def today(self) -> date:
        """The business day it is now, or the one that was set."""
        return self.business_date or self.day_of(self.clock.now())

    def day_of(self, moment: datetime) -> date:
        """The business day an aware instant falls on."""
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone has no business day")
        return moment.astimezone(self.zone).date()
