"""A read from the store over gRPC, through all of a service's middleware ÷ a bare grpc.aio echo of
the same message's bytes; each server in its own process, driven by the same tool in turn."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from guanxi.customer.v1.customers_pb2 import Customer, GetCustomerRequest

from tests.bench import bare_echo, customers
from tests.bench.callers import internal_token
from tests.bench.figures import Figure
from tests.bench.grpc_load import Method, drive, replies
from tests.bench.http_load import Load
from tests.bench.turns import Side, compare
from tests.support.engines import postgres
from tests.support.suite import ROOT, Suite, new_suite

_CUSTOMERS = 2_000
_READ = 500
_UNDER_WAY = {"connections": 4, "calls_each": 4}
_METHOD = "/guanxi.customer.v1.CustomerService/GetCustomer"
_SERVICES = ("customer", "sales", "insight")


def measure(rounds: int) -> Iterator[Figure]:
    """On SQLite, then on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as name:
        folder = Path(name)
        yield _compare("gRPC read on SQLite ÷ bare echo", 0.5, new_suite(folder / "sqlite"), rounds)
        with postgres() as server:
            suite = new_suite(
                folder / "postgresql",
                replicas=False,
                **{f"{each}_database_url": server.create_database() for each in _SERVICES},
            )
            yield _compare("gRPC read on PostgreSQL ÷ bare echo", 0.35, suite, rounds)


def _compare(title: str, target: float, suite: Suite, rounds: int) -> Figure:
    try:
        suite.migrate()
        suite.start("customer")
        port = suite.ports["customer"]
        uvloop.run(customers.fill(port, internal_token(suite, "customer"), _CUSTOMERS))
        asked = [
            GetCustomerRequest(name=f"customers/bench-{4 * n}").SerializeToString()
            for n in range(_READ)
        ]
        as_developer = Method(_METHOD, internal_token(suite, "customer"))
        answers = uvloop.run(replies(port, as_developer, asked))
        for number, answer in enumerate(answers):
            assert Customer.FromString(answer).name == f"customers/bench-{4 * number}"
        with _echo_process() as (echo_port, echo_pid):

            def read(seconds: float) -> Coroutine[Any, Any, Load]:
                method = Method(_METHOD, internal_token(suite, "customer"))
                return drive(port, method, asked, seconds=seconds, **_UNDER_WAY)

            def echo(seconds: float) -> Coroutine[Any, Any, Load]:
                method = Method(bare_echo.PATH)
                return drive(echo_port, method, answers, seconds=seconds, **_UNDER_WAY)

            return compare(
                title,
                target,
                Side(suite.pid("customer"), read),
                Side(echo_pid, echo),
                rounds,
                {"message": f"{len(answers[0])} bytes", "calls under way": 16},
            )
    finally:
        suite.stop()


@contextmanager
def _echo_process() -> Iterator[tuple[int, int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", bare_echo.__name__], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
    finally:
        process.kill()
        process.wait()
