"""The events of the sales service, as another service pulls them."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from guanxi.events.v1.event_feed_pb2 import Actor, Event, PullRequest
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub
from guanxi.sales.v1 import orders_pb2, people_pb2, products_pb2
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    CancelOrderRequest,
    ConfirmOrderRequest,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.people_pb2 import BatchGetUsersRequest, DeactivateUserRequest
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub
from guanxi.sales.v1.products_pb2 import Product, UpdateProductRequest
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from services.chassis.client import connect
from services.chassis.errors import DomainError, Kind
from tests.support.chassis import Token
from tests.support.people import create_team, create_user
from tests.support.sales import create_order, create_product, line
from tests.support.services import RunningService


@pytest.fixture
async def feed(sales: RunningService) -> EventFeedStub:
    return EventFeedStub(await sales.channel("services/insight", role="service", team=""))


async def pulled(
    feed: EventFeedStub, count: int, *, after: int = 0, partition: int = 0, partitions: int = 1
) -> list[Event]:
    """The next `count` events, as soon as they have their positions."""
    events: list[Event] = []
    while len(events) < count:
        reply = await feed.Pull(
            PullRequest(
                consumer="test",
                partition=partition,
                partition_count=partitions,
                after=events[-1].position if events else after,
                wait=Duration(seconds=5),
            )
        )
        assert reply.events, f"{len(events)} of {count} events came"
        events += reply.events
    return events


async def test_every_change_of_an_order_is_an_event_with_the_whole_order(
    orders: OrderServiceStub, feed: EventFeedStub
) -> None:
    draft = await orders.CreateOrder(create_order(line(), id="1", customer="customers/acme"))
    confirmed = await orders.ConfirmOrder(ConfirmOrderRequest(name=draft.name))
    cancelled = await orders.CancelOrder(CancelOrderRequest(name=draft.name, reason="late"))
    # Why is for nobody but those who see the order.
    assert cancelled.cancel_reason == "late"
    cancelled.ClearField("cancel_reason")
    of_catalogue, events = 3, await pulled(feed, 6)
    types = (orders_pb2.OrderCreated, orders_pb2.OrderConfirmed, orders_pb2.OrderCancelled)
    event: Event
    type_: Any
    for event, type_, order in zip(
        events[of_catalogue:], types, (draft, confirmed, cancelled), strict=True
    ):
        assert event.type == type_.DESCRIPTOR.full_name
        assert (event.aggregate_type, event.aggregate_id) == ("order", "orders/1")
        assert (event.actor.subject, list(event.actor.roles)) == ("users/ann", ["admin"])
        assert order.lines
        assert type_.FromString(event.payload).order == order


async def test_an_order_confirmed_at_once_is_one_event(
    orders: OrderServiceStub, feed: EventFeedStub
) -> None:
    await orders.CreateOrder(create_order(line(), confirm=True))
    await orders.CreateOrder(create_order(line()))
    events = await pulled(feed, 5)
    assert [event.type.rpartition(".")[2] for event in events[3:]] == [
        "OrderConfirmed",
        "OrderCreated",
    ]


async def test_what_was_refused_or_only_validated_or_said_again_is_no_event(
    orders: OrderServiceStub, feed: EventFeedStub
) -> None:
    once = create_order(line(), id="1", request_id="once")
    await orders.CreateOrder(once)
    await orders.CreateOrder(once)
    await orders.BatchCreateOrders(
        BatchCreateOrdersRequest(requests=[create_order(line())], validate_only=True)
    )
    with pytest.raises(DomainError):
        await orders.CreateOrder(create_order(line(), id="1"))
    await orders.CreateOrder(create_order(line(), id="last"))
    events = await pulled(feed, 5)
    assert [event.aggregate_id for event in events[3:]] == ["orders/1", "orders/last"]


async def test_orders_of_one_customer_come_in_one_partition_in_order(
    orders: OrderServiceStub, feed: EventFeedStub
) -> None:
    await orders.BatchCreateOrders(
        BatchCreateOrdersRequest(
            requests=[
                create_order(line(), id=f"{customer}-{number}", customer=f"customers/{customer}")
                for number in range(3)
                for customer in ("acme", "zed", "ada", "bob")
            ]
        )
    )
    everything = await pulled(feed, 15)
    for customer in ("acme", "zed", "ada", "bob"):
        mine = [
            event for event in everything if event.aggregate_id.startswith(f"orders/{customer}")
        ]
        assert [event.aggregate_id[-1] for event in mine] == ["0", "1", "2"]
    placed: dict[str, int] = {}
    for partition in range(4):
        reply = await feed.Pull(
            PullRequest(consumer="test", partition=partition, partition_count=4)
        )
        for event in reply.events:
            customer = event.aggregate_id.partition("-")[0]
            assert placed.setdefault(customer, partition) == partition
    assert len(placed) == 7


async def test_products_are_events_too(products: ProductServiceStub, feed: EventFeedStub) -> None:
    created = await products.CreateProduct(create_product("a", "Lantern"))
    change = UpdateProductRequest(product=Product(name="products/a", sku="A"))
    updated = await products.UpdateProduct(change)
    await products.UpdateProduct(change)
    await products.CreateProduct(create_product("b"))
    events = await pulled(feed, 3)
    assert [event.aggregate_id for event in events] == ["products/a", "products/a", "products/b"]
    assert products_pb2.ProductCreated.FromString(events[0].payload).product == created
    assert products_pb2.ProductUpdated.FromString(events[1].payload).product == updated


@pytest.mark.parametrize("reader", ["services/customer", "services/insight"])
async def test_of_people_a_reader_learns_who_works_where_and_nothing_personal(
    people: PeopleServiceStub, sales: RunningService, reader: str
) -> None:
    await people.CreateTeam(create_team("north", display_name="North"))
    await people.CreateUser(
        create_user("ann", display_name="Ann Lee", email="ann@example.com", team="teams/north")
    )
    await people.DeactivateUser(DeactivateUserRequest(name="users/ann"))
    channel = await sales.channel(reader, role="service", team="")
    team, *users = await pulled(EventFeedStub(channel), 3)
    assert people_pb2.TeamCreated.FromString(team.payload).team.display_name == "North"
    created = people_pb2.UserCreated.FromString(users[0].payload).user
    gone = people_pb2.UserDeactivated.FromString(users[1].payload).user
    for user, active in ((created, True), (gone, False)):
        assert (user.name, user.team, user.active) == ("users/ann", "teams/north", active)
        assert (user.display_name, user.email) == ("", "")


async def test_who_asks_for_people_for_themselves_learns_nothing_personal_either(
    people: PeopleServiceStub, sales: RunningService
) -> None:
    await people.CreateUser(create_user("ann", email="ann@example.com"))
    customer = PeopleServiceStub(await sales.channel("services/customer", role="service"))
    reply = await customer.BatchGetUsers(BatchGetUsersRequest(names=["users/ann"]))
    (user,) = reply.users
    assert (user.name, user.active, user.display_name, user.email) == ("users/ann", True, "", "")


async def test_who_changes_a_product_is_said_to_see_what_they_see_and_no_more(
    sales: RunningService, feed: EventFeedStub
) -> None:
    manager = ProductServiceStub(await sales.channel("users/eve", role="manager"))
    await manager.CreateProduct(create_product("a"))
    (event,) = await pulled(feed, 1)
    assert event.actor.scope == Actor.SCOPE_TEAM
    assert not event.actor.HasField("permissions")


async def test_what_an_api_key_is_narrowed_to_stands_with_what_it_did(
    sales: RunningService, feed: EventFeedStub
) -> None:
    token = Token("users/shop", ("app",), scopes=("sales.products.*",), audience="sales")
    async with connect(sales.target, identity=token) as channel:
        await ProductServiceStub(channel).CreateProduct(create_product("a"))
    (event,) = await pulled(feed, 1)
    assert list(event.actor.permissions.patterns) == ["sales.products.*"]


async def test_the_log_is_for_services_only(sales: RunningService) -> None:
    admins = EventFeedStub(await sales.channel(role="admin"))
    with pytest.raises(DomainError) as error:
        await admins.Pull(PullRequest(consumer="test", partition_count=1))
    assert error.value.kind is Kind.PERMISSION_DENIED
