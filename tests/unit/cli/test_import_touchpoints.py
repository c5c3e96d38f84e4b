"""Rows of touchpoints: the same row is the same touchpoint in every export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint

from services.chassis.timestamps import to_timestamp
from tests.support.imports import (
    touchpoint_ids,
    touchpoints_of,
    written,
)


def test_who_touched_a_customer_is_never_guessed(tmp_path: Path) -> None:
    text = "customer,type,time,actor\n1,call,2026-01-01,Sarah Moss\n"
    requests, refusals = touchpoints_of(written(tmp_path / "t.csv", text))
    assert not requests
    assert "actor 'Sarah Moss' is no id in users" in refusals.reasons[2]


def test_the_same_touchpoint_twice_in_a_file_is_two_touchpoints(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "customer,type,time\n1,call,2026-01-01\n1,call,2026-01-01\n")
    assert len(set(touchpoint_ids(path))) == 2


@pytest.mark.parametrize(
    "other",
    [
        "customer,type,time,exported_by\nKIM,call,2026-01-01,me\n",
        "type,customer,time\ncall,KIM,2026-01-01\n",
        "customer,type,time,outcome\n kim,call,2026-01-01,\n",
    ],
)
def test_a_column_that_says_nothing_makes_no_other_touchpoint(tmp_path: Path, other: str) -> None:
    one = written(tmp_path / "1.csv", "customer,type,time\nKIM,call,2026-01-01\n")
    assert touchpoint_ids(one) == touchpoint_ids(written(tmp_path / "2.csv", other))


@pytest.mark.parametrize(
    "other",
    [
        "T1,Call,2026-03-03 10:00:00,9.0,Price;delivery,Trade-Event,CUP;BOWL\n",
        "t1,CALL,2026-03-03T18:00+08:00,9,PRICE; DELIVERY,trade event,cup;bowl\n",
        " T1,call,2026-03-03T10:00Z,9.00,price\u200b;delivery,TRADE_EVENT,cup; BOWL\n",
    ],
)
def test_a_touchpoint_is_what_is_read_of_its_cells_however_they_are_written(
    tmp_path: Path, other: str
) -> None:
    header = "customer,type,time,minutes,topics,channel,products\n"
    row = "T1,call,2026-03-03 10:00,9,price;delivery,trade_event,cup;bowl\n"
    one = written(tmp_path / "1.csv", header + row)
    assert touchpoint_ids(one) == touchpoint_ids(written(tmp_path / "2.csv", header + other))


def test_a_column_that_says_something_makes_another_touchpoint(tmp_path: Path) -> None:
    one = written(tmp_path / "1.csv", "customer,type,time\nKIM,call,2026-01-01\n")
    two = written(tmp_path / "2.csv", "customer,type,time,outcome\nKIM,call,2026-01-01,won\n")
    assert touchpoint_ids(one) != touchpoint_ids(two)


def test_half_a_second_later_is_another_touchpoint(tmp_path: Path) -> None:
    rows = "1,call,2026-01-01 10:00:00\n1,call,2026-01-01 10:00:00.5\n"
    first, second = touchpoint_ids(written(tmp_path / "t.csv", "customer,type,time\n" + rows))
    assert not second.startswith(first)


def test_a_touchpoint_goes_in_with_everything_its_row_says(tmp_path: Path) -> None:
    path = written(
        tmp_path / "t.csv",
        "customer,type,time,id,channel,channel_detail,direction,subject,content,topics,products,"
        "minutes,outcome,actor\n"
        "7,call,2026-01-02T03:04:05.678901+08:00,T1,trade event,fair,inbound,Hello,Long,"
        "price;delivery,A;B,12,won,ann\n",
    )
    [request], refusals = touchpoints_of(path)
    assert not refusals.reasons
    assert request == LogTouchpointRequest(
        parent="customers/7",
        touchpoint_id="t1",
        touchpoint=Touchpoint(
            type=Touchpoint.CALL,
            touch_time=to_timestamp(datetime(2026, 1, 1, 19, 4, 5, 678_901, tzinfo=UTC)),
            channel=Touchpoint.TRADE_EVENT,
            channel_detail="fair",
            direction=Touchpoint.INBOUND,
            subject="Hello",
            content="Long",
            topics=[Touchpoint.PRICE, Touchpoint.DELIVERY],
            products_of_concern=["products/a", "products/b"],
            duration_minutes=12,
            outcome="won",
            actor="users/ann",
        ),
    )


@pytest.mark.parametrize(
    ("time", "why"),
    [("", "touch_time is empty"), ("NULL", "touch_time is empty"), ("soon", "'soon' is not like")],
)
def test_a_touchpoint_without_a_time_is_refused(tmp_path: Path, time: str, why: str) -> None:
    path = written(tmp_path / "t.csv", f"customer,type,time\n1,call,{time}\n2,call,2026-01-01\n")
    [request], refusals = touchpoints_of(path)
    assert request.parent == "customers/2"
    assert why in refusals.reasons[2]
