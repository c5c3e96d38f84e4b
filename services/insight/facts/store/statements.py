"""Every statement on the facts table."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update

from services.chassis.errors import not_found
from services.chassis.lists import filters
from services.chassis.lists.listing import Listing, Page
from services.chassis.store import AnyRow, ReadTransaction, Taken, WriteTransaction
from services.insight.facts.store.filtering import FilterTerms, fields, query
from services.insight.facts.store.table import facts
from services.insight.sources.store import Span

__all__ = [
    "count",
    "count_buyers",
    "get",
    "left_behind",
    "matching",
    "of_generation",
    "page",
    "remove",
    "remove_until",
    "save",
    "save_tags",
]

of_generation: Final = facts.c.generation == bindparam("generation")
_ALL: Final = select(facts).where(of_generation)
_GET: Final = _ALL.where(facts.c.customer == bindparam("key"))
_BUYERS: Final = (
    select(func.count()).select_from(facts).where(of_generation, facts.c.purchase_days > 0)
)
_COUNT: Final = (
    select(func.count()).select_from(facts).where(of_generation, Span.holds(facts.c.customer))
)
_LEFT_BEHIND: Final = (
    select(facts.c.customer)
    .where(of_generation, facts.c.customer > bindparam("after"), facts.c.as_of < bindparam("today"))
    .order_by(facts.c.customer)
    .limit(bindparam("most"))
)
_KEY: Final = ("generation", "customer")
# Tags belong to the rules: a row that is computed anew keeps them until they are evaluated.
_COMPUTED: Final = Taken(
    _KEY, tuple(c.name for c in facts.columns if c.name not in (*_KEY, "tags"))
)


async def get(tx: ReadTransaction, generation: int, customer: str, resource: str) -> AnyRow:
    """The row of a customer. Raises NOT_FOUND naming the resource that was asked for."""
    row = await tx.first(_GET, {"generation": generation, "key": customer})
    if row is None:
        raise not_found(resource)
    return row


async def page(
    tx: ReadTransaction,
    generation: int,
    terms: FilterTerms,
    listing: Listing,
) -> Page[AnyRow]:
    """A page of rows; its filter is read on the day of the terms. Raises INVALID_ARGUMENT."""
    found = query(terms.exponent).page(
        select(facts).where(facts.c.generation == generation),
        replace(listing, today=terms.day.date, zone=terms.day.zone),
    )
    return found.cut(await tx.all(found.statement))


async def matching(
    tx: ReadTransaction,
    generation: int,
    terms: FilterTerms,
    *,
    filter: str,
    examples: int,
) -> tuple[int, Sequence[AnyRow]]:
    """How many rows match a filter, and the first of them. Raises INVALID_ARGUMENT."""
    met = filters.compile(filter, fields(terms.exponent), today=terms.day.date, zone=terms.day.zone)
    found = select(facts).where(facts.c.generation == generation, met)
    count: int = await tx.scalar(
        select(func.count()).select_from(facts).where(facts.c.generation == generation, met)
    )
    return count, await tx.all(found.order_by(facts.c.customer).limit(examples))


async def left_behind(
    tx: ReadTransaction, generation: int, today: date, after: str, most: int
) -> list[str]:
    """The next customers after a name whose facts are of an earlier day, in order of name."""
    parameters = {"generation": generation, "today": today, "after": after, "most": most}
    return [row.customer for row in await tx.unscoped().all(_LEFT_BEHIND, parameters)]


async def save(tx: WriteTransaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows, in the order of the table's columns, over what is stored but for the tags."""
    await tx.unscoped().insert_rows(facts, rows, _COMPUTED)


async def save_tags(
    tx: WriteTransaction, generation: int, tags: Sequence[tuple[str, tuple[str, ...]]]
) -> None:
    """Writes the tags of each customer."""
    rows = [{"of": generation, "key": customer, "new_tags": given} for customer, given in tags]
    await tx.unscoped().run_many(_SAVE_TAGS, rows)


async def remove(tx: WriteTransaction, generation: int, customers: Sequence[str]) -> None:
    """Takes away the rows of customers that were deleted."""
    await tx.unscoped().run_many(
        _REMOVE, [{"of": generation, "key": customer} for customer in customers]
    )


async def remove_until(tx: WriteTransaction, generation: int, last: str) -> None:
    """Takes away the rows of the customers whose names don't come after one."""
    of_some = (facts.c.generation == generation, facts.c.customer <= last)
    await tx.unscoped().run(delete(facts).where(*of_some))


async def count(tx: ReadTransaction, generation: int, who: Span) -> int:
    """Customers of a span that have facts."""
    found: int = await tx.unscoped().scalar(_COUNT, {"generation": generation, **who.parameters()})
    return found


async def count_buyers(tx: ReadTransaction, generation: int) -> int:
    """Customers with at least one purchase day."""
    count: int = await tx.unscoped().scalar(_BUYERS, {"generation": generation})
    return count


_ONE: Final = (facts.c.generation == bindparam("of"), facts.c.customer == bindparam("key"))
_REMOVE: Final = delete(facts).where(*_ONE)
_SAVE_TAGS: Final = update(facts).where(*_ONE).values(tags=bindparam("new_tags"))
