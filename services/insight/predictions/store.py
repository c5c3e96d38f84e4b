"""Statements on the facts table that lists of predictions need; no rule, no message."""

from datetime import date
from typing import Final

from sqlalchemy import select

from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.store import AnyRow, ReadTransaction
from services.insight.facts.store import facts
from services.insight.numbers.business_days import days_after

__all__ = ["page_of_due"]

_DUE: Final = Query(
    fields={},
    order={"window_start": facts.c.next_order_start},
    default_order="window_start",
    tie_breaker=facts.c.customer,
)


async def page_of_due(
    tx: ReadTransaction,
    generation: int,
    today: date,
    listing: Listing,
    *,
    within_days: int,
    include_overdue: bool,
) -> Page[AnyRow]:
    """A page of customers whose window opens within some days or is open, the earliest first.

    Raises INVALID_ARGUMENT.
    """
    due = select(facts).where(
        facts.c.generation == generation,
        facts.c.next_order_start <= days_after(today, within_days),
    )
    if not include_overdue:
        due = due.where(facts.c.next_order_end >= today)
    found = _DUE.page(due, listing)
    return found.cut(await tx.all(found.statement))
