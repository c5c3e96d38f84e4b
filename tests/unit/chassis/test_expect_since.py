"""Nothing that people did is older than the earliest date."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.touchpoints_pb2 import Touchpoint

from services.chassis.clock import BusinessCalendar, SystemClock
from services.chassis.errors import DomainError
from services.chassis.timestamps import expect_since

NEW_YORK = BusinessCalendar(SystemClock(), ZoneInfo("America/New_York"), None, date(2001, 1, 1))


def checked(at: str) -> None:
    touched = Timestamp()
    touched.FromJsonString(at)
    message = Touchpoint(touch_time=touched)
    expect_since(NEW_YORK.beginning, message, "touch_time", beneath="touchpoint")


def test_the_earliest_day_begins_at_midnight_of_its_zone() -> None:
    checked("2001-01-01T05:00:00Z")
    with pytest.raises(DomainError) as refused:
        checked("2001-01-01T04:59:59Z")
    assert refused.value.reason == "TIME_TOO_EARLY"
    assert refused.value.violations[0].field == "touchpoint.touch_time"
    assert "2001-01-01" in refused.value.message


def test_what_is_not_stated_is_not_too_early() -> None:
    expect_since(NEW_YORK.beginning, Touchpoint(), "touch_time", beneath="touchpoint")
