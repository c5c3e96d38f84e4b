"""The start: a database as migrations leave it, and what a start refuses."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.errors import StartRefused
from services.chassis.store.schema import differences
from services.insight.main import assemble
from services.insight.metadata import metadata
from services.insight.settings import InsightSettings
from tests.support.databases import Databases
from tests.support.insight import WrittenFeed, customer_event, running_insight
from tests.support.services import migrated_database


async def test_migrations_make_the_tables_that_the_code_declares(databases: Databases) -> None:
    url = await migrated_database(databases, "insight")
    assert await differences(url, metadata) == []


async def test_another_base_currency_is_refused(databases: Databases) -> None:
    url = await migrated_database(databases, "insight")
    async with running_insight(url, base_currency="GBP"):
        pass
    settings = InsightSettings.load(
        {"GUANXI_INSIGHT_DATABASE_URL": url, "GUANXI_BASE_CURRENCY": "EUR"}
    )
    with pytest.raises(StartRefused, match="GBP"):
        await assemble(settings)


async def test_a_process_that_is_to_read_in_fewer_parts_than_before_ends_and_says_so(
    databases: Databases,
) -> None:
    url = await migrated_database(databases, "insight")
    feeds = {"customer": WrittenFeed(), "sales": WrittenFeed()}
    async with running_insight(url, feed_partitions=4) as insight:
        await insight.knows(customer_event("ada"))
    settings = InsightSettings.load(
        {
            "GUANXI_INSIGHT_DATABASE_URL": url,
            "GUANXI_BASE_CURRENCY": "GBP",
            "GUANXI_INSIGHT_FEED_PARTITIONS": "2",
        }
    )
    process = await assemble(settings, feeds=feeds)
    tasks = [asyncio.create_task(task()) for task in process.tasks]
    ended, running = await asyncio.wait(tasks, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in running:
        task.cancel()
    await asyncio.wait(tasks)
    await process.store.close()
    assert ended
    with pytest.raises(StartRefused, match=r"in 4 partitions.*not become 2"):
        ended.pop().result()
