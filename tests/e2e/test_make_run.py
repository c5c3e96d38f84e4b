"""`make run` as a newcomer sees it: up with demo data, restarted when killed, drained by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import ROOT, Suite, new_suite

_UP_SECONDS = 120.0
_DRAIN_SECONDS = 10.0
_EXAMPLES = {
    "lin-trading": "missed-cycle",
    "huaxin-group": "silent-vip",
    "dairy-lane": "repurchase-due",
    "zhou-energy": "same-period-last-year",
    "mei-tanaka": "unattended-lead",
}


class _LocalRun:
    """`python -m deploy.local` in a folder of its own, its output read as it comes."""

    def __init__(self, suite: Suite, *options: str) -> None:
        self.suite = suite
        self.output = suite.folder / "make-run.log"
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", *options],
                env=suite.environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        return self.output.read_text("utf-8")

    def wait_for(self, text: str, count: int = 1) -> float:
        started = time.monotonic()
        while self.text().count(text) < count:
            assert time.monotonic() - started < _UP_SECONDS, self.text()[-5000:]
            assert self.process.poll() is None, self.text()[-5000:]
            time.sleep(0.1)
        return time.monotonic() - started

    def interrupt(self) -> float:
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - started


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_LocalRun]:
    run = _LocalRun(new_suite(tmp_path_factory.mktemp("run") / "data"))
    try:
        run.wait_for("Guanxi is up.")
        yield run
    finally:
        if run.process.poll() is None:
            run.interrupt()


def test_every_example_of_the_business_raises_its_alert(run: _LocalRun) -> None:
    for customer, rule in _EXAMPLES.items():
        alerts = run.suite.get("/v1/alerts", filter=f'customer = "customers/{customer}"')
        rules = {alert["rule"] for alert in alerts.get("alerts", ())}
        assert f"rules/{rule}" in rules, f"{customer}: {rules}"


def test_a_seasonal_buyer_is_not_dormant_between_seasons(run: _LocalRun) -> None:
    segment = run.suite.get("/v1/customers/garden-world/segment")
    assert segment["activity"] in ("ACTIVE", "DUE")


def test_demo_customers_say_that_they_are_generated(run: _LocalRun) -> None:
    page = run.suite.get("/v1/customers", filter='labels.demo = "generated"', pageSize="1000")
    assert len(page["customers"]) == 500


def test_a_process_that_dies_is_reported_and_restarted_while_the_others_go_on(
    run: _LocalRun,
) -> None:
    [pid] = re.findall(r"spawned: 'sales' with pid (\d+)", run.text())
    os.kill(int(pid), signal.SIGKILL)
    assert run.suite.get("/v1/customers/lin-trading")
    run.wait_for("spawned: 'sales'", count=2)
    assert "exited: sales (terminated by SIGKILL; not expected)" in run.text()
    give_up_at = time.monotonic() + 30
    while run.suite.request("GET", "/v1/products/skid")[0] != 200:
        assert time.monotonic() < give_up_at
        time.sleep(0.2)


def test_a_taken_port_is_one_clear_sentence(run: _LocalRun, tmp_path: Path) -> None:
    other = new_suite(tmp_path / "other")
    other.environment["GUANXI_GATEWAY_LISTEN"] = run.suite.rest
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
        f"make run: Port {run.suite.ports['rest']} is taken by another process;"
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


def test_ctrl_c_drains_all_four_and_a_second_start_keeps_the_data(run: _LocalRun) -> None:
    assert run.interrupt() < _DRAIN_SECONDS
    for port in run.suite.ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    again = _LocalRun(run.suite)
    try:
        again.wait_for("Guanxi is up.", count=2)
        assert again.suite.get("/v1/customers/lin-trading")["owner"] == "users/ann"
    finally:
        assert again.interrupt() < _DRAIN_SECONDS
