"""Instants survive the way into a message and back, to the microsecond."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.sales.v1.orders_pb2 import ListPurchasesRequest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DomainError, Kind
from services.chassis.timestamps import from_timestamp, stated_timestamp, to_timestamp


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_as_it_was(moment: datetime) -> None:
    message = to_timestamp(moment)
    assert message.ToDatetime(UTC) == moment
    assert from_timestamp(message, field="time") == moment


def test_an_instant_is_cut_to_microseconds_and_never_rounded_into_the_future() -> None:
    read = from_timestamp(Timestamp(seconds=1, nanos=999_999_999), field="time")
    assert read == datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    "message",
    [
        Timestamp(seconds=-62_135_596_801),
        Timestamp(seconds=253_402_300_800),
        Timestamp(seconds=2**62),
        Timestamp(nanos=-1),
        Timestamp(nanos=1_000_000_000),
    ],
)
def test_what_is_no_instant_of_the_calendar_is_refused(message: Timestamp) -> None:
    with pytest.raises(DomainError) as refused:
        from_timestamp(message, field="touch_time")
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, "TIME_INVALID")
    assert refused.value.violations[0].field == "touch_time"


def test_a_field_that_is_not_set_is_none_in_both_directions() -> None:
    assert to_timestamp(None) is None
    period = ListPurchasesRequest(start_time=Timestamp(seconds=1))
    assert stated_timestamp(period, "start_time") == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert stated_timestamp(period, "end_time") is None
