"""Computes facts from their sources and writes them; reactions, runs and as-of answers share it."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.chassis.store import WriteTransaction
from services.insight.facts import store
from services.insight.facts.model import FactColumns, compute_facts
from services.insight.facts.rows import fact_rows
from services.insight.segments.model import Population
from services.insight.sources.selection import Selection
from services.insight.sources.store import Sources, load

__all__ = ["Day", "compute", "refresh"]


@dataclass(frozen=True, slots=True)
class Day:
    """The business day that facts are computed for, and the zone that days are counted in."""

    date: date
    zone: ZoneInfo


async def refresh(
    tx: WriteTransaction, generation: int, who: Selection, day: Day, population: Population | None
) -> None:
    """Brings the facts of the selected customers up to date; those of deleted ones go."""
    sources = await load(tx, generation, who)
    computed = compute(sources, day, population)
    await store.save(tx, fact_rows(generation, sources.customers, computed))
    gone = [row.customer for row in sources.customers if row.deleted]
    if gone:
        await store.remove(tx, generation, gone)


def compute(sources: Sources, day: Day, population: Population | None) -> FactColumns:
    """The facts of all customers of the sources, the deleted among them."""
    return compute_facts(
        sources.orders,
        sources.touches,
        sources.columns,
        as_of=day.date,
        zone=day.zone,
        population=population,
    )
