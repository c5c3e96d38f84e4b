"""Whose orders a caller sees, writes and hands out while nobody is known whose customer it is: OWN,
TEAM and ALL, in every method. Orders of known customers are in `test_sales_order_sight`."""

import pytest
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    CancelOrderRequest,
    ConfirmOrderRequest,
    GetOrderRequest,
    ListOrdersRequest,
    ListPurchasesRequest,
    SummarizeOrdersRequest,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from services.chassis.errors import DomainError, Kind
from tests.support.refusals import expect_not_found
from tests.support.sales import create_order, info_of, line, money, orders_as
from tests.support.services import RunningService


@pytest.fixture
async def of_many(orders: OrderServiceStub) -> OrderServiceStub:
    """Orders of Bob and Cid in the north and of Dan in the south, one euro more each."""
    people = [("bob", "north"), ("cid", "north"), ("dan", "south")]
    for euros, (user, team) in enumerate(people, start=1):
        await orders.CreateOrder(
            create_order(
                line(1, str(euros), "a"),
                id=user,
                confirm=True,
                customer="customers/acme",
                seller=f"users/{user}",
                team=f"teams/{team}",
            )
        )
    return orders


@pytest.mark.parametrize(
    ("user", "role", "seen"),
    [
        ("bob", "rep", {"bob"}),
        ("eve", "rep", set()),
        ("bob", "manager", {"bob", "cid"}),
        ("eve", "analyst", {"bob", "cid", "dan"}),
    ],
)
async def test_lists_sums_and_single_reads_show_the_same_orders(
    of_many: OrderServiceStub, sales: RunningService, user: str, role: str, seen: set[str]
) -> None:
    theirs = await orders_as(sales, user, role=role)
    listed = await theirs.ListOrders(ListOrdersRequest())
    assert {order.name for order in listed.orders} == {f"orders/{name}" for name in seen}
    euros = sum({"bob": 1, "cid": 2, "dan": 3}[name] for name in seen)
    totals = await theirs.SummarizeOrders(SummarizeOrdersRequest())
    assert (totals.order_count, totals.base_net_amount) == (len(seen), money(str(euros)))
    bought = await theirs.ListPurchases(ListPurchasesRequest(parent="customers/acme"))
    assert sum(each.base_net_amount.units for each in bought.purchases) == euros
    for name in ("bob", "cid", "dan"):
        call = theirs.GetOrder(GetOrderRequest(name=f"orders/{name}"))
        if name in seen:
            assert (await call).name == f"orders/{name}"
        else:
            await expect_not_found(call)


async def test_another_sellers_order_is_not_found_by_those_who_would_change_it(
    of_many: OrderServiceStub, sales: RunningService
) -> None:
    eves = await orders_as(sales, "eve")
    await expect_not_found(eves.ConfirmOrder(ConfirmOrderRequest(name="orders/bob")))
    await expect_not_found(eves.CancelOrder(CancelOrderRequest(name="orders/bob")))


async def test_another_sellers_id_is_taken_and_no_more_is_said(
    of_many: OrderServiceStub, sales: RunningService
) -> None:
    eves = await orders_as(sales, "eve")
    with pytest.raises(DomainError) as error:
        await eves.CreateOrder(create_order(line(), id="bob"))
    assert error.value.kind is Kind.ALREADY_EXISTS
    assert error.value.metadata == {"resource": "orders/bob"}


async def test_another_sellers_order_can_not_be_named_as_the_original(
    of_many: OrderServiceStub, sales: RunningService
) -> None:
    eves = await orders_as(sales, "eve")
    with pytest.raises(DomainError) as error:
        await eves.CreateOrder(create_order(line(-1), original_order="orders/bob"))
    assert error.value.reason == "ORIGINAL_ORDER_NOT_FOUND"


@pytest.mark.parametrize(
    ("role", "seller", "team", "reason"),
    [
        ("rep", "users/bob", "", "SELLER_NOT_ALLOWED"),
        ("rep", "", "teams/south", "TEAM_NOT_ALLOWED"),
        ("manager", "users/dan", "teams/south", "TEAM_NOT_ALLOWED"),
    ],
)
async def test_nobody_gives_orders_to_people_beyond_their_scope(
    orders: OrderServiceStub, sales: RunningService, role: str, seller: str, team: str, reason: str
) -> None:
    eves = await orders_as(sales, "eve", role=role)
    with pytest.raises(DomainError) as error:
        await eves.CreateOrder(create_order(line(), seller=seller, team=team))
    assert (error.value.kind, error.value.reason) == (Kind.PERMISSION_DENIED, reason)


async def test_in_a_batch_such_items_are_refused_and_the_others_go_in(
    of_many: OrderServiceStub, sales: RunningService
) -> None:
    managers = await orders_as(sales, "eve", role="manager")
    reply = await managers.BatchCreateOrders(
        BatchCreateOrdersRequest(
            requests=[
                create_order(line(), team="teams/south"),
                create_order(line(), seller="users/bob"),
                create_order(line(), id="dan"),
            ]
        )
    )
    assert [order.seller for order in reply.orders] == ["users/bob"]
    assert {index: info_of(each).reason for index, each in reply.failed_requests.items()} == {
        0: "TEAM_NOT_ALLOWED",
        2: "ALREADY_EXISTS",
    }
    assert "unchanged" not in info_of(reply.failed_requests[2]).metadata


async def test_a_rep_does_not_import(sales: RunningService) -> None:
    reps = await orders_as(sales, "bob")
    with pytest.raises(DomainError) as error:
        await reps.BatchCreateOrders(BatchCreateOrdersRequest(requests=[create_order(line())]))
    assert (error.value.kind, error.value.reason) == (Kind.PERMISSION_DENIED, "PERMISSION_DENIED")
