"""Insight with twenty buyers, asked about another day, and how many it computed for it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.chassis.metrics import Metrics
from tests.support.insight import (
    Desk,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    day,
    insight_reading,
)

__all__ = ["CUSTOMERS", "OTHER", "THEN", "Counted", "counted", "twenty"]

THEN = date(2025, 6, 1)
OTHER = date(2025, 7, 1)
CUSTOMERS = 20


@dataclass(slots=True)
class Counted:
    """An insight service, and how many customers it has computed for other days."""

    insight: Insight
    metrics: Metrics

    async def desk(self) -> Desk:
        return await self.insight.desk()

    async def then(self, as_of: date = THEN, **arguments: Any) -> dict[str, Any]:
        return await (await self.desk()).all_facts(as_of=day(as_of), **arguments)

    def computed(self) -> int:
        name = "guanxi_insight_as_of_customers_computed_total"
        return int(self.metrics.registry.get_sample_value(name) or 0)


async def counted(
    stack: AsyncExitStack, url: str, customer: WrittenFeed, sales: WrittenFeed, **settings: Any
) -> Counted:
    """The service, for as long as the stack is open."""
    metrics = Metrics()
    reading = insight_reading(
        url, {"customer": customer, "sales": sales}, metrics=metrics, **settings
    )
    service = await stack.enter_async_context(reading)
    return Counted(Insight(service, customer, sales, service.clock), metrics)


def twenty() -> list[Any]:
    """The n-th has bought for n hundred, n days before."""
    numbers = range(1, CUSTOMERS + 1)
    return [
        *(customer_event(f"c{n}") for n in numbers),
        *(confirmed(f"o{n}", f"c{n}", THEN - timedelta(days=n), 100 * n) for n in numbers),
    ]
