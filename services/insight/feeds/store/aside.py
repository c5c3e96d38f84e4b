"""The customers that could not be evaluated, by generation, and every statement on them."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
)

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
    "count_aside",
    "forget_aside",
    "names_aside",
    "next_aside",
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
    info={"sight": Shared()},
)


class Selected(Protocol):
    """Some customers: a `Selection` of sources, which aren't known here."""

    @classmethod
    def holds(cls, column: ColumnElement[str]) -> ColumnElement[bool]: ...

    def parameters(self) -> Mapping[str, Any]: ...


_OF_GENERATION: Final = set_asides.c.generation == bindparam("generation")
_COUNT: Final = select(func.count()).select_from(set_asides).where(_OF_GENERATION)
_NEXT: Final = (
    select(set_asides.c.customer)
    .where(_OF_GENERATION, set_asides.c.customer > bindparam("after"))
    .order_by(set_asides.c.customer)
    .limit(bindparam("most"))
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


async def names_aside(tx: ReadTransaction, generation: int, who: Selected) -> list[str]:
    """Those of the selected customers that are set aside."""
    parameters = {"generation": generation, **who.parameters()}
    return [row.customer for row in await tx.all(_among(type(who)), parameters)]


async def next_aside(tx: ReadTransaction, generation: int, after: str, most: int) -> list[str]:
    """The next customers after a name that are set aside, in order of name."""
    parameters = {"generation": generation, "after": after, "most": most}
    return [row.customer for row in await tx.all(_NEXT, parameters)]


async def count_aside(tx: ReadTransaction, generation: int) -> int:
    """How many customers are set aside."""
    count: int = await tx.scalar(_COUNT, {"generation": generation})
    return count


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
    page = found.cut(await tx.all(found.statement))
    return page.with_rows(
        [SetAside(row.customer, row.error, row.set_aside_time) for row in page.rows]
    )


@cache
def _among(kind: type[Selected]) -> Select[*tuple[Any, ...]]:
    return select(set_asides.c.customer).where(_OF_GENERATION, kind.holds(set_asides.c.customer))
