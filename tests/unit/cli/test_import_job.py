"""What the user doesn't say of an import, the company says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import grpc
import pytest
from guanxi.gateway.v1.company_pb2_grpc import add_CompanyServiceServicer_to_server

from cli.connection import CommandError, connect
from cli.imports.job import Job, Options, prepare
from cli.imports.sources import Form
from cli.imports.survey import FIELDS
from gateway.company.servicer import CompanyServicer
from tests.support.imports import written


@pytest.mark.parametrize(
    ("zone", "currency", "used"),
    [
        ("", "", ("Asia/Shanghai", "CNY")),
        ("Europe/Berlin", "", ("Europe/Berlin", "CNY")),
        ("", "eur", ("Asia/Shanghai", "EUR")),
        ("Europe/Berlin", "EUR", ("Europe/Berlin", "EUR")),
    ],
)
async def test_zone_and_currency_are_the_companys_where_the_user_names_none(
    tmp_path: Path, zone: str, currency: str, used: tuple[str, str]
) -> None:
    job = await _prepared(tmp_path, zone, currency)
    assert (job.style.times.zone.key, job.style.currency) == used


async def test_an_order_may_be_from_the_companys_earliest_day_to_tomorrow(tmp_path: Path) -> None:
    possible = (await _prepared(tmp_path, "Europe/Berlin", "EUR")).style.possible_seconds
    first = int(datetime(1998, 5, 1, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())
    now = int(datetime.now(UTC).timestamp())
    assert first - 1 not in possible
    assert first in possible
    assert now + 86_000 in possible
    assert now + 87_000 not in possible


@pytest.mark.parametrize("zone", ["Mars/Base", "../UTC", "Europe"])
async def test_a_zone_that_is_none_is_one_sentence(tmp_path: Path, zone: str) -> None:
    with pytest.raises(CommandError, match=f"^--time-zone {zone}: no such zone; try Europe/London"):
        await _prepared(tmp_path, zone, "")


async def _prepared(tmp_path: Path, zone: str, currency: str) -> Job:
    path = written(tmp_path / "o.csv", "order,order_time,quantity,unit_price\n1,2026-01-01,1,1\n")
    options = Options(
        file=path,
        form=Form(),
        columns=(),
        mapping=None,
        time_zone=zone,
        date_format="",
        decimals=None,
        thousands=False,
        keys_with_case=False,
        currency=currency,
        dry_run=False,
        wait=True,
    )
    server = grpc.aio.server()
    company = CompanyServicer(
        base_currency="CNY", time_zone="Asia/Shanghai", earliest_date=date(1998, 5, 1)
    )
    add_CompanyServiceServicer_to_server(company, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with connect(f"127.0.0.1:{port}", "key") as connection:
        job = await prepare(options, FIELDS, connection)
    await server.stop(None)
    return job
