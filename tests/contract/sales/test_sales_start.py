"""What the service looks at before it serves."""

import pytest
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from services.chassis.errors import StartRefused
from services.chassis.store.schema import differences
from services.sales.main import PROGRAM
from services.sales.metadata import metadata
from tests.support.chassis import believed_keys, keys
from tests.support.databases import Databases
from tests.support.sales import create_order, line
from tests.support.services import migrated_database, running_service


async def test_the_migrations_make_exactly_the_declared_tables(databases: Databases) -> None:
    url = await migrated_database(databases, "sales")
    assert await differences(url, metadata) == []


async def test_orders_are_never_counted_in_two_base_currencies(databases: Databases) -> None:
    url = await migrated_database(databases, "sales")
    async with running_service("sales", url, base_currency="EUR") as service:
        await OrderServiceStub(await service.channel()).CreateOrder(create_order(line()))
    with pytest.raises(StartRefused, match=r"GUANXI_BASE_CURRENCY is USD.*EUR"):
        async with running_service("sales", url, base_currency="USD"):
            pass
    async with running_service("sales", url, base_currency="EUR"):
        pass


def test_check_says_what_is_missing_and_then_nothing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUANXI_SALES_DATABASE_URL", sqlite_url)
    assert PROGRAM.run(["check"]) == 1
    assert "GUANXI_TOKEN_PUBLIC_KEYS" in capsys.readouterr().err
    monkeypatch.setenv("GUANXI_TOKEN_PUBLIC_KEYS", believed_keys())
    assert PROGRAM.run(["check"]) == 1
    assert "_TOKEN_PRIVATE_KEY" in capsys.readouterr().err
    monkeypatch.setenv("GUANXI_SALES_TOKEN_PRIVATE_KEY", keys("sales").private)
    assert PROGRAM.run(["check"]) == 1
    assert "python -m services.sales migrate" in capsys.readouterr().err
    assert PROGRAM.run(["migrate"]) == 0
    assert PROGRAM.run(["check"]) == 0
    assert PROGRAM.run(["renew-epoch"]) == 0
    assert PROGRAM.run(["replay"]) == 0


def test_an_unknown_command_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert PROGRAM.run(["dance"]) == 2
    assert "[serve|migrate|check|renew-epoch|replay]" in capsys.readouterr().err


def test_an_unknown_setting_stops_the_start_and_names_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUANXI_SALES_COLOUR", "red")
    assert PROGRAM.run([]) == 2
    assert "GUANXI_SALES_COLOUR" in capsys.readouterr().err
