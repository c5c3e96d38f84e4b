"""Computes facts from what is kept and writes them; reactions, runs and as-of answers share it."""

import asyncio
from collections.abc import Sequence

from services.chassis.store import AnyRow, ReadTransaction, WriteTransaction
from services.insight.engine.aside import UNABLE
from services.insight.engine.model import FactColumns, compute_facts
from services.insight.engine.rows import fact_rows
from services.insight.facts import store
from services.insight.numbers.business_days import Day
from services.insight.segments.model import Population
from services.insight.sources.contacts import CONTACTS
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.orders import ORDERS
from services.insight.sources.store import Few, KeptRecords, Selection, load
from services.insight.sources.touches import TOUCHES

__all__ = ["Computed", "compute", "compute_all", "refresh"]

Computed = tuple[Sequence[AnyRow], FactColumns]
"""Rows of customers, and their facts: row n is customer n of the facts."""


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
        kept.of(ORDERS),
        kept.of(TOUCHES),
        kept.of(CONTACTS),
        kept.of(CUSTOMERS),
        as_of=day.date,
        zone=day.zone,
        population=population,
    )


async def compute_all(
    tx: ReadTransaction, generation: int, who: Selection, day: Day
) -> list[Computed]:
    """The facts of the selected customers, without scores, for something over all of them.

    Those that can't be computed are left out; whoever brings facts up to date sets them aside.
    """
    kept = await load(tx, generation, who)
    try:
        return [(kept.customers, await asyncio.to_thread(compute, kept, day, None))]
    except UNABLE:
        names = [row.customer for row in kept.customers]
        half = len(names) // 2
        parts: list[Computed] = []
        for part in (names[:half], names[half:]):
            if 0 < len(part) < len(names):
                parts += await compute_all(tx, generation, Few(part), day)
        return parts
