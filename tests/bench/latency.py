"""From an order to what follows from it: 100 orders a second arrive, whether or not earlier ones
are done with, and each opens an alert. An order's consequences are visible when its alert has come
by the watch stream and its customer's facts, read then, hold the order and a segment.

Time counts from the order's `create_time`, before the commit, and everything goes by the gateway.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from guanxi.insight.v1.alerts_pb2 import WatchAlertsRequest, WatchAlertsResponse
from guanxi.insight.v1.alerts_pb2_grpc import AlertServiceStub
from guanxi.insight.v1.facts_pb2 import GetCustomerFactsRequest
from guanxi.insight.v1.facts_pb2_grpc import FactServiceStub
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from tests.bench import trade
from tests.bench.figures import Figure, median, quantile
from tests.bench.machine import cpu_seconds
from tests.support.suite import MODULES, Suite, running_suite

_FEW, _MANY = 1_000, 100_000
_PER_SECOND = 100
_MOST_ROUNDS = 3
_WARM_UP = range(900, 1_000)
_MEASURED = range(900)
_WATCHING_SECONDS = 1.0
_PATIENCE_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.002


def measure(rounds: int) -> Iterator[Figure]:
    """Two suites, with 1,000 and with 100,000 customers, in turn."""
    rounds = min(rounds, _MOST_ROUNDS)
    taken: dict[int, list[list[float]]] = {_FEW: [], _MANY: []}
    used = dict.fromkeys(MODULES, 0.0)
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as name, ExitStack() as stack:
        suites = {
            count: stack.enter_context(running_suite(Path(name) / str(count))) for count in taken
        }
        for count, suite in suites.items():
            uvloop.run(trade.fill(suite, count, rules=rounds))
        for suite in suites.values():
            uvloop.run(_round(suite, _WARM_UP, nth_order=2))
        for number in range(rounds):
            for count, suite in suites.items():
                before = {name: cpu_seconds(suite.pid(name)) for name in MODULES}
                taken[count].append(uvloop.run(_round(suite, _MEASURED, nth_order=2 + number)))
                if count == _MANY:
                    for process, seconds in before.items():
                        used[process] += cpu_seconds(suite.pid(process)) - seconds
    shown = {count: _describe(taken[count], count) for count in taken}
    p99 = {count: [quantile(each, 0.99) for each in taken[count]] for count in taken}
    p50 = {count: [quantile(each, 0.50) for each in taken[count]] for count in taken}
    orders = rounds * len(_MEASURED)
    details = {
        "orders": f"{_PER_SECOND} a second, {len(_MEASURED)} a round",
        "processor time an order": ", ".join(
            f"{name} {1000 * seconds / orders:.1f} ms" for name, seconds in used.items()
        ),
    }
    yield Figure(
        "order → facts, segment and alert, p99",
        median(p99[_MANY]),
        300,
        "<=",
        shown[_MANY],
        "300 ms",
        p99[_MANY],
        details,
        " ms",
    )
    for share, values in (("p50", p50), ("p99", p99)):
        ratios = [many / few for many, few in zip(values[_MANY], values[_FEW], strict=True)]
        yield Figure(
            f"its {share}, 100,000 customers ÷ 1,000",
            median(ratios),
            1.3,
            "<=",
            shown[_MANY],
            shown[_FEW],
            ratios,
        )


@dataclass(slots=True)
class _Round:
    """One round under way: when each customer's order was made, and when all was visible."""

    opened: trade.Door
    nth_order: int
    made: dict[str, float] = field(default_factory=dict)
    visible: dict[str, float] = field(default_factory=dict)

    async def order(self, number: int, at: float) -> None:
        """Sends one order at its time of the loop's clock."""
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        request = trade.order(number, f"new-{self.nth_order}-{number}")
        request.request_id = request.order_id
        reply = await OrderServiceStub(self.opened.channel).CreateOrder(
            request, metadata=self.opened.metadata, timeout=_PATIENCE_SECONDS
        )
        moment = reply.create_time
        self.made[request.order.customer] = moment.seconds + moment.nanos / 1e9

    async def watch(self, count: int) -> None:
        """Looks at the facts of each customer whose alert opens, until there were so many."""
        call = AlertServiceStub(self.opened.channel).WatchAlerts(
            WatchAlertsRequest(), metadata=self.opened.metadata
        )
        rule = f"rules/{trade.rule_id(self.nth_order)}"
        async with asyncio.TaskGroup() as looks:
            async for change in call:
                if change.change == WatchAlertsResponse.OPENED and change.alert.rule == rule:
                    looks.create_task(self._look(change.alert.customer))
                    count -= 1
                if not count:
                    call.cancel()
                    return

    async def _look(self, customer: str) -> None:
        stub = FactServiceStub(self.opened.channel)
        request = GetCustomerFactsRequest(name=f"{customer}/facts")
        while True:
            facts = await stub.GetCustomerFacts(
                request, metadata=self.opened.metadata, timeout=_PATIENCE_SECONDS
            )
            if facts.orders_total >= self.nth_order and facts.segment:
                self.visible[customer] = time.time()
                return
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def _round(suite: Suite, numbers: range, nth_order: int) -> list[float]:
    """Milliseconds from each order to what follows from it."""
    opened = trade.door(suite)
    async with opened.channel, asyncio.timeout(len(numbers) / _PER_SECOND + _PATIENCE_SECONDS):
        this = _Round(opened, nth_order)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(this.watch(len(numbers)))
            await asyncio.sleep(_WATCHING_SECONDS)
            first_at = asyncio.get_running_loop().time()
            for place, number in enumerate(numbers):
                tasks.create_task(this.order(number, first_at + place / _PER_SECOND))
    return [1000 * (this.visible[name] - made) for name, made in this.made.items()]


def _describe(rounds: list[list[float]], count: int) -> str:
    every = [value for each in rounds for value in each]
    shares = [f"p{100 * share:.0f} {quantile(every, share):.0f} ms" for share in (0.5, 0.95, 0.99)]
    return f"{count:,} customers: {', '.join(shares)}, longest {max(every):.0f} ms"
