"""Reads over REST: the gateway with sign-in and limits on ÷ Envoy's JSON transcoder without, both
in front of the same service and driven by the same tool."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from tests.bench import customers
from tests.bench.callers import api_key, internal_token
from tests.bench.envoy import envoy
from tests.bench.figures import Figure
from tests.bench.http_load import Load, ask, drive, get
from tests.bench.turns import Side, compare
from tests.support.suite import ROOT, new_suite

_CUSTOMERS = 2_000
_READ = 500
_COMPARED = 20
_CONNECTIONS = 16
_SINGLE = [f"/v1/customers/bench-{4 * number}" for number in range(_READ)]
_PAGE = ["/v1/customers?pageSize=50"]


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who asks for the paths, and at which port."""

    port: int
    authorization: Callable[[], str]
    paths: Sequence[str]

    def drive(self, seconds: float) -> Coroutine[Any, Any, Load]:
        """Asks for the paths round and round."""
        requests = [get(path, self.authorization()) for path in self.paths]
        return drive(self.port, requests, connections=_CONNECTIONS, seconds=seconds)

    async def answers(self) -> list[Any]:
        """The JSON of the first paths."""
        shown = self.authorization()
        return [
            json.loads(await ask(self.port, get(path, shown))) for path in self.paths[:_COMPARED]
        ]


def measure(rounds: int) -> Iterator[Figure]:
    """Single reads, then pages of 50."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as name:
        folder = Path(name)
        suite = new_suite(folder / "suite")
        try:
            suite.migrate()
            suite.start("customer", "gateway")
            uvloop.run(customers.fill(suite.ports["grpc"], api_key(suite), _CUSTOMERS))
            descriptors = ROOT / "gen" / "guanxi.binpb"
            service = "guanxi.customer.v1.CustomerService"
            with envoy(folder, descriptors, service, suite.ports["customer"]) as transcoder:
                for title, target, paths in (
                    ("REST, single read ÷ Envoy", 0.8, _SINGLE),
                    ("REST, page of 50 ÷ Envoy", 1.0, _PAGE),
                ):
                    ours = _Caller(suite.ports["rest"], lambda: api_key(suite), paths)
                    # Envoy can't make the token that the service asks for: its caller sends it.
                    its = _Caller(transcoder.port, lambda: internal_token(suite, "customer"), paths)
                    _expect_equal(uvloop.run(ours.answers()), uvloop.run(its.answers()))
                    yield compare(
                        title,
                        target,
                        Side(suite.pid("gateway"), ours.drive),
                        Side(transcoder.pid, its.drive),
                        rounds,
                        {"answers": "equal as JSON", "connections": _CONNECTIONS},
                    )
        finally:
            suite.stop()


def _expect_equal(ours: Sequence[Any], its: Sequence[Any]) -> None:
    for mine, other in zip(ours, its, strict=True):
        if mine != other:
            raise RuntimeError(f"the gateway answers {mine}, Envoy {other}")
