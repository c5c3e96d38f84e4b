"""Orders of a known customer are seen as the customer is, whoever sold them: sight follows the
customer, credit stays with the seller."""

from __future__ import annotations

from typing import Any

import pytest
from guanxi.customer.v1.customers_pb2 import Customer, CustomerUpdated
from guanxi.sales.v1.orders_pb2 import (
    ORDER_VIEW_FULL,
    BatchCreateOrdersRequest,
    CancelOrderRequest,
    ConfirmOrderRequest,
    GetOrderRequest,
    ListOrdersRequest,
    ListPurchasesRequest,
    SummarizeOrdersRequest,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from sqlalchemy import insert

from services.chassis.errors import DomainError, Kind
from services.chassis.store import WriteTransaction
from services.sales.accounts.store import collaborators
from tests.support.accounts import SYSTEM, hear
from tests.support.refusals import refusal
from tests.support.sales import create_order, info_of, line, orders_as
from tests.support.services import RunningService
from tests.support.written_feed import told

ACME, WALK_IN = "customers/acme", ""


async def becomes(sales: RunningService, owner: str, team: str, *, position: int) -> None:
    """The customer acme is somebody's from here on, as an event tells."""
    customer = Customer(name=ACME, owner=f"users/{owner}", team=f"teams/{team}")
    await hear(sales.store, told(CustomerUpdated(customer=customer), position))


async def collaborates(sales: RunningService, user: str, access: str) -> None:
    async def work(tx: WriteTransaction) -> None:
        row = {"customer": ACME, "subject": f"users/{user}", "access": access}
        await tx.run(insert(collaborators).values(row))

    await sales.store.write(work, caller=SYSTEM)


async def seen_by(stub: OrderServiceStub, name: str = "orders/sold") -> set[str]:
    """In which of the reads an order shows."""
    shows = set()
    listed = await stub.ListOrders(ListOrdersRequest(view=ORDER_VIEW_FULL))
    if name in [order.name for order in listed.orders]:
        shows.add("list")
    if (await stub.SummarizeOrders(SummarizeOrdersRequest())).order_count:
        shows.add("sum")
    if (await stub.ListPurchases(ListPurchasesRequest(parent=ACME))).purchases:
        shows.add("purchases")
    if await is_found(stub, name):
        shows.add("get")
    return shows


async def is_found(stub: OrderServiceStub, name: str) -> bool:
    """Whether an order is there with its lines; else it is not found, and no more is said."""
    try:
        order = await stub.GetOrder(GetOrderRequest(name=name))
    except DomainError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        return False
    return bool(order.lines)


EVERYWHERE = {"list", "sum", "purchases", "get"}


async def sold(orders: OrderServiceStub, *, confirm: bool = True, **more: Any) -> None:
    """Bob of the north sold acme something."""
    await orders.CreateOrder(
        create_order(
            line(1, "5", "a"),
            id="sold",
            confirm=confirm,
            customer=ACME,
            seller="users/bob",
            team="teams/north",
            **more,
        )
    )


async def test_after_a_handover_the_new_owner_sees_what_was_sold_and_the_seller_has_the_credit(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    await sold(orders)
    bob, dan = await orders_as(sales, "bob"), await orders_as(sales, "dan", team="south")
    # Nobody is known yet whose customer it is.
    assert (await seen_by(bob), await seen_by(dan)) == (EVERYWHERE, set())
    await becomes(sales, "bob", "north", position=1)
    assert (await seen_by(bob), await seen_by(dan)) == (EVERYWHERE, set())
    await becomes(sales, "dan", "south", position=2)
    assert (await seen_by(bob), await seen_by(dan)) == (set(), EVERYWHERE)
    order = await dan.GetOrder(GetOrderRequest(name="orders/sold"))
    assert (order.seller, order.team) == ("users/bob", "teams/north")
    north = await orders_as(sales, "nora", role="manager")
    south = await orders_as(sales, "sue", role="manager", team="south")
    assert (await seen_by(north), await seen_by(south)) == (set(), EVERYWHERE)


async def test_credit_is_found_by_those_who_see_the_order(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    await sold(orders)
    await becomes(sales, "dan", "south", position=1)
    bobs = ListOrdersRequest(filter='seller = "users/bob"')
    assert len((await orders.ListOrders(bobs)).orders) == 1
    assert not (await (await orders_as(sales, "bob")).ListOrders(bobs)).orders


@pytest.mark.parametrize("access", ["READ", "WORK"])
async def test_a_collaborator_sees_the_orders_and_changes_them_only_to_work(
    sales: RunningService, orders: OrderServiceStub, access: str
) -> None:
    await becomes(sales, "dan", "south", position=1)
    await collaborates(sales, "bob", access)
    await sold(orders, confirm=False)
    bob = await orders_as(sales, "bob")
    confirm = bob.ConfirmOrder(ConfirmOrderRequest(name="orders/sold"))
    new = create_order(line(), customer=ACME)
    if access == "WORK":
        await confirm
        assert await seen_by(bob) == EVERYWHERE
        await bob.CreateOrder(new)
        await bob.CancelOrder(CancelOrderRequest(name="orders/sold"))
        return
    error = await refusal(confirm)
    assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "WORK_NEEDED")
    assert error.metadata == {"resource": "orders/sold"}
    error = await refusal(bob.CancelOrder(CancelOrderRequest(name="orders/sold")))
    assert error.reason == "WORK_NEEDED"
    error = await refusal(bob.CreateOrder(new))
    assert (error.reason, error.metadata) == ("WORK_NEEDED", {"resource": ACME})
    await orders.ConfirmOrder(ConfirmOrderRequest(name="orders/sold"))
    assert await seen_by(bob) == EVERYWHERE


async def test_nobody_sells_to_a_customer_that_they_do_not_see(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    await becomes(sales, "dan", "south", position=1)
    bob = await orders_as(sales, "bob")
    error = await refusal(bob.CreateOrder(create_order(line(), customer=ACME)))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "CUSTOMER_NOT_FOUND")
    north = await orders_as(sales, "nora", role="manager")
    items = [create_order(line(), customer=ACME), create_order(line())]
    reply = await north.BatchCreateOrders(
        BatchCreateOrdersRequest(requests=items, allow_unknown_customers=True)
    )
    assert {index: info_of(each).reason for index, each in reply.failed_requests.items()} == {
        0: "CUSTOMER_NOT_FOUND"
    }
    assert [order.customer for order in reply.orders] == [WALK_IN]


async def test_a_walk_in_order_is_its_sellers_and_their_teams(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    await orders.CreateOrder(
        create_order(line(), id="sold", confirm=True, seller="users/bob", team="teams/north")
    )
    theirs = {"list", "sum", "get"}
    assert await seen_by(await orders_as(sales, "bob")) == theirs
    assert await seen_by(await orders_as(sales, "nora", role="manager")) == theirs
    assert await seen_by(await orders_as(sales, "cid")) == set()
    assert await seen_by(await orders_as(sales, "sue", role="manager", team="south")) == set()
