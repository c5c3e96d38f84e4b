"""What the user doesn't say of an import, the company says."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from guanxi.gateway.v1.company_pb2_grpc import add_CompanyServiceServicer_to_server

from cli.connection import connect
from cli.imports.job import Options, prepare
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
    company = CompanyServicer(base_currency="CNY", time_zone="Asia/Shanghai")
    add_CompanyServiceServicer_to_server(company, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with connect(f"127.0.0.1:{port}", "key") as connection:
        job = await prepare(options, FIELDS, connection)
    await server.stop(None)
    assert (job.style.times.zone.key, job.style.currency) == used
