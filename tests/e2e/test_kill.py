"""kill -9 of each service: the others go on, nothing is lost, what was derived is the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.retail import retail_lines, write_csv
from tests.support.suite import Suite, running_suite, settled_facts

_PATIENCE_SECONDS = 30.0


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    with running_suite(tmp_path / "data", base_currency="GBP", business_date="2011-12-10") as suite:
        yield suite


def _eventually(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, "it never came true"
        time.sleep(0.1)


def test_insight_killed_during_an_import_ends_in_the_facts_of_a_rebuild(
    suite: Suite, tmp_path: Path
) -> None:
    lines = list(retail_lines(seed=11, invoices=1_500))
    path = write_csv(lines, tmp_path / "orders.csv.gz")
    importing = suite.popen_guanxi("import", "orders", str(path), "--currency", "GBP", "--no-wait")
    time.sleep(1.5)
    suite.kill("insight")
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
    lines = list(retail_lines(seed=12, invoices=1_500))
    path = write_csv(lines, tmp_path / "orders.csv.gz")
    importing = suite.popen_guanxi("import", "orders", str(path), "--currency", "GBP")
    time.sleep(1.5)
    suite.kill("sales")
    suite.start("sales")
    out, _ = importing.communicate(timeout=120)
    assert importing.returncode == 0, out
    _eventually(lambda: suite.request("GET", "/v1/orders:summarize")[0] == 200)
    summary = suite.get("/v1/orders:summarize")
    assert int(summary["orderCount"]) == len({line.invoice for line in lines})


def test_a_brief_without_a_service_names_the_missing_parts_and_has_the_rest(suite: Suite) -> None:
    created, _ = suite.request(
        "POST", "/v1/customers?customerId=ann-ltd", {"displayName": "Ann Ltd"}
    )
    assert created == 200
    suite.guanxi("feeds", "wait")

    suite.kill("sales")
    brief = suite.get("/v1/customers/ann-ltd/callBrief")
    assert {part["part"] for part in brief["missingParts"]} == {"PURCHASES", "RECENT_ORDERS"}
    assert brief["customer"]["displayName"] == "Ann Ltd"
    assert brief["segment"]["segment"] == "PROSPECTS"

    suite.start("sales")
    _eventually(lambda: not suite.get("/v1/customers/ann-ltd/callBrief").get("missingParts"))


def test_customers_killed_and_started_again_are_still_there(suite: Suite) -> None:
    suite.request("POST", "/v1/customers?customerId=ann-ltd", {"displayName": "Ann Ltd"})
    suite.kill("customer")
    assert suite.request("GET", "/v1/customers/ann-ltd")[0] == 503
    suite.start("customer")
    _eventually(lambda: suite.request("GET", "/v1/customers/ann-ltd")[0] == 200)


def test_a_gateway_killed_and_started_again_answers_as_before(suite: Suite) -> None:
    suite.kill("gateway")
    suite.start("gateway")
    assert suite.get("/v1/facts")["facts"]
