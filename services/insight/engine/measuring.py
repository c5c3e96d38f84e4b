"""Measures the population: cut points and gaps over everyone, chunk by chunk."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.chassis.store import AnyRow, ReadTransaction
from services.insight.engine.computing import compute_all
from services.insight.engine.model import FactColumns
from services.insight.numbers.business_days import Day
from services.insight.numbers.columns import Ints
from services.insight.segments.model import Population, measure_population
from services.insight.sources.store import EVERYONE, Span, next_span_end

__all__ = [
    "CHUNK_CUSTOMERS",
    "Measures",
    "measure",
    "measures_of",
    "next_span",
    "population_from",
    "spans",
]

# Short write transactions, so that an event waits for a tenth of a second at most.
CHUNK_CUSTOMERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Measures:
    """What a population is measured by, of some customers; the gaps between all purchase days."""

    purchase_days: Ints
    days_since_order: Ints
    spend_total_minor: Ints
    gap_days: Ints


async def next_span(tx: ReadTransaction, generation: int, after: str, customers: int) -> Span:
    """The next so many customers of a generation after a name.

    The last span ends where all names do, and may hold no customer: behind the last one there may
    be alerts of some who are known no more.
    """
    last = await next_span_end(tx, generation, after, customers)
    return Span(after, last or EVERYONE.last)


async def spans(tx: ReadTransaction, generation: int) -> AsyncIterator[Span]:
    """Everyone of a generation, chunk by chunk."""
    after = ""
    while after != EVERYONE.last:
        span = await next_span(tx, generation, after, CHUNK_CUSTOMERS)
        yield span
        after = span.last


async def measure(
    tx: ReadTransaction, generation: int, day: Day, go_on: Callable[[], None] = lambda: None
) -> Population:
    """The cut points and population values of everyone who is not deleted, on a day.

    `go_on` is asked before each chunk, and raises to end it.
    """
    parts = []
    async for span in spans(tx, generation):
        go_on()
        for customers, computed in await compute_all(tx, generation, span, day):
            parts.append(measures_of(customers, computed))
    return population_from(parts, day)


def measures_of(customers: Sequence[AnyRow], computed: FactColumns) -> Measures:
    """Of the customers that are not deleted; row n is customer n of the facts."""
    orders = computed.orders
    kept = np.array([not row.deleted for row in customers], dtype=np.bool_)
    return Measures(
        purchase_days=orders.purchase_days[kept],
        days_since_order=orders.days_since_order[kept],
        spend_total_minor=orders.spend_total_minor[kept],
        gap_days=orders.gaps.days[np.repeat(kept, orders.gaps.count)],
    )


def population_from(parts: Sequence[Measures], day: Day) -> Population:
    """What all the customers of the parts are measured against."""
    none = np.zeros(0, dtype=np.int64)
    return measure_population(
        as_of=day.date,
        purchase_days=np.concatenate((none, *(part.purchase_days for part in parts))),
        days_since_order=np.concatenate((none, *(part.days_since_order for part in parts))),
        spend_total_minor=np.concatenate((none, *(part.spend_total_minor for part in parts))),
        gap_days=np.concatenate((none, *(part.gap_days for part in parts))),
    )
