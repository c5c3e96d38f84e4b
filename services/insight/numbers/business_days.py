"""The business day, and business days of instants, for whole columns.

A day is a number: days since 1970-01-01. An instant is microseconds since 1970-01-01 UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from services.insight.numbers.columns import Ints

__all__ = ["Day", "business_days", "day_number", "day_of", "days_after"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_BLOCK: Final = 3 * _DAY
# A zone can be asked only about instants whose local time lies in the years 1 to 9999 too.
_FIRST_SECOND: Final = int((datetime(1, 1, 2, tzinfo=UTC) - _EPOCH).total_seconds())
_LAST_SECOND: Final = int((datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH).total_seconds())


@dataclass(frozen=True, slots=True)
class Day:
    """The business day that facts are computed for, and the zone that days are counted in."""

    date: date
    zone: ZoneInfo


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`."""
    return day.toordinal() - _EPOCH_DAY


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day on the calendar of `zone`; at the ends of the calendar, its first or last day."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return date.min if moment.year == 1 else date.max


def days_after(day: date, days: int) -> date:
    """The day so many days later; the last day of the calendar where it ends before."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def business_days(time_us: Ints, zone: tzinfo) -> Ints:
    """The day on the calendar of `zone` at each instant, as day numbers.

    Equal to `datetime.astimezone(zone).date()` of each instant, switches to and from summer time
    included.
    """
    if zone is UTC or str(zone) in ("UTC", "Etc/UTC"):
        return time_us // _DAY
    return (time_us + _offsets_us(time_us, zone)) // _DAY


def _offsets_us(time_us: Ints, zone: tzinfo) -> Ints:
    """How far the clocks of `zone` are ahead of UTC at each instant, in microseconds.

    The zone is asked at the edges of blocks of three days: where both edges of a block have the
    same offset, it holds all through the block (no zone of the tz database, 2025b, has ever
    switched and switched back within three days). In the other blocks every distinct second is
    asked.
    """
    if time_us.size == 0:
        return np.zeros(0, dtype=np.int64)
    block = time_us // _BLOCK
    first = int(block.min())
    place = block - first
    is_edge = np.zeros(int(place.max()) + 2, dtype=np.bool_)
    is_edge[place] = True
    is_edge[place + 1] = True
    edges = np.flatnonzero(is_edge)
    at_edge = np.zeros(is_edge.size, dtype=np.int64)
    at_edge[edges] = _asked_offsets_us((edges + first) * (_BLOCK // _SECOND), zone)

    offsets: Ints = at_edge[place]
    switching = np.flatnonzero(offsets != at_edge[place + 1])
    seconds, which = np.unique(time_us[switching] // _SECOND, return_inverse=True)
    offsets[switching] = _asked_offsets_us(seconds, zone)[which]
    return offsets


def _asked_offsets_us(seconds: Ints, zone: tzinfo) -> Ints:
    return np.array([_offset_us(second, zone) for second in seconds.tolist()], dtype=np.int64)


def _offset_us(second: int, zone: tzinfo) -> int:
    within = min(max(second, _FIRST_SECOND), _LAST_SECOND)
    offset = (_EPOCH + timedelta(seconds=within)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
