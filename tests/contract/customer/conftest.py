"""The customer service, running on either engine, and its callers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from guanxi.customer.v1.customers_pb2 import Customer

from tests.support.databases import Databases
from tests.support.office import Desk, Office
from tests.support.services import migrated_database, running_service


@pytest.fixture
async def office(databases: Databases) -> AsyncIterator[Office]:
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url) as service:
        yield Office(service)


@pytest.fixture
async def desk(office: Office) -> Desk:
    """An administrator's: sees every customer."""
    return await office.desk()


@pytest.fixture
async def ann(desk: Desk) -> Customer:
    return await desk.create("ann", "Ann")
