"""Computes facts from what is kept and writes them; reactions, runs and as-of answers share it."""

from services.chassis.store import WriteTransaction
from services.insight.engine.model import FactColumns, compute_facts
from services.insight.engine.rows import fact_rows
from services.insight.facts import store
from services.insight.numbers.business_days import Day
from services.insight.segments.model import Population
from services.insight.sources.store import KeptRecords, Selection, load

__all__ = ["compute", "refresh"]


async def refresh(
    tx: WriteTransaction, generation: int, who: Selection, day: Day, population: Population | None
) -> None:
    """Brings the facts of the selected customers up to date; those of deleted ones go."""
    kept = await load(tx, generation, who)
    computed = compute(kept, day, population)
    await store.save(tx, fact_rows(generation, kept.customers, computed))
    gone = [row.customer for row in kept.customers if row.deleted]
    if gone:
        await store.remove(tx, generation, gone)


def compute(kept: KeptRecords, day: Day, population: Population | None) -> FactColumns:
    """The facts of all customers of the records, the deleted among them."""
    return compute_facts(
        kept.orders,
        kept.touches,
        kept.columns,
        as_of=day.date,
        zone=day.zone,
        population=population,
    )
