"""A company's own orders, imported as a user does it: nothing refused, nothing lost, twice the
same, and the facts agree with a computation of their own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from tests.support.retail import Line, retail_lines, write_csv
from tests.support.suite import Suite, running_suite, settled_facts

_CENT = Decimal("0.01")
_INVOICES = 400


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return list(retail_lines(seed=7, invoices=_INVOICES))


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, lines: list[Line]) -> Iterator[Suite]:
    folder = tmp_path_factory.mktemp("import")
    last_day = max(line.invoice_time for line in lines)[:10]
    with running_suite(folder / "data", base_currency="GBP", business_date=last_day) as suite:
        path = write_csv(lines, folder / "orders.csv.gz")
        printed = suite.guanxi("import", "orders", str(path), "--currency", "GBP").stdout
        assert "0 refused" in printed, printed
        yield suite


def _amount(line: Line) -> Decimal:
    return (line.quantity * Decimal(line.unit_price)).quantize(_CENT, ROUND_HALF_EVEN)


def _money(message: dict[str, str | int]) -> Decimal:
    return Decimal(message.get("units", "0")) + Decimal(message.get("nanos", 0)).scaleb(-9)


def test_orders_and_sums_are_those_of_the_file(suite: Suite, lines: list[Line]) -> None:
    summary = suite.get("/v1/orders:summarize")
    identified = [line for line in lines if line.customer_id]
    assert int(summary["orderCount"]) == len({line.invoice for line in lines})
    assert int(summary["customerCount"]) == len({line.customer_id for line in identified})
    assert _money(summary["baseNetAmount"]) == sum(map(_amount, lines))
    assert _money(summary["identifiedBaseNetAmount"]) == sum(map(_amount, identified))


def test_importing_the_file_again_changes_nothing(
    suite: Suite, lines: list[Line], tmp_path: Path
) -> None:
    before = suite.get("/v1/orders:summarize"), settled_facts(suite)
    path = write_csv(lines, tmp_path / "orders.csv.gz")
    printed = suite.guanxi("import", "orders", str(path), "--currency", "GBP").stdout
    after = suite.get("/v1/orders:summarize"), settled_facts(suite)
    assert after == before
    assert "0 refused" in printed


def test_a_dry_run_changes_nothing_and_says_what_would_happen(suite: Suite, tmp_path: Path) -> None:
    before = suite.get("/v1/orders:summarize")
    path = tmp_path / "more.csv"
    path.write_text(
        "order,order_time,product,quantity,unit_price,customer\nN-1,2011-01-01,new,1,2.50,99999\n"
    )
    printed = suite.guanxi("import", "orders", str(path), "--currency", "GBP", "--dry-run").stdout
    assert "Would import" in printed
    assert suite.get("/v1/orders:summarize") == before


def test_refused_rows_go_to_a_file_and_the_rest_goes_in(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(
        "order,order_time,product,quantity,unit_price,customer\n"
        "M-1,2011-01-01,new,1,2.50,88888\n"
        "M-2,2011-01-01,new,some,2.50,88888\n"
    )
    result = suite.guanxi("import", "orders", str(path), "--currency", "GBP", check=False)
    assert result.returncode == 3
    refused = (suite.folder / "mixed.csv.refused.csv").read_text("utf-8").splitlines()
    assert (
        refused[1] == "3,quantity 'some' is not a whole number,M-2,2011-01-01,new,some,2.50,88888"
    )
    assert suite.get("/v1/orders/m-1")["netAmount"] == {
        "currencyCode": "GBP",
        "units": "2",
        "nanos": 500000000,
    }
    assert suite.request("GET", "/v1/orders/m-2")[0] == 404
