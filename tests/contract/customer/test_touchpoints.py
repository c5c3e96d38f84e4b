"""LogTouchpoint, BatchLogTouchpoints, ListTouchpoints: the journey, and who sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.customers_pb2 import (
    Customer,
    DeleteCustomerRequest,
    UpdateCustomerRequest,
)
from guanxi.customer.v1.touchpoints_pb2 import (
    BatchLogTouchpointsRequest,
    BatchLogTouchpointsResponse,
    ListTouchpointsRequest,
    LogTouchpointRequest,
    Touchpoint,
)

from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_status
from tests.support.office import Desk, Office

ANN = "customers/ann"
EVERYONE = "customers/-"


def at(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def entry(touchpoint_id: str = "", parent: str = ANN, **fields: Any) -> LogTouchpointRequest:
    touchpoint = Touchpoint(**{"type": Touchpoint.CALL, **fields})
    return LogTouchpointRequest(parent=parent, touchpoint_id=touchpoint_id, touchpoint=touchpoint)


async def log(desk: Desk, touchpoint_id: str = "", parent: str = ANN, **fields: Any) -> Touchpoint:
    return await desk.touchpoints.LogTouchpoint(entry(touchpoint_id, parent, **fields))


async def batch(
    desk: Desk, *entries: LogTouchpointRequest, **arguments: Any
) -> BatchLogTouchpointsResponse:
    return await desk.touchpoints.BatchLogTouchpoints(
        BatchLogTouchpointsRequest(requests=entries, **arguments)
    )


async def timeline(desk: Desk, parent: str = ANN, **arguments: Any) -> list[str]:
    page = await desk.touchpoints.ListTouchpoints(
        ListTouchpointsRequest(parent=parent, **arguments)
    )
    return [touchpoint.name.rpartition("/")[2] for touchpoint in page.touchpoints]


@pytest.fixture
async def ann(desk: Desk) -> Customer:
    return await desk.create("ann", "Ann")


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


@pytest.mark.parametrize(
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


@pytest.fixture
async def journey(office: Office, desk: Desk, ann: Customer) -> Desk:
    """Ann's journey, logged out of order, and one touchpoint of Bob's."""
    now = office.clock.now()
    await desk.create("bob", "Bob", owner="users/kim", team="teams/south")
    await log(
        desk,
        "visit",
        type=Touchpoint.PAGE_VIEW,
        channel=Touchpoint.SEARCH,
        channel_detail="lamps cheap",
        direction=Touchpoint.INBOUND,
        touch_time=at(now - timedelta(days=9)),
    )
    await log(desk, "note", type=Touchpoint.NOTE, actor="users/mia")
    await log(desk, "bobs", "customers/bob", touch_time=at(now - timedelta(days=1)))
    office.clock.move(days=1)
    await log(
        desk,
        "call",
        channel=Touchpoint.PHONE,
        topics=[Touchpoint.PRICE],
        products_of_concern=["products/lamp"],
        touch_time=at(now - timedelta(days=5)),
    )
    return desk


async def test_a_timeline_runs_from_the_latest_touch_back_however_late_it_was_logged(
    journey: Desk,
) -> None:
    assert await timeline(journey) == ["note", "call", "visit"]
    assert await timeline(journey, EVERYONE) == ["note", "bobs", "call", "visit"]
    assert await timeline(journey, order_by="touch_time") == ["visit", "call", "note"]
    assert await timeline(journey, order_by="create_time desc") == ["call", "visit", "note"]


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ("type = CALL", ["call"]),
        ("channel = SEARCH", ["visit"]),
        ('channel_detail:"cheap"', ["visit"]),
        ("direction = INBOUND", ["visit"]),
        ("touch_time >= days(-5)", ["note"]),
        ("topics:PRICE", ["call"]),
        ('products_of_concern:"products/lamp"', ["call"]),
        ('actor = "users/mia"', ["note"]),
        ("create_time >= days(0)", ["call"]),
    ],
)
async def test_a_timeline_is_filtered_by_each_field(
    journey: Desk, filter: str, names: list[str]
) -> None:
    assert await timeline(journey, filter=filter) == names


@pytest.mark.parametrize("parent", [ANN, EVERYONE])
async def test_pages_of_a_timeline_show_every_touchpoint_once(journey: Desk, parent: str) -> None:
    names: list[str] = []
    token = ""
    while True:
        page = await journey.touchpoints.ListTouchpoints(
            ListTouchpointsRequest(parent=parent, page_size=1, page_token=token)
        )
        names += [each.name.rpartition("/")[2] for each in page.touchpoints]
        token = page.next_page_token
        if not token:
            break
    assert names == await timeline(journey, parent)


async def test_a_page_token_belongs_to_its_customer(journey: Desk) -> None:
    request = ListTouchpointsRequest(parent=ANN, page_size=1)
    token = (await journey.touchpoints.ListTouchpoints(request)).next_page_token
    with pytest.raises(DomainError) as refused:
        await timeline(journey, EVERYONE, page_token=token)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"
    assert refused.value.violations[0].field == "parent"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"parent": "customers/none"}, "NOT_FOUND"),
        ({"parent": "nonsense"}, "VALIDATION_FAILED"),
        ({"filter": "subject = lamps"}, "FILTER_UNKNOWN_FIELD"),
        ({"order_by": "subject"}, "ORDER_BY_UNKNOWN_FIELD"),
        ({"page_token": "nonsense"}, "PAGE_TOKEN_INVALID"),
    ],
)
async def test_a_timeline_that_can_not_be_made_is_refused(
    journey: Desk, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await timeline(journey, **arguments)
    assert refused.value.reason == reason


async def test_everybody_sees_the_journeys_of_their_customers_only(
    office: Office, journey: Desk
) -> None:
    for subject, role, team, names in (
        ("users/ann", "rep", "teams/north", ["note", "call", "visit"]),
        ("users/kim", "rep", "teams/south", ["bobs"]),
        ("users/mia", "manager", "teams/south", ["bobs"]),
        ("users/bob", "rep", "teams/north", []),
        ("users/lea", "analyst", "", ["note", "bobs", "call", "visit"]),
    ):
        desk = await office.desk(subject, role=role, team=team)
        assert await timeline(desk, EVERYONE) == names
    kim = await office.desk("users/kim", role="rep", team="teams/south")
    with pytest.raises(DomainError) as refused:
        await timeline(kim)
    assert refused.value.kind is Kind.NOT_FOUND


async def test_who_takes_over_a_customer_sees_the_whole_journey(
    office: Office, journey: Desk
) -> None:
    await journey.customers.UpdateCustomer(
        UpdateCustomerRequest(
            customer=Customer(name=ANN, owner="users/kim", team="teams/south"),
            update_mask=FieldMask(paths=["owner", "team"]),
        )
    )
    kim = await office.desk("users/kim", role="rep", team="teams/south")
    assert await timeline(kim) == ["note", "call", "visit"]
    assert await timeline(kim, EVERYONE) == ["note", "bobs", "call", "visit"]
    before = await office.desk("users/ann", role="rep")
    assert await timeline(before, EVERYONE) == []


async def test_the_journey_of_a_deleted_customer_is_read_but_not_among_everyones(
    journey: Desk,
) -> None:
    await journey.customers.DeleteCustomer(DeleteCustomerRequest(name=ANN))
    assert await timeline(journey) == ["note", "call", "visit"]
    assert await timeline(journey, EVERYONE) == ["bobs"]


async def test_who_may_only_read_logs_nothing(office: Office, ann: Customer) -> None:
    analyst = await office.desk("users/lea", role="analyst")
    with pytest.raises(DomainError) as refused:
        await log(analyst)
    assert refused.value.kind is Kind.PERMISSION_DENIED
    rep = await office.desk("users/ann", role="rep")
    with pytest.raises(DomainError) as refused:
        await batch(rep, entry())
    assert refused.value.kind is Kind.PERMISSION_DENIED
