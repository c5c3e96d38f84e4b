"""Two replicas of every service on PostgreSQL, each pair behind one target: one log each, and every
event of it applied once."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.engines import PostgresServer
from tests.support.suite import MODULES, Suite, all_facts, new_suite

SERVICES = ("customer", "sales", "insight")
REPLICAS = tuple(f"{name}{replica}" for name in SERVICES for replica in ("", ".2"))
CUSTOMERS = 20


@pytest.fixture
def suite(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[Suite]:
    urls = {f"{name}_database_url": postgres_server.create_database() for name in SERVICES}
    suite = new_suite(tmp_path / "suite", replicas=True, **urls)
    suite.migrate()
    try:
        for service in SERVICES:  # all at once take a busy machine longer than each may
            suite.start(service, f"{service}.2")
        suite.start("gateway")
        yield suite
    finally:
        suite.stop()
        for url in urls.values():
            postgres_server.drop_database(url)


def test_readers_that_meet_now_one_replica_now_the_other_read_one_log_once(suite: Suite) -> None:
    for number in range(CUSTOMERS):
        _created(suite, f"/v1/customers?customerId=c{number}", {"displayName": f"No. {number}"})
        order = {
            "customer": f"customers/c{number}",
            "currencyCode": "USD",
            "lines": [
                {"quantity": 1, "unitPrice": {"currencyCode": "USD", "units": str(number + 1)}}
            ],
        }
        _created(suite, "/v1/orders?confirm=true", order)
    spent = _until_all_have_bought(suite)
    assert spent == [number + 1 for number in range(CUSTOMERS)]
    for name in (*REPLICAS, "gateway"):
        assert "new epoch" not in suite.log(name), name
    events = {"customer": 2 * CUSTOMERS, "sales": CUSTOMERS}
    for feed, written in events.items():
        # Each customer came, and became a buyer by the order.
        assert _applied(suite, "insight", feed) == written
    assert _applied(suite, "customer", "sales") == CUSTOMERS


def _created(suite: Suite, path: str, body: Mapping[str, object]) -> None:
    status, answer = suite.request("POST", path, body)
    assert status == http.client.OK, answer


def _until_all_have_bought(suite: Suite) -> list[int]:
    """What the customers have spent, once there is something for each of them."""
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        facts = all_facts(suite)
        buyers = [each for each in facts if each.get("lifecycleStage") == "CUSTOMER"]
        if len(buyers) == CUSTOMERS:
            return sorted(int(each["spendTotal"]["units"]) for each in buyers)
        time.sleep(0.2)
    raise AssertionError("\n".join(suite.log(name)[-2000:] for name in MODULES))


def _applied(suite: Suite, service: str, feed: str) -> int:
    """How many events of a feed both replicas of a service have applied together."""
    sample = re.compile(rf'guanxi_events_applied_total{{feed="{feed}"}} ([0-9.]+)')
    replicas = (service, f"{service}.2")
    found = [sample.search(_metrics(suite, f"{replica}_admin")) for replica in replicas]
    return sum(int(float(each.group(1))) for each in found if each)


def _metrics(suite: Suite, port: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", suite.ports[port], timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()
