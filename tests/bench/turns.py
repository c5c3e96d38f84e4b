"""Two servers driven by one tool in turn, A B A B: whatever else the machine does hits both."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tests.bench.figures import Figure, median, quantile
from tests.bench.http_load import Load
from tests.bench.machine import cpu_seconds

_WARM_UP_SECONDS = 1.0
_ROUND_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its process, how it is driven for some seconds, and what came of it."""

    pid: int
    drive: Callable[[float], Coroutine[Any, Any, Load]]
    rounds: list[Load] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        """One round."""
        used = cpu_seconds(self.pid)
        self.rounds.append(uvloop.run(self.drive(_ROUND_SECONDS)))
        self.cpu_seconds.append(cpu_seconds(self.pid) - used)

    def __str__(self) -> str:
        per_second = median([load.per_second for load in self.rounds])
        latencies = [1000 * seconds for load in self.rounds for seconds in load.latencies]
        cpu_us = 1e6 * sum(self.cpu_seconds) / len(latencies)
        return (
            f"{per_second:,.0f} a second, p50 {quantile(latencies, 0.5):.2f} ms,"
            f" p99 {quantile(latencies, 0.99):.2f} ms, {cpu_us:.0f} µs of processor time each"
        )


def compare(
    name: str,
    target: float,
    ours: Side,
    yardstick: Side,
    rounds: int,
    details: Mapping[str, Any],
) -> Figure:
    """The median over the rounds of our calls a second ÷ those of the yardstick."""
    for side in (ours, yardstick):
        uvloop.run(side.drive(_WARM_UP_SECONDS))
    for _ in range(rounds):
        for side in (ours, yardstick):
            side.run()
    ratios = [
        mine.per_second / its.per_second
        for mine, its in zip(ours.rounds, yardstick.rounds, strict=True)
    ]
    return Figure(
        name, median(ratios), target, ">=", str(ours), str(yardstick), ratios, dict(details)
    )
