"""The start: a database as migrations leave it, and what a start refuses."""

from __future__ import annotations

import pytest

from services.chassis.errors import StartRefused
from services.chassis.store.schema import differences
from services.insight.main import assemble
from services.insight.metadata import metadata
from services.insight.settings import InsightSettings
from tests.support.databases import Databases
from tests.support.insight import running_insight
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
