"""What the customer service tells others, and what it does when sales tells of orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf import symbol_database
from google.protobuf.message import Message
from google.type.money_pb2 import Money
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
    DeleteCustomerRequest,
    GetCustomerRequest,
    UndeleteCustomerRequest,
    UpdateCustomerRequest,
)
from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest, Touchpoint
from guanxi.events.v1.event_feed_pb2 import Event, PullRequest
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub
from guanxi.sales.v1.orders_pb2 import (
    CancelOrderRequest,
    CreateOrderRequest,
    Order,
    OrderCancelled,
    OrderConfirmed,
    OrderCreated,
    OrderLine,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from services.chassis.caller import Caller
from services.chassis.events.parking import list_parked, park, replay_all
from services.chassis.store import WriteTransaction
from services.customer.reactions import FOLLOWS, SalesReaction
from tests.support.contact_points import emails, phones
from tests.support.databases import Databases
from tests.support.office import Desk, Office
from tests.support.sales import AskedCustomers
from tests.support.services import migrated_database, running_service

ANN = "customers/ann"


def impersonal(customer: Customer) -> Customer:
    """The customer as a reader gets it to whom no personal field was given."""
    for name in ("display_name", "phones", "emails"):
        customer.ClearField(name)
    return customer


async def events(office: Office, count: int, *, reader: str = "services/sales") -> list[Event]:
    """The first events of the service's log, as a reader gets them, once there are so many."""
    feed = EventFeedStub(await office.service.channel(reader, role="service", team=""))
    found: list[Event] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            after = found[-1].position if found else 0
            request = PullRequest(consumer="test", partition_count=1, after=after)
            request.wait.FromMilliseconds(200)
            found += (await feed.Pull(request)).events
    return found


def payload(event: Event) -> Any:
    """The message an event carries."""
    return symbol_database.Default().GetSymbol(event.type).FromString(event.payload)


async def test_every_change_of_a_customer_is_told_with_what_it_came_to(
    office: Office, desk: Desk
) -> None:
    created = await desk.create("ann", "Ann")
    changed = await desk.customers.UpdateCustomer(
        UpdateCustomerRequest(customer=Customer(name=ANN, region="North", phones=phones("+44 1")))
    )
    deleted = await desk.customers.DeleteCustomer(DeleteCustomerRequest(name=ANN))
    restored = await desk.customers.UndeleteCustomer(UndeleteCustomerRequest(name=ANN))
    logged = await desk.touchpoints.LogTouchpoint(
        LogTouchpointRequest(parent=ANN, touchpoint=Touchpoint(type=Touchpoint.CALL))
    )
    told = await events(office, 5)
    assert [event.type.rpartition(".")[2] for event in told] == [
        "CustomerCreated",
        "CustomerUpdated",
        "CustomerDeleted",
        "CustomerUndeleted",
        "TouchpointLogged",
    ]
    assert [event.aggregate_type for event in told] == ["customer"] * 4 + ["touchpoint"]
    assert [event.aggregate_id for event in told] == [ANN] * 4 + [logged.name]
    shown = [impersonal(each) for each in (created, changed, deleted, restored)]
    assert [payload(event).customer for event in told[:4]] == shown
    assert {event.actor.subject for event in told} == {"users/ann"}
    assert payload(told[1]).changed_fields.paths == ["phones", "region", "lifecycle_stage"]
    assert payload(told[4]).touchpoint == logged


async def test_insight_learns_the_name_of_a_customer_and_nothing_else_that_is_personal(
    office: Office, desk: Desk
) -> None:
    person = Customer(
        display_name="Ann", phones=phones("+44 1"), emails=emails("ann@x.example"), region="N"
    )
    await desk.customers.CreateCustomer(CreateCustomerRequest(customer=person))
    (told,) = await events(office, 1, reader="services/insight")
    customer = payload(told).customer
    assert (customer.display_name, customer.region) == ("Ann", "N")
    assert (list(customer.phones), list(customer.emails)) == ([], [])


async def test_a_batch_tells_of_each_customer_and_of_no_refused_one(
    office: Office, desk: Desk
) -> None:
    requests = [
        CreateCustomerRequest(customer_id=name, customer=Customer(display_name=name))
        for name in ("a", "b", "a", "c")
    ]
    await desk.customers.BatchCreateCustomers(BatchCreateCustomersRequest(requests=requests))
    told = await events(office, 3)
    assert [event.aggregate_id for event in told] == [f"customers/{name}" for name in "abc"]


async def test_a_customer_who_was_imported_is_told_as_an_import(office: Office, desk: Desk) -> None:
    """What follows from one in another service is not the importer's own doing either."""
    request = CreateCustomerRequest(customer=Customer(display_name="Ann"))
    await desk.customers.CreateCustomer(request)
    await desk.customers.BatchCreateCustomers(BatchCreateCustomersRequest(requests=[request]))
    by_hand, imported = await events(office, 2)
    assert (by_hand.actor.importing, imported.actor.importing) == (False, True)


async def test_what_changes_nothing_is_not_told(office: Office, desk: Desk) -> None:
    await desk.create("ann", "Ann")
    same = UpdateCustomerRequest(customer=Customer(name=ANN, display_name="Ann"))
    await desk.customers.UpdateCustomer(same)
    await desk.customers.BatchCreateCustomers(
        BatchCreateCustomersRequest(
            requests=[CreateCustomerRequest(customer=Customer(display_name="Bob"))],
            validate_only=True,
        )
    )
    await desk.create("last", "Last")
    told = await events(office, 2)
    assert [event.aggregate_id for event in told] == [ANN, "customers/last"]


def order_event(message: type[Message], name: str, customer: str = ANN, net: int = 10) -> Event:
    order = Order(
        name=f"orders/{name}",
        customer=customer,
        base_net_amount=Money(currency_code="USD", units=net),
    )
    event = message(order=order)
    return Event(type=event.DESCRIPTOR.full_name, payload=event.SerializeToString())


def confirmed(name: str, customer: str = ANN, net: int = 10) -> Event:
    return order_event(OrderConfirmed, name, customer, net)


def cancelled(name: str, customer: str = ANN) -> Event:
    return order_event(OrderCancelled, name, customer)


async def tell(office: Office, *told: Event) -> None:
    async def work(tx: WriteTransaction) -> None:
        await SalesReaction().apply(tx, told)

    await office.service.store.write(work, caller=Caller.system("test"))


async def stage(desk: Desk, name: str = ANN) -> str:
    customer = await desk.customers.GetCustomer(GetCustomerRequest(name=name))
    return Customer.LifecycleStage.Name(customer.lifecycle_stage)


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([[confirmed("1")]], "CUSTOMER"),
        ([[confirmed("1"), confirmed("2")]], "REPEAT_CUSTOMER"),
        ([[confirmed("1")], [confirmed("2")]], "REPEAT_CUSTOMER"),
        ([[confirmed("1")], [confirmed("1")]], "CUSTOMER"),
        ([[confirmed("1"), confirmed("1")]], "CUSTOMER"),
        ([[confirmed("1", net=-10)]], "SUBSCRIBER"),
        ([[confirmed("1", customer="")]], "SUBSCRIBER"),
        ([[order_event(OrderCreated, "1")]], "SUBSCRIBER"),
        ([[confirmed("1")], [cancelled("1")]], "SUBSCRIBER"),
        ([[confirmed("1"), cancelled("1")]], "SUBSCRIBER"),
        ([[cancelled("1")]], "SUBSCRIBER"),
        ([[confirmed("1"), confirmed("2")], [cancelled("1")]], "CUSTOMER"),
        ([[confirmed("1"), cancelled("1")], [confirmed("2")]], "CUSTOMER"),
        (
            [[confirmed("1"), confirmed("2")], [confirmed("3"), cancelled("1"), cancelled("2")]],
            "CUSTOMER",
        ),
        ([[cancelled("1")], [confirmed("1")]], "SUBSCRIBER"),
        ([[confirmed("1")], [cancelled("1")], [confirmed("1"), cancelled("1")]], "SUBSCRIBER"),
    ],
)
async def test_orders_that_count_move_the_customer_however_often_they_are_told(
    office: Office, desk: Desk, batches: Sequence[Sequence[Event]], expected: str
) -> None:
    await desk.create("ann", "Ann")
    for batch in batches:
        await tell(office, *batch)
    assert await stage(desk) == expected


async def test_a_move_is_told_once(office: Office, desk: Desk) -> None:
    await desk.create("ann", "Ann")
    await tell(office, confirmed("1"))
    await tell(office, confirmed("1"))
    await tell(office, confirmed("2"), confirmed("3"))
    await desk.create("last", "Last")
    told = await events(office, 4)
    assert [payload(event).customer.lifecycle_stage for event in told[:3]] == [
        Customer.SUBSCRIBER,
        Customer.CUSTOMER,
        Customer.REPEAT_CUSTOMER,
    ]
    assert payload(told[1]).changed_fields.paths == ["lifecycle_stage"]
    assert told[3].aggregate_id == "customers/last"


async def test_a_customer_who_comes_after_their_orders_has_the_stage_they_earned(
    office: Office, desk: Desk
) -> None:
    await tell(office, confirmed("1"), confirmed("2"))
    created = await desk.create("ann", "Ann", phones=phones("+44 1"))
    assert created.lifecycle_stage == Customer.REPEAT_CUSTOMER
    await tell(office, cancelled("1"), cancelled("2"))
    assert await stage(desk) == "LEAD"


async def test_after_a_new_epoch_of_sales_orders_are_counted_anew(
    office: Office, desk: Desk
) -> None:
    await desk.create("ann", "Ann")
    await tell(office, confirmed("1"))
    await office.service.store.write(SalesReaction().log_renewed, caller=Caller.system("test"))
    await tell(office, confirmed("1"))
    assert await stage(desk) == "CUSTOMER"
    await tell(office, confirmed("2"))
    assert await stage(desk) == "REPEAT_CUSTOMER"


async def test_a_parked_event_is_applied_again_on_command(office: Office, desk: Desk) -> None:
    await desk.create("ann", "Ann")
    store = office.service.store
    unreadable = Event(position=2, type=confirmed("2").type, payload=b"nonsense")

    async def set_aside(tx: WriteTransaction) -> None:
        for event in (confirmed("1"), unreadable):
            error = ValueError("was not understood then")
            reader = {"consumer": "customer", "feed": "sales", "epoch": "1"}
            await park(tx, store.tables, event, error, **reader)

    await store.write(set_aside, caller=Caller.system("test"))
    await replay_all(store, SalesReaction())
    assert await stage(desk) == "CUSTOMER"
    async with store.read(caller=Caller.system("test")) as tx:
        still = await list_parked(tx, store.tables)
    assert [each.event for each in still] == [unreadable]


async def test_an_order_in_sales_makes_a_customer_here(
    office: Office, desk: Desk, databases: Databases
) -> None:
    await desk.create("ann", "Ann")
    url = await migrated_database(databases, "sales")
    async with running_service("sales", url, given={"customers": AskedCustomers()}) as sales:
        orders = OrderServiceStub(await sales.channel())
        feed = await sales.channel("services/customer", role="service", team="")
        puller = asyncio.create_task(
            FOLLOWS.puller(office.service.store, EventFeedStub(feed), partitions=2).run()
        )
        try:
            line = OrderLine(quantity=1, unit_price=Money(currency_code="USD", units=10))
            order = Order(customer=ANN, currency_code="USD", lines=[line])
            placed = await orders.CreateOrder(CreateOrderRequest(order=order, confirm=True))
            await _until_stage(desk, "CUSTOMER")
            await orders.CancelOrder(CancelOrderRequest(name=placed.name))
            await _until_stage(desk, "SUBSCRIBER")
        finally:
            puller.cancel()
            await asyncio.wait([puller])


async def _until_stage(desk: Desk, expected: str) -> None:
    for _ in range(500):
        if await stage(desk) == expected:
            return
        await asyncio.sleep(0.02)
    assert await stage(desk) == expected
