"""Whom there can be orders for: sales keeps accounts of customers, and asks for those it lacks."""

from __future__ import annotations

import asyncio
from typing import Any

from guanxi.customer.v1 import customers_pb2
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub
from guanxi.sales.v1 import orders_pb2
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from sqlalchemy import insert, select

from services.chassis.client import connect
from services.chassis.errors import Kind
from services.chassis.store import Store
from services.sales.accounts.store import collaborators
from services.sales.reactions import FOLLOWS
from tests.support.accounts import SYSTEM, account, created, deleted, hear, updated
from tests.support.chassis import Token
from tests.support.databases import Databases
from tests.support.refusals import refusal
from tests.support.running import running
from tests.support.sales import AskedCustomers, create_order, line, reason_of
from tests.support.services import RunningService, migrated_database, running_service
from tests.support.written_feed import WrittenFeed, told

ANN, BOB, CLEO = "customers/ann", "customers/bob", "customers/cleo"


async def test_an_order_for_a_customer_that_nobody_knows_is_refused_by_its_field(
    orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    customers.missing = {ANN}
    error = await refusal(orders.CreateOrder(create_order(line(), customer=ANN)))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "CUSTOMER_NOT_FOUND")
    assert [violation.field for violation in error.violations] == ["order.customer"]
    assert customers.asked == [[ANN]]


async def test_a_customer_whose_event_is_on_its_way_is_asked_for_once(
    orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    order = await orders.CreateOrder(create_order(line(), customer=ANN))
    assert order.customer == ANN
    assert customers.asked == [[ANN]]


async def test_a_customer_that_is_known_needs_nobody_to_be_asked(
    sales: RunningService, orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    customers.away = True
    await hear(sales.store, told(created(ANN, owner="users/ann", team="teams/north"), 1))
    await orders.CreateOrder(create_order(line(), customer=ANN))
    await orders.CreateOrder(create_order(line()))  # a walk-in
    assert customers.asked == []
    row = await account(sales.store, ANN)
    assert row is not None
    assert (row.owner, row.team, row.deleted) == ("users/ann", "teams/north", False)


async def test_where_the_customer_service_cant_be_asked_the_caller_may_try_again(
    orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    customers.away = True
    error = await refusal(orders.CreateOrder(create_order(line(), customer=ANN)))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "CUSTOMERS_UNAVAILABLE")


async def test_a_repeat_gets_its_answer_while_the_customer_service_is_away(
    orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    one = create_order(line(), customer=ANN, request_id="one")
    many = orders_pb2.BatchCreateOrdersRequest(
        requests=[create_order(line(), customer=ANN)], request_id="many"
    )
    placed, batch = await orders.CreateOrder(one), await orders.BatchCreateOrders(many)
    customers.away = True
    assert await orders.CreateOrder(one) == placed
    assert await orders.BatchCreateOrders(many) == batch


async def test_a_deleted_customer_gets_no_orders_until_they_are_back(
    sales: RunningService, orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    customers.deleted = {BOB}
    await hear(sales.store, told(created(ANN), 1), told(deleted(ANN), 2))
    for customer in (ANN, BOB):
        error = await refusal(orders.CreateOrder(create_order(line(), customer=customer)))
        assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CUSTOMER_DELETED")
    back = customers_pb2.CustomerUndeleted(customer=customers_pb2.Customer(name=ANN))
    await hear(sales.store, told(back, 3))
    await orders.CreateOrder(create_order(line(), customer=ANN))


async def test_an_event_that_comes_again_undoes_nothing_newer(sales: RunningService) -> None:
    await hear(sales.store, told(created(ANN), 1), told(deleted(ANN), 2))
    await hear(sales.store, told(created(ANN), 1))
    row = await account(sales.store, ANN)
    assert row is not None
    assert row.deleted


async def test_an_import_may_bring_orders_before_their_customers_and_says_so(
    sales: RunningService, orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    customers.missing = {ANN}
    await hear(sales.store, told(deleted(CLEO), 1))
    items = [create_order(line(), customer=each) for each in (ANN, BOB, CLEO)]
    typed = await orders.BatchCreateOrders(orders_pb2.BatchCreateOrdersRequest(requests=items))
    assert [order.customer for order in typed.orders] == [BOB]
    assert {index: reason_of(each) for index, each in typed.failed_requests.items()} == {
        0: "CUSTOMER_NOT_FOUND",
        2: "CUSTOMER_DELETED",
    }
    customers.asked.clear()
    imported = await orders.BatchCreateOrders(
        orders_pb2.BatchCreateOrdersRequest(requests=items, allow_unknown_customers=True)
    )
    assert [order.customer for order in imported.orders] == [ANN, BOB]
    assert {index: reason_of(each) for index, each in imported.failed_requests.items()} == {
        2: "CUSTOMER_DELETED"
    }
    assert customers.asked == []


async def test_many_customers_that_nobody_knows_are_asked_for_once(
    orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    names = [f"customers/c{number:03}" for number in range(1_000)]
    customers.missing = set(names[1:])
    items = [create_order(line(), customer=name) for name in names]
    request = orders_pb2.BatchCreateOrdersRequest(requests=items, validate_only=True)
    reply = await orders.BatchCreateOrders(request)
    assert sorted(reply.failed_requests) == list(range(1, 1_000))
    assert customers.asked == [names]


async def test_accounts_follow_the_customer_service(
    databases: Databases, sales: RunningService
) -> None:
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url) as customer:
        stub = CustomerServiceStub(await customer.channel())
        await stub.CreateCustomer(
            customers_pb2.CreateCustomerRequest(
                customer=customers_pb2.Customer(display_name="Ann", owner="users/ann"),
                customer_id="ann",
            )
        )
        reader = Token("services/sales", ("service",), (), audience="customer")
        async with (
            connect(customer.target, identity=reader) as channel,
            running(FOLLOWS.puller(sales.store, EventFeedStub(channel), partitions=1).run),
        ):
            await until(sales.store, lambda row: row is not None and not row.deleted)
            await stub.DeleteCustomer(customers_pb2.DeleteCustomerRequest(name=ANN))
            await until(sales.store, lambda row: row is not None and row.deleted)
        row = await account(sales.store, ANN)
        assert row is not None
        assert row.owner == "users/ann"


async def test_while_the_customers_log_is_read_anew_an_order_is_seen_by_whom_it_was(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    await hear(sales.store, told(created(ANN, owner="users/zoe", team="teams/south"), 7))
    placed = await orders.CreateOrder(
        create_order(line(), customer=ANN, seller="users/rex", team="teams/north")
    )
    rex = OrderServiceStub(await sales.channel("users/rex", role="rep", team="teams/north"))
    zoe = OrderServiceStub(await sales.channel("users/zoe", role="rep", team="teams/south"))
    order = orders_pb2.GetOrderRequest(name=placed.name)

    async def is_zoes_alone() -> None:
        assert (await zoe.GetOrder(order)).name == placed.name
        assert (await refusal(rex.GetOrder(order))).kind is Kind.NOT_FOUND

    await is_zoes_alone()
    await sales.store.write(FOLLOWS.reaction.log_renewed, caller=SYSTEM)
    await is_zoes_alone()
    # Of the new log, whose positions begin anew.
    await hear(sales.store, told(created(ANN, owner="users/zoe", team="teams/south"), 1))
    await sales.store.write(FOLLOWS.reaction.log_read, caller=SYSTEM)
    await is_zoes_alone()


async def test_the_past_that_a_log_tells_anew_is_shown_to_nobody_and_takes_no_orders(
    sales: RunningService, orders: OrderServiceStub
) -> None:
    history = [
        told(created(ANN, owner="users/rex"), 1),
        told(created(BOB), 2),
        told(updated(ANN, owner="users/zoe"), 3),
        told(deleted(BOB), 4),
    ]
    await hear(sales.store, *history)
    placed = await orders.CreateOrder(create_order(line(), customer=ANN))
    rex, zoe = [
        OrderServiceStub(await sales.channel(subject, role="rep"))
        for subject in ("users/rex", "users/zoe")
    ]

    async def is_as_it_was() -> None:
        order = orders_pb2.GetOrderRequest(name=placed.name)
        assert (await zoe.GetOrder(order)).name == placed.name
        assert (await refusal(rex.GetOrder(order))).kind is Kind.NOT_FOUND
        error = await refusal(orders.CreateOrder(create_order(line(), customer=BOB)))
        assert error.reason == "CUSTOMER_DELETED"

    await sales.store.write(FOLLOWS.reaction.log_renewed, caller=SYSTEM)
    for event in history:
        await hear(sales.store, event)
        await is_as_it_was()
    await sales.store.write(FOLLOWS.reaction.log_read, caller=SYSTEM)
    await is_as_it_was()


async def test_a_customer_who_comes_while_the_log_is_read_anew_is_known_at_once(
    sales: RunningService, orders: OrderServiceStub, customers: AskedCustomers
) -> None:
    customers.away = True
    await hear(sales.store, told(created(ANN), 7))
    await sales.store.write(FOLLOWS.reaction.log_renewed, caller=SYSTEM)
    await hear(sales.store, told(created(BOB), 1))
    await orders.CreateOrder(create_order(line(), customer=BOB))


async def test_a_customer_that_a_restored_log_doesnt_tell_of_is_none_once_it_is_read(
    sales: RunningService,
) -> None:
    feed = WrittenFeed()
    feed.write(created(BOB, owner="users/old"), created(ANN))
    await sales.store.write(
        lambda tx: tx.run(
            insert(collaborators).values(customer=ANN, subject="users/wes", access="WORK")
        ),
        caller=SYSTEM,
    )
    async with running(FOLLOWS.puller(sales.store, feed, partitions=1).run):
        await until(sales.store, lambda row: row is not None)
        feed.replace("second", created(BOB, owner="users/new"))
        await until(sales.store, lambda row: row is None)
    bob = await account(sales.store, BOB)
    assert bob is not None
    assert bob.owner == "users/new"
    async with sales.store.read(caller=SYSTEM) as tx:
        assert await tx.all(select(collaborators)) == []


async def until(store: Store, holds: Any) -> None:
    async with asyncio.timeout(15):
        while not holds(await account(store, ANN)):  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.02)
