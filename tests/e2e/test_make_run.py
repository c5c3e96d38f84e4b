"""`make run` as a newcomer sees it: up with demo data, restarted when killed, drained by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.local_run import LocalRun
from tests.support.suite import ROOT, new_suite

_DRAIN_SECONDS = 10.0
_EXAMPLES = {
    "lin-trading": "missed-cycle",
    "huaxin-group": "silent-vip",
    "dairy-lane": "repurchase-due",
    "zhou-energy": "same-period-last-year",
    "mei-tanaka": "unattended-lead",
}


def test_every_example_of_the_business_raises_its_alert(demo_run: LocalRun) -> None:
    for customer, rule in _EXAMPLES.items():
        alerts = demo_run.suite.get("/v1/alerts", filter=f'customer = "customers/{customer}"')
        rules = {alert["rule"] for alert in alerts.get("alerts", ())}
        assert f"rules/{rule}" in rules, f"{customer}: {rules}"


def test_a_seasonal_buyer_is_not_dormant_between_seasons(demo_run: LocalRun) -> None:
    segment = demo_run.suite.get("/v1/customers/garden-world/segment")
    assert segment["activity"] in ("ACTIVE", "DUE")


def test_whoever_has_three_to_convince_is_tagged_for_it(demo_run: LocalRun) -> None:
    facts = demo_run.suite.get("/v1/customers/huaxin-group/facts")
    assert facts["decisionChainLength"] == 3
    assert "long-decision-chain" in facts["tags"]
    chain = demo_run.suite.get("/v1/customers/huaxin-group/decisionChain")
    assert chain["nextSigners"] == ["customers/huaxin-group/contacts/demo-huaxin-group-2"]


def test_demo_customers_say_that_they_are_generated(demo_run: LocalRun) -> None:
    page = demo_run.suite.get("/v1/customers", filter='labels.demo = "generated"', pageSize="1000")
    assert len(page["customers"]) == 500


def test_a_process_that_dies_is_reported_and_restarted_while_the_others_go_on(
    demo_run: LocalRun,
) -> None:
    [pid] = re.findall(r"spawned: 'sales' with pid (\d+)", demo_run.text())
    os.kill(int(pid), signal.SIGKILL)
    assert demo_run.suite.get("/v1/customers/lin-trading")
    demo_run.wait_for("spawned: 'sales'", count=2)
    assert "exited: sales (terminated by SIGKILL; not expected)" in demo_run.text()
    give_up_at = time.monotonic() + 30
    while demo_run.suite.request("GET", "/v1/products/skid")[0] != 200:
        assert time.monotonic() < give_up_at
        time.sleep(0.2)


def test_a_taken_port_is_one_clear_sentence(demo_run: LocalRun, tmp_path: Path) -> None:
    other = new_suite(tmp_path / "other")
    other.environment["GUANXI_GATEWAY_LISTEN"] = demo_run.suite.rest
    started = subprocess.run(
        [sys.executable, "-m", "deploy.local"],
        check=False,
        env=other.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode == 1
    assert started.stderr.strip().splitlines() == [
        f"make run: Port {demo_run.suite.ports['rest']} is taken by another process;"
        " is Guanxi running already? GUANXI_GATEWAY_LISTEN=HOST:PORT chooses another one."
    ]


def test_a_folder_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    suite = new_suite(tmp_path / "data")
    (tmp_path / "file").touch()
    suite.environment["GUANXI_DATA_DIR"] = str(tmp_path / "file" / "data")
    started = subprocess.run(
        [sys.executable, "-m", "deploy.local"],
        check=False,
        env=suite.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode == 1
    assert "can't be written" in started.stderr
    assert "GUANXI_DATA_DIR" in started.stderr


def test_ctrl_c_drains_all_four_and_a_second_start_keeps_the_data_as_it_is(tmp_path: Path) -> None:
    first = LocalRun(new_suite(tmp_path / "data"), "--no-demo")
    try:
        first.wait_for("Guanxi is up.")
        first.suite.request(
            "POST", "/v1/customers?customerId=river-cafe", {"displayName": "River Café"}
        )
    finally:
        assert first.interrupt() < _DRAIN_SECONDS

    again = LocalRun(first.suite)
    try:
        again.wait_for("Guanxi is up.")
        assert "Loading" not in again.text(), "the first start wanted no demo data"
        assert again.suite.get("/v1/customers/river-cafe")["displayName"] == "River Café"
    finally:
        assert again.interrupt() < _DRAIN_SECONDS
