"""Whoever names a customer out of their sight in an order is told what they are told of one that
isn't there: known or not yet, while the customer service answers and while it is away."""

from __future__ import annotations

import pytest
from guanxi.sales.v1 import orders_pb2
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from services.chassis.errors import DomainError
from tests.support.accounts import created, hear
from tests.support.sales import AskedCustomers, create_order, line, orders_as, reason_of
from tests.support.services import RunningService
from tests.support.written_feed import told

# Zoe's of the south: one that sales knows, and one whose event is on its way.
KNOWN, FRESH = "customers/known", "customers/fresh"
NONE = "customers/none"
UNSEEN = (KNOWN, FRESH, NONE)
# Rex's of the north, and their event is on its way.
MINE = "customers/mine"


@pytest.fixture
async def sales(sales: RunningService, customers: AskedCustomers) -> RunningService:
    zoe = ("users/zoe", "teams/south")
    customers.missing = {NONE}
    customers.owned = {KNOWN: zoe, FRESH: zoe, MINE: ("users/rex", "teams/north")}
    await hear(sales.store, told(created(KNOWN, owner=zoe[0], team=zoe[1]), 1))
    return sales


async def outcome(orders: OrderServiceStub, customer: str) -> str:
    try:
        await orders.CreateOrder(create_order(line(), customer=customer))
    except DomainError as error:
        return error.reason
    return "created"


@pytest.mark.parametrize("role", ["rep", "manager"])
async def test_an_order_names_them_in_vain(
    sales: RunningService, customers: AskedCustomers, role: str
) -> None:
    rex = await orders_as(sales, "rex", role=role)
    assert [await outcome(rex, name) for name in UNSEEN] == ["CUSTOMER_NOT_FOUND"] * 3
    # Nor by the time it takes: each is asked for.
    assert customers.asked == [[name] for name in UNSEEN]
    customers.away = True
    assert [await outcome(rex, name) for name in UNSEEN] == ["CUSTOMERS_UNAVAILABLE"] * 3


@pytest.mark.parametrize("validate_only", [True, False])
@pytest.mark.parametrize("allow_unknown", [True, False])
async def test_a_managers_import_names_them_in_vain(
    sales: RunningService, *, allow_unknown: bool, validate_only: bool
) -> None:
    eve = await orders_as(sales, "eve", role="manager")
    request = orders_pb2.BatchCreateOrdersRequest(
        requests=[create_order(line(), customer=name) for name in (*UNSEEN, MINE)],
        allow_unknown_customers=allow_unknown,
        validate_only=validate_only,
    )
    reply = await eve.BatchCreateOrders(request)
    reasons = {index: reason_of(error) for index, error in reply.failed_requests.items()}
    assert reasons == dict.fromkeys(range(3), "CUSTOMER_NOT_FOUND")
    assert [order.customer for order in reply.orders] == [MINE]


@pytest.mark.parametrize(
    ("user", "role", "expected"),
    [
        ("rex", "rep", "created"),
        ("eve", "manager", "created"),
        ("app", "app", "created"),
        ("ann", "rep", "CUSTOMER_NOT_FOUND"),
    ],
)
async def test_a_customer_whose_event_is_on_its_way_is_for_those_who_see_them(
    sales: RunningService, user: str, role: str, expected: str
) -> None:
    assert await outcome(await orders_as(sales, user, role=role), MINE) == expected


async def test_a_customer_taken_over_a_moment_ago_can_be_sold_to(
    sales: RunningService, customers: AskedCustomers
) -> None:
    customers.owned[KNOWN] = ("users/rex", "teams/north")
    assert await outcome(await orders_as(sales, "rex"), KNOWN) == "created"
