"""The customer service as a process: its tables, its commands, its refusals to start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1.orders_pb2 import Order, OrderConfirmed

from services.chassis.caller import Caller
from services.chassis.errors import StartRefused
from services.chassis.events.log import EventLog
from services.chassis.events.parking import ParkedEvent, park
from services.chassis.settings import SettingsError
from services.chassis.store import WriteTransaction
from services.chassis.store.schema import differences
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


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the process has logged since the last look, without when and where."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    aside = ("timestamp", "process", "logger")
    return [{key: each[key] for key in each if key not in aside} for each in lines]


async def test_with_nothing_parked_there_is_nothing_to_replay(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await main.PROGRAM.migrate()
    capsys.readouterr()
    await main.PROGRAM.replay()
    assert said(capsys) == [{"event": "replayed", "level": "info", "applied": 0, "still_parked": 0}]


async def test_replay_says_what_became_of_each_parked_event(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await main.PROGRAM.migrate()
    order = Order(name="orders/1", customer="customers/ann")
    whole = OrderConfirmed(order=order).SerializeToString()
    kind = OrderConfirmed.DESCRIPTOR.full_name
    async with main.PROGRAM.opened_store() as store:

        async def work(tx: WriteTransaction) -> list[ParkedEvent]:
            return [
                await park(
                    tx,
                    store.tables,
                    Event(position=position, type=kind, payload=payload),
                    ValueError("not understood then"),
                    consumer="customer",
                    feed="sales",
                    epoch="1",
                )
                for position, payload in enumerate((whole, b"nonsense"), start=1)
            ]

        good, bad = await store.write(work, caller=Caller.system("test"))
    capsys.readouterr()

    await main.PROGRAM.replay()
    first, second, sum_of_it = said(capsys)
    assert first == {"event": "applied", "level": "info", "parked": good.id, "type": kind}
    assert (second["event"], second["parked"]) == ("still can't be applied", bad.id)
    assert "Error parsing message" in second["error"]
    assert sum_of_it == {"event": "replayed", "level": "info", "applied": 1, "still_parked": 1}

    await main.PROGRAM.replay()
    assert [each["event"] for each in said(capsys)] == ["still can't be applied", "replayed"]


@pytest.mark.parametrize("key", ["GUANXI_TOKEN_PUBLIC_KEYS", "GUANXI_CUSTOMER_TOKEN_PRIVATE_KEY"])
async def test_a_start_is_refused_without_keys(environment: pytest.MonkeyPatch, key: str) -> None:
    await main.PROGRAM.migrate()
    environment.delenv(key)
    with pytest.raises(StartRefused, match=key.removeprefix("GUANXI_CUSTOMER_")):
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
