"""A first start that is stopped: gone at once at whatever moment, and completed by the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

import pytest

from deploy.demo.generate import generate
from deploy.demo.life import Demo
from tests.e2e.local_run import LocalRun
from tests.support.suite import Suite, new_suite

_GONE_SECONDS = 10.0
_DAY = date(2026, 3, 2)
_NEXT_DAY = date(2026, 3, 3)


def _migrating(run: LocalRun) -> None:
    run.wait_until((run.suite.folder / "insight.db").exists)


def _processes_start(run: LocalRun) -> None:
    run.wait_for("spawned: 'gateway'")


def _orders_are_half_loaded(run: LocalRun) -> None:
    everything = len(_expected().orders)  # takes a second, in which the rest would be loaded
    run.wait_for("Loading generated demo data")
    run.wait_until(lambda: _orders(run.suite) > 0)
    assert _orders(run.suite) < everything


def _insight_follows(run: LocalRun) -> None:
    run.wait_for("Loading generated demo data")
    run.wait_until(lambda: _orders(run.suite) == len(_expected().orders))


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Never started; the moments below are those of one folder, one after the other."""
    return new_suite(tmp_path_factory.mktemp("first") / "data", business_date=_DAY.isoformat())


@pytest.mark.parametrize(
    "moment",
    [_migrating, _processes_start, _orders_are_half_loaded, _insight_follows],
    ids=lambda moment: moment.__name__.strip("_"),
)
def test_ctrl_c_ends_a_first_start_when(suite: Suite, moment: Callable[[LocalRun], None]) -> None:
    run = LocalRun(suite)
    moment(run)
    assert run.interrupt() < _GONE_SECONDS
    assert "Guanxi is up." not in run.text()
    assert "Traceback" not in run.text()


def test_the_next_start_completes_the_demo_that_was_begun_the_day_before(suite: Suite) -> None:
    suite.environment["GUANXI_BUSINESS_DATE"] = _NEXT_DAY.isoformat()
    run = LocalRun(suite)
    try:
        run.wait_for("Guanxi is up.")
        demo = _expected()
        assert _orders(suite) == len(demo.orders)
        assert _count(suite, "products") == len(demo.products)
        assert _count(suite, "customers") == len(demo.customers)
        assert _count(suite, "touchpoints", "customers/-/touchpoints") == len(demo.touchpoints)
    finally:
        run.interrupt()


@cache
def _expected() -> Demo:
    return generate(_DAY, "USD")


def _orders(suite: Suite) -> int:
    return int(suite.get("/v1/orders:summarize").get("orderCount", 0))


def _count(suite: Suite, field: str, path: str = "") -> int:
    count, token = 0, ""
    while True:
        page = suite.get(f"/v1/{path or field}", pageSize="1000", pageToken=token)
        count += len(page.get(field, ()))
        token = page.get("nextPageToken", "")
        if not token:
            return count
