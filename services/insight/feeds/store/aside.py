"""The customers that could not be evaluated, by generation, and every statement on them."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, Text, bindparam, delete, select

from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.store import (
    Name,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
    upsert,
)
from services.insight.feeds.model import SetAside
from services.insight.metadata import metadata

__all__ = [
    "forget_aside",
    "names_aside",
    "page_of_aside",
    "put_back",
    "set_aside",
    "set_asides",
]

set_asides = Table(
    "set_asides",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("customer", Name, nullable=False),
    Column("error", Text, nullable=False),
    Column("set_aside_time", UtcTime, nullable=False),
    PrimaryKeyConstraint("generation", "customer"),
    info={"scope": Shared()},
)

_NAMES: Final = (
    select(set_asides.c.customer)
    .where(set_asides.c.generation == bindparam("generation"))
    .order_by(set_asides.c.customer)
)
_PUT_BACK: Final = delete(set_asides).where(
    set_asides.c.generation == bindparam("of"), set_asides.c.customer == bindparam("key")
)
_PAGES: Final = Query(
    fields={},
    order={"customer": set_asides.c.customer},
    default_order="customer",
    tie_breaker=set_asides.c.customer,
)


async def names_aside(tx: ReadTransaction, generation: int) -> list[str]:
    """The customers that are set aside, in order of name."""
    return [row.customer for row in await tx.all(_NAMES, {"generation": generation})]


async def set_aside(tx: WriteTransaction, generation: int, customer: str, error: str) -> None:
    """Sets a customer aside; of one that was before, the error is the new one."""
    row = {
        "generation": generation,
        "customer": customer,
        "error": error,
        "set_aside_time": tx.now,
    }
    key = ("generation", "customer")
    await tx.run(upsert(tx.dialect, set_asides, key=key, update=("error",)), row)


async def put_back(tx: WriteTransaction, generation: int, customers: Sequence[str]) -> None:
    """Forgets that customers were set aside."""
    await tx.run_many(_PUT_BACK, [{"of": generation, "key": name} for name in customers])


async def forget_aside(tx: WriteTransaction, generation: int) -> None:
    """Forgets whom a generation that is no more has set aside."""
    await tx.run(delete(set_asides).where(set_asides.c.generation == generation))


async def page_of_aside(tx: ReadTransaction, generation: int, listing: Listing) -> Page[SetAside]:
    """A page of the customers that are set aside, by name. Raises INVALID_ARGUMENT."""
    found = _PAGES.page(select(set_asides).where(set_asides.c.generation == generation), listing)
    rows, next_page_token = found.cut(await tx.all(found.statement))
    kept = [SetAside(row.customer, row.error, row.set_aside_time) for row in rows]
    return Page(kept, next_page_token)
