"""Calendar days survive the way into a message and back."""

from datetime import date

import pytest
from google.type.date_pb2 import Date
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.dates import from_date, to_date
from services.chassis.errors import DomainError


@given(st.dates())
def test_a_day_comes_back_as_it_was(day: date) -> None:
    assert from_date(to_date(day), field="day") == day


@pytest.mark.parametrize(
    "message", [Date(), Date(year=2024, month=3), Date(year=2023, month=2, day=29), Date(month=1)]
)
def test_what_is_no_full_day_is_refused(message: Date) -> None:
    with pytest.raises(DomainError) as refused:
        from_date(message, field="start_date")
    assert refused.value.reason == "DATE_INVALID"
    assert refused.value.violations[0].field == "start_date"
