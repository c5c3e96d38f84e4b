"""The sales service: a product that a stranger sold to every customer; and for each method that
changes products, users or teams one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import orders_pb2, people_pb2, products_pb2
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from services.chassis.errors import not_found
from services.sales.accounts.store import collaborators
from tests.support.accounts import hear
from tests.support.asks import Ask, World, ids_of
from tests.support.databases import Databases
from tests.support.insight import customer_event
from tests.support.people import create_team, create_user
from tests.support.sales import AskedCustomers, create_order, create_product, line
from tests.support.services import migrated_database, running_service
from tests.support.sight_matrix import ANY_SCOPE, OWNER, READ_ROW, TEAM
from tests.support.worlds.collaborating import let_in
from tests.support.written_feed import told


def order_for(row: str, **more: Any) -> orders_pb2.CreateOrderRequest:
    return create_order(line(1, "5", "a"), customer=f"customers/{row}", **more)


ASKS = {
    "CreateOrder": Ask(order_for),
    "BatchCreateOrders": Ask(
        lambda row: orders_pb2.BatchCreateOrdersRequest(requests=[order_for(row)])
    ),
    "GetOrder": Ask(lambda row: orders_pb2.GetOrderRequest(name=f"orders/{row}")),
    "ListOrders": Ask(
        lambda row: orders_pb2.ListOrdersRequest(
            filter=f'name = "orders/{row}"', view=orders_pb2.ORDER_VIEW_FULL
        )
    ),
    "ConfirmOrder": Ask(lambda row: orders_pb2.ConfirmOrderRequest(name=f"orders/{row}")),
    "CancelOrder": Ask(lambda row: orders_pb2.CancelOrderRequest(name=f"orders/{row}")),
    "ListPurchases": Ask(lambda row: orders_pb2.ListPurchasesRequest(parent=f"customers/{row}")),
    "SummarizeOrders": Ask(lambda _: orders_pb2.SummarizeOrdersRequest()),
}
SHARED = {
    "CreateProduct": Ask(create_product),
    "BatchCreateProducts": Ask(
        lambda row: products_pb2.BatchCreateProductsRequest(requests=[create_product(row)])
    ),
    "UpdateProduct": Ask(
        lambda row: products_pb2.UpdateProductRequest(
            product=products_pb2.Product(name=f"products/{row}", display_name="Lamp")
        )
    ),
    "CreateUser": Ask(create_user),
    "BatchCreateUsers": Ask(
        lambda row: people_pb2.BatchCreateUsersRequest(requests=[create_user(row)])
    ),
    "UpdateUser": Ask(
        lambda row: people_pb2.UpdateUserRequest(
            user=people_pb2.User(name=f"users/{row}", display_name="Ann Lee")
        )
    ),
    "DeactivateUser": Ask(lambda row: people_pb2.DeactivateUserRequest(name=f"users/{row}")),
    "ReactivateUser": Ask(lambda row: people_pb2.ReactivateUserRequest(name=f"users/{row}")),
    "CreateTeam": Ask(create_team),
    "UpdateTeam": Ask(
        lambda row: people_pb2.UpdateTeamRequest(
            team=people_pb2.Team(name=f"teams/{row}", display_name="North")
        )
    ),
    "DeleteTeam": Ask(lambda row: people_pb2.DeleteTeamRequest(name=f"teams/{row}")),
}
# Of those, which change one that there is.
CHANGES_USERS = ("UpdateUser", "DeactivateUser", "ReactivateUser")
CHANGES_TEAMS = ("UpdateTeam", "DeleteTeam")


class NoCustomers(AskedCustomers):
    """The customer service before there is any."""

    async def BatchGetCustomers(
        self,
        request: customers_pb2.BatchGetCustomersRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> customers_pb2.BatchGetCustomersResponse:
        raise not_found(request.names[0])


@asynccontextmanager
async def sales_world(databases: Databases) -> AsyncIterator[World]:
    url = await migrated_database(databases, "sales")
    given = {"customers": NoCustomers()}
    async with running_service(
        "sales", url, given=given, roles=ANY_SCOPE, base_currency="EUR"
    ) as service:
        channel = await service.channel()
        products, orders = ProductServiceStub(channel), OrderServiceStub(channel)
        people = PeopleServiceStub(channel)
        await products.CreateProduct(create_product("a"))

        async def prepare(rows: Mapping[str, Sequence[str]]) -> None:
            await hear(service.store, *told_of(ids_of(rows)))
            for row in ids_of(rows):
                # The stranger sold it, and has the credit alone.
                sold = order_for(row, id=row, confirm=row == READ_ROW, seller="users/sam")
                await orders.CreateOrder(sold)
            for row in rows.get("UpdateProduct", ()):
                await products.CreateProduct(create_product(row))
            for row in {row for method in CHANGES_USERS for row in rows.get(method, ())}:
                await people.CreateUser(create_user(row))
            for row in rows.get("ReactivateUser", ()):
                await people.DeactivateUser(people_pb2.DeactivateUserRequest(name=f"users/{row}"))
            for row in {row for method in CHANGES_TEAMS for row in rows.get(method, ())}:
                await people.CreateTeam(create_team(row))
            await let_in(service, collaborators, ids_of(rows))

        async def delete(rows: Sequence[str]) -> None:
            deleted = customers_pb2.CustomerDeleted
            await hear(service.store, *told_of(rows, deleted, beginning=1_000))

        yield World(service, ASKS, prepare, SHARED, delete)


def told_of(
    rows: Sequence[str], event: type[Any] = customers_pb2.CustomerCreated, *, beginning: int = 1
) -> list[Event]:
    """What the customer service tells of its customers, at positions from `beginning` on."""
    events = [customer_event(row, event, owner=OWNER, team=TEAM) for row in rows]
    return [told(each, position) for position, each in enumerate(events, start=beginning)]
