"""The sales service, running on either engine, its base currency the euro."""

from collections.abc import AsyncIterator

import pytest
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub
from guanxi.sales.v1.people_pb2 import DeactivateUserRequest
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub
from guanxi.sales.v1.products_pb2_grpc import ProductServiceStub

from tests.support.databases import Databases
from tests.support.people import create_user
from tests.support.sales import AskedCustomers, create_product
from tests.support.services import RunningService, migrated_database, running_service


@pytest.fixture
def customers() -> AskedCustomers:
    """The customer service, which knows everybody."""
    return AskedCustomers()


@pytest.fixture
async def sales(databases: Databases, customers: AskedCustomers) -> AsyncIterator[RunningService]:
    url = await migrated_database(databases, "sales")
    given = {"customers": customers}
    async with running_service("sales", url, given=given, base_currency="EUR") as service:
        yield service


@pytest.fixture
async def orders(sales: RunningService) -> OrderServiceStub:
    """An admin's stub; the catalogue has the products a, b and c."""
    channel = await sales.channel()
    products = ProductServiceStub(channel)
    for product in "abc":
        await products.CreateProduct(create_product(product))
    return OrderServiceStub(channel)


@pytest.fixture
async def products(sales: RunningService) -> ProductServiceStub:
    """An admin's stub; the catalogue is empty."""
    return ProductServiceStub(await sales.channel())


@pytest.fixture
async def people(sales: RunningService) -> PeopleServiceStub:
    """The stub of an admin of another name than the users of the tests; the directory is empty."""
    return PeopleServiceStub(await sales.channel("users/admin"))


@pytest.fixture
async def ann_and_gone(people: PeopleServiceStub) -> PeopleServiceStub:
    """Ann works here, and somebody did."""
    await people.CreateUser(create_user("ann"))
    await people.CreateUser(create_user("gone"))
    await people.DeactivateUser(DeactivateUserRequest(name="users/gone"))
    return people
