"""LogTouchpoint, BatchLogTouchpoints: what is logged, and what can not have happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import Customer, DeleteCustomerRequest
from guanxi.customer.v1.touchpoints_pb2 import (
    ListTouchpointsRequest,
    LogTouchpointRequest,
    Touchpoint,
)

from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_status
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office
from tests.support.touchpoints import ANN, at, batch, entry, log, timeline


async def test_a_call_is_logged_as_it_was_told(office: Office, desk: Desk, ann: Customer) -> None:
    told = Touchpoint(
        type=Touchpoint.CALL,
        channel=Touchpoint.PHONE,
        channel_detail="autumn campaign",
        direction=Touchpoint.INBOUND,
        touch_time=at(office.clock.now() - timedelta(days=400)),
        subject="lamps",
        content="They ask for a discount.",
        topics=[Touchpoint.DISCOUNT, Touchpoint.PRICE],
        products_of_concern=["products/lamp"],
        duration_minutes=12,
        outcome="wants a quote by Friday",
        actor="users/bob",
    )
    logged = await desk.touchpoints.LogTouchpoint(
        LogTouchpointRequest(parent=ANN, touchpoint=told, touchpoint_id="t1")
    )
    told.name = f"{ANN}/touchpoints/t1"
    told.create_time.CopyFrom(at(office.clock.now()))
    assert logged == told
    page = await desk.touchpoints.ListTouchpoints(ListTouchpointsRequest(parent=ANN))
    assert list(page.touchpoints) == [logged]


async def test_a_touchpoint_is_of_now_and_by_the_caller_unless_told_otherwise(
    office: Office, desk: Desk, ann: Customer
) -> None:
    logged = await log(desk)
    assert logged.actor == "users/ann"
    assert logged.touch_time == at(office.clock.now())
    assert (await log(desk)).name != logged.name


@in_turn(
    ("fields", "reason", "field"),
    [
        ({"type": Touchpoint.TYPE_UNSPECIFIED}, "VALIDATION_FAILED", "touchpoint.type"),
        ({"actor": "bob"}, "VALIDATION_FAILED", "touchpoint.actor"),
        ({"duration_minutes": -1}, "VALIDATION_FAILED", "touchpoint.duration_minutes"),
        (
            {"products_of_concern": ["lamp"]},
            "VALIDATION_FAILED",
            "touchpoint.products_of_concern[0]",
        ),
        ({"topics": [1, 1]}, "VALIDATION_FAILED", "touchpoint.topics"),
        ({"touch_time": Timestamp(seconds=10**15)}, "TIME_INVALID", "touchpoint.touch_time"),
        ({"touch_time": Timestamp(seconds=-1)}, "TIME_TOO_EARLY", "touchpoint.touch_time"),
        (
            {"touch_time": Timestamp(seconds=4_000_000_000)},
            "TOUCH_TIME_IN_FUTURE",
            "touchpoint.touch_time",
        ),
    ],
)
async def test_what_can_not_have_happened_is_refused_by_field(
    desk: Desk, ann: Customer, fields: dict[str, Any], reason: str, field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await log(desk, **fields)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == field


async def test_nothing_is_logged_for_a_customer_who_is_unknown_out_of_sight_or_deleted(
    office: Office, desk: Desk, ann: Customer
) -> None:
    bob = await office.desk("users/bob", role="rep")
    for caller, parent in ((desk, "customers/none"), (bob, ANN)):
        with pytest.raises(DomainError) as refused:
            await log(caller, parent=parent)
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "NOT_FOUND")
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name=ANN))
    with pytest.raises(DomainError) as refused:
        await log(desk)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "CUSTOMER_DELETED",
    )


async def test_a_taken_id_tells_whether_it_is_the_same_touchpoint(
    desk: Desk, ann: Customer
) -> None:
    await log(desk, "t1", subject="lamps")
    for subject, unchanged in (("lamps", "true"), ("chairs", "false")):
        with pytest.raises(DomainError) as refused:
            await log(desk, "t1", subject=subject)
        assert refused.value.kind is Kind.ALREADY_EXISTS
        assert refused.value.metadata["unchanged"] == unchanged


async def test_a_repeated_request_is_answered_with_the_first_result(
    desk: Desk, ann: Customer
) -> None:
    request = entry()
    request.request_id = "r-1"
    first = await desk.touchpoints.LogTouchpoint(request)
    assert await desk.touchpoints.LogTouchpoint(request) == first
    assert len(await timeline(desk)) == 1


async def test_items_of_a_batch_stand_or_fall_alone(desk: Desk, ann: Customer) -> None:
    await log(desk, "known", subject="lamps")
    entries = (
        entry("one"),
        entry("two", "customers/none"),
        entry("known", subject="lamps"),
        entry("one"),
        entry("late", touch_time=Timestamp(seconds=4_000_000_000)),
        entry("typeless", type=Touchpoint.TYPE_UNSPECIFIED),
        entry("last"),
    )
    checked = await batch(desk, *entries, validate_only=True)
    assert await timeline(desk) == ["known"]
    answer = await batch(desk, *entries)
    assert answer == checked
    assert [each.name.rpartition("/")[2] for each in answer.touchpoints] == ["one", "last"]
    failed = {index: from_status(status) for index, status in answer.failed_requests.items()}
    assert {index: error.reason for index, error in failed.items()} == {
        1: "NOT_FOUND",
        2: "ALREADY_EXISTS",
        3: "ALREADY_EXISTS",
        4: "TOUCH_TIME_IN_FUTURE",
        5: "VALIDATION_FAILED",
    }
    assert {index: failed[index].metadata["unchanged"] for index in (2, 3)} == {
        2: "true",
        3: "true",
    }
    assert sorted(await timeline(desk)) == ["known", "last", "one"]


async def test_a_repeated_batch_is_answered_with_the_first_result(
    desk: Desk, ann: Customer
) -> None:
    first = await batch(desk, entry(), entry(), request_id="r-1")
    assert await batch(desk, entry(), entry(), request_id="r-1") == first
    assert len(await timeline(desk)) == 2
    with pytest.raises(DomainError) as refused:
        await batch(desk, entry("other"), request_id="r-1")
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("size", [0, 1001])
async def test_a_batch_has_1_to_1000_items(desk: Desk, size: int) -> None:
    with pytest.raises(DomainError) as refused:
        await batch(desk, *(entry() for _ in range(size)))
    assert refused.value.reason == "VALIDATION_FAILED"


async def test_who_may_only_read_logs_nothing(office: Office, ann: Customer) -> None:
    analyst = await office.desk("users/lea", role="analyst")
    with pytest.raises(DomainError) as refused:
        await log(analyst)
    assert refused.value.kind is Kind.PERMISSION_DENIED
    rep = await office.desk("users/ann", role="rep")
    with pytest.raises(DomainError) as refused:
        await batch(rep, entry())
    assert refused.value.kind is Kind.PERMISSION_DENIED
