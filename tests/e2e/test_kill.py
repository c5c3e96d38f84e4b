"""kill -9 of each service: the others go on, nothing is lost, what was derived is the same."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.retail import retail_lines, write_csv
from tests.support.suite import Suite, running_suite, settled_facts

_PATIENCE_SECONDS = 30.0
_INVOICES = 2_500


@contextmanager
def _running(folder: Path) -> Iterator[Suite]:
    with running_suite(folder, base_currency="GBP", business_date="2011-12-10") as suite:
        yield suite


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    with _running(tmp_path / "data") as suite:
        yield suite


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """For tests that leave it as whole as they found it."""
    with _running(tmp_path_factory.mktemp("kill") / "data") as suite:
        yield suite


def _eventually(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, "it never came true"
        time.sleep(0.01)


def _orders(suite: Suite) -> int:
    return int(suite.get("/v1/orders:summarize").get("orderCount", 0))


def _followed(suite: Suite) -> int:
    """How far insight has read what sales tells."""
    [sales] = [each for each in suite.get("/v1/feeds")["feeds"] if each["name"] == "feeds/sales"]
    return int(sales.get("position", 0))


def _rows(database: Path, table: str) -> int:
    """What a process that was killed has left in its store."""
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_insight_killed_during_an_import_ends_in_the_facts_of_a_rebuild(
    suite: Suite, tmp_path: Path
) -> None:
    lines = list(retail_lines(seed=11, invoices=_INVOICES))
    path = write_csv(lines, tmp_path / "orders.csv.gz")
    importing = suite.popen_guanxi("import", "orders", str(path), "--currency", "GBP", "--no-wait")
    _eventually(lambda: _followed(suite) > 0)
    suite.kill("insight")
    assert _orders(suite) < _INVOICES, "everything was imported before insight was killed"
    out, _ = importing.communicate(timeout=120)
    assert importing.returncode == 0, out
    suite.start("insight")
    suite.guanxi("feeds", "wait")
    assert suite.request("POST", "/v1/segmentation:run", {})[0] == 200
    after_kill = settled_facts(suite)

    suite.guanxi("feeds", "rebuild")
    assert len(after_kill) == len({line.customer_id for line in lines if line.customer_id})
    assert settled_facts(suite) == after_kill


def test_sales_killed_during_an_import_loses_no_order(suite: Suite, tmp_path: Path) -> None:
    lines = list(retail_lines(seed=12, invoices=_INVOICES))
    path = write_csv(lines, tmp_path / "orders.csv.gz")
    importing = suite.popen_guanxi("import", "orders", str(path), "--currency", "GBP")
    _eventually(lambda: _orders(suite) > 0)
    suite.kill("sales")
    assert 0 < _rows(suite.folder / "sales.db", "orders") < _INVOICES
    suite.start("sales")
    out, _ = importing.communicate(timeout=120)
    assert importing.returncode == 0, out
    _eventually(lambda: suite.request("GET", "/v1/orders:summarize")[0] == 200)
    assert _orders(suite) == len({line.invoice for line in lines}) == _INVOICES


def test_a_brief_without_a_service_names_the_missing_parts_and_has_the_rest(shared: Suite) -> None:
    created, _ = shared.request(
        "POST", "/v1/customers?customerId=ann-ltd", {"displayName": "Ann Ltd"}
    )
    assert created == 200
    shared.guanxi("feeds", "wait")

    shared.kill("sales")
    brief = shared.get("/v1/customers/ann-ltd/callBrief")
    assert {part["part"] for part in brief["missingParts"]} == {"PURCHASES", "RECENT_ORDERS"}
    assert brief["customer"]["displayName"] == "Ann Ltd"
    assert brief["segment"]["segment"] == "PROSPECTS"

    shared.start("sales")
    _eventually(lambda: not shared.get("/v1/customers/ann-ltd/callBrief").get("missingParts"))


def test_customers_killed_and_started_again_are_still_there(shared: Suite) -> None:
    shared.request("POST", "/v1/customers?customerId=bob-ltd", {"displayName": "Bob Ltd"})
    shared.kill("customer")
    assert shared.request("GET", "/v1/customers/bob-ltd")[0] == 503
    shared.start("customer")
    _eventually(lambda: shared.request("GET", "/v1/customers/bob-ltd")[0] == 200)


def test_a_gateway_killed_and_started_again_answers_as_before(shared: Suite) -> None:
    shared.kill("gateway")
    shared.start("gateway")
    assert shared.get("/v1/facts")["facts"]
