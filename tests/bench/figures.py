"""What a benchmark found: mostly a ratio to a yardstick of the same run, with both figures."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One result of `make bench`. `bound` says on which side of `target` the value should be."""

    name: str
    value: float
    target: float
    bound: str
    ours: str
    yardstick: str
    rounds: Sequence[float]
    details: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether the value is on the right side of the target."""
        return self.value >= self.target if self.bound == ">=" else self.value <= self.target

    def as_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return {**asdict(self), "reached": self.reached}

    def __str__(self) -> str:
        sign = "≥" if self.bound == ">=" else "≤"
        met = "reached" if self.reached else "missed"
        judged = f"target {sign} {self.target:g}{self.unit}, {met}; {spread(self.rounds)}"
        lines = [
            f"{self.name}: {number(self.value)}{self.unit} ({judged})",
            f"    ours       {self.ours}",
            f"    yardstick  {self.yardstick}",
        ]
        lines += [f"    {key}: {value}" for key, value in self.details.items()]
        return "\n".join(lines)


def spread(values: Sequence[float]) -> str:
    """`5 rounds, 0.78 to 0.84`."""
    rounds = "1 round" if len(values) == 1 else f"{len(values)} rounds"
    return f"{rounds}, {number(min(values))} to {number(max(values))}"


def number(value: float) -> str:
    """Three significant digits, or whole."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
