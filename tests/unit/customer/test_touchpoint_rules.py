"""What may be written down as a step of a customer's journey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.creation import New
from services.chassis.errors import DomainError
from services.customer.touchpoints.model import Draft, Touchpoint, TouchpointType, record

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def recorded(**fields: Any) -> Touchpoint:
    draft = Draft("customers/ann", TouchpointType.CALL, **fields)
    return record(New("customers/ann/touchpoints/1", draft), actor="users/rep", at=NOW)


def test_a_touchpoint_is_of_now_and_by_the_caller_unless_told_otherwise() -> None:
    assert (recorded().touch_time, recorded().actor) == (NOW, "users/rep")
    yesterday = NOW - timedelta(days=1)
    told = recorded(touch_time=yesterday, actor="users/bob")
    assert (told.touch_time, told.actor) == (yesterday, "users/bob")
    assert told.create_time == NOW


def test_a_touchpoint_years_late_is_normal() -> None:
    long_ago = datetime(2010, 12, 1, tzinfo=UTC)
    assert recorded(touch_time=long_ago).touch_time == long_ago


def test_a_touchpoint_may_be_a_day_ahead_and_no_more() -> None:
    ahead = NOW + timedelta(days=1)
    assert recorded(touch_time=ahead).touch_time == ahead
    with pytest.raises(DomainError) as refused:
        recorded(touch_time=ahead + timedelta(microseconds=1))
    assert refused.value.reason == "TOUCH_TIME_IN_FUTURE"
    assert refused.value.violations[0].field == "touch_time"
