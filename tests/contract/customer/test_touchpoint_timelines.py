"""ListTouchpoints: the journey, its order and filters, and who sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1.customers_pb2 import (
    Customer,
    DeleteCustomerRequest,
    UpdateCustomerRequest,
)
from guanxi.customer.v1.touchpoints_pb2 import ListTouchpointsRequest, Touchpoint

from services.chassis.errors import DomainError, Kind
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office
from tests.support.touchpoints import ANN, EVERYONE, at, log, timeline


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


@in_turn(
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


@in_turn("parent", [ANN, EVERYONE])
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


@in_turn(
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
