"""The insight service, running on either engine, and its callers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.support.databases import Databases
from tests.support.insight import Desk, Insight, WrittenFeed, running_insight
from tests.support.other_days import Counted, counted, twenty
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


@pytest.fixture
async def buyers(databases: Databases) -> AsyncIterator[Counted]:
    """Twenty customers; the n-th has bought for n hundred, n days before."""
    url = await migrated_database(databases, "insight")
    async with AsyncExitStack() as stack:
        running = await counted(stack, url, WrittenFeed(), WrittenFeed())
        await running.insight.knows(*twenty())
        yield running
