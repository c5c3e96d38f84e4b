"""The insight service, running on either engine, and its callers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.databases import Databases
from tests.support.insight import Desk, Insight, running_insight
from tests.support.services import migrated_database


@pytest.fixture
async def insight(databases: Databases) -> AsyncIterator[Insight]:
    url = await migrated_database(databases, "insight")
    async with running_insight(url) as running:
        yield running


@pytest.fixture
async def desk(insight: Insight) -> Desk:
    """An administrator's: sees every customer."""
    return await insight.desk()
