"""The sales service, running on either engine."""

from collections.abc import AsyncIterator

import pytest

from tests.support.databases import Databases
from tests.support.services import RunningService, migrated_database, running_service


@pytest.fixture
async def sales(databases: Databases) -> AsyncIterator[RunningService]:
    url = await migrated_database(databases, "sales")
    async with running_service("sales", url, base_currency="EUR") as service:
        yield service
