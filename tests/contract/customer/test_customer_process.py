"""The customer service as a process: its tables, its commands, its refusals to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.chassis.errors import StartRefused
from services.chassis.events.log import EventLog
from services.chassis.settings import SettingsError
from services.chassis.store.migrate import differences
from services.customer import main
from services.customer.metadata import metadata
from services.customer.settings import CustomerSettings
from tests.support.chassis import believed_keys, keys
from tests.support.databases import Databases
from tests.support.services import migrated_database


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What the process needs to start, in a folder of its own."""
    monkeypatch.setenv("GUANXI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GUANXI_TOKEN_PUBLIC_KEYS", believed_keys())
    monkeypatch.setenv("GUANXI_CUSTOMER_TOKEN_PRIVATE_KEY", keys("customer").private)
    return monkeypatch


async def test_the_migrations_make_the_tables_the_code_declares(databases: Databases) -> None:
    url = await migrated_database(databases, "customer")
    assert await differences(url, metadata) == []


async def test_a_start_is_refused_until_the_database_is_migrated(
    environment: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(StartRefused, match=r"python -m services\.customer migrate"):
        await main.PROGRAM.check()
    await main.PROGRAM.migrate()
    await main.PROGRAM.check()


async def test_after_a_restore_the_log_is_another_one(environment: pytest.MonkeyPatch) -> None:
    async def epoch() -> str:
        parts = await main.assemble(CustomerSettings.load())
        try:
            return (await EventLog.open(parts.store)).epoch
        finally:
            await parts.store.close()

    await main.PROGRAM.migrate()
    before = await epoch()
    assert await epoch() == before
    await main.PROGRAM.renew_epoch()
    assert await epoch() != before


async def test_with_nothing_parked_there_is_nothing_to_replay(
    environment: pytest.MonkeyPatch,
) -> None:
    await main.PROGRAM.migrate()
    await main.replay()


@pytest.mark.parametrize(
    ("variable", "named"),
    [
        ("GUANXI_TOKEN_PUBLIC_KEYS", "GUANXI_TOKEN_PUBLIC_KEYS"),
        ("GUANXI_CUSTOMER_TOKEN_PRIVATE_KEY", "TOKEN_PRIVATE_KEY"),
    ],
)
async def test_a_start_is_refused_without_keys(
    environment: pytest.MonkeyPatch, variable: str, named: str
) -> None:
    await main.PROGRAM.migrate()
    environment.delenv(variable)
    with pytest.raises(StartRefused, match=named):
        await main.PROGRAM.check()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GUANXI_CUSTOMER_COLOUR", "red"), ("GUANXI_CUSTOMER_SALES_PARTITIONS", "0")],
)
def test_an_unknown_or_malformed_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        CustomerSettings.load({variable: value})


def test_an_unknown_command_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.PROGRAM.run(["fly"]) == 2
    assert "serve|migrate|check|renew-epoch|replay" in capsys.readouterr().err
