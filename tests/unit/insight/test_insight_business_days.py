"""The business day of an instant is the one on the calendar of the zone."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insight.numbers.business_days import business_days, day_number

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Switches at local midnight, half hours, a skipped day, two switches within a week.
ZONES = (
    *("UTC", "Europe/London", "America/New_York", "Asia/Shanghai", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"),
    *("America/Recife", "Africa/Casablanca", "Africa/Monrovia"),
)


def microseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def days_of(times: list[datetime], zone: tzinfo) -> list[int]:
    found = business_days(np.array([microseconds(time) for time in times], dtype=np.int64), zone)
    return [int(day) for day in found]


@pytest.mark.parametrize("zone", ZONES)
@given(
    times=st.lists(
        st.datetimes(
            datetime(1960, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds and adds the zone
            datetime(2040, 1, 1),  # noqa: DTZ001 - likewise
            timezones=st.just(UTC),
        ),
        max_size=30,
    )
)
def test_every_instant_has_the_day_of_its_local_date(zone: str, times: list[datetime]) -> None:
    there = ZoneInfo(zone)

    assert days_of(times, there) == [day_number(t.astimezone(there).date()) for t in times]


@pytest.mark.parametrize("zone", ZONES)
def test_every_quarter_of_an_hour_of_years_with_switches_is_right(zone: str) -> None:
    there = ZoneInfo(zone)
    for start in (datetime(2000, 9, 25, tzinfo=UTC), datetime(2011, 10, 20, tzinfo=UTC)):
        times = [start + timedelta(minutes=15 * step) for step in range(96 * 75)]
        expected = [day_number(t.astimezone(there).date()) for t in times]
        assert days_of(times, there) == expected


def test_a_fixed_offset_is_a_zone_too() -> None:
    late = datetime(2011, 3, 1, 22, tzinfo=UTC)
    assert days_of([late], timezone(timedelta(hours=3))) == [day_number(date(2011, 3, 2))]


def test_the_ends_of_the_calendar_are_reached() -> None:
    ends = [datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)]
    expected = [day_number(date(1, 1, 3)), day_number(date(9999, 12, 29))]
    assert days_of(ends, ZoneInfo("Asia/Shanghai")) == expected


def test_no_instants_have_no_days() -> None:
    assert days_of([], ZoneInfo("Europe/London")) == []
