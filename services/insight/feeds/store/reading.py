"""Which generation is in use, the rebuilds, and what the cursors and parked events say; no rule."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)

from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.records import Records
from services.chassis.store import (
    AnyRow,
    ChassisTables,
    Choice,
    Name,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
    chassis_tables,
    upsert,
)
from services.insight.feeds.model import (
    FIRST_GENERATION,
    FeedPosition,
    Rebuild,
    RebuildState,
    consumer_of,
    generation_of,
)
from services.insight.metadata import metadata

__all__ = [
    "active_derivation",
    "active_generation",
    "applied_events",
    "base_currency",
    "change_basis",
    "forget_consumer",
    "hold_basis",
    "is_outdated",
    "keeps_active",
    "last_rebuild",
    "mark_outdated",
    "newest_generation",
    "page_of_parked",
    "parked_by",
    "positions",
    "prepare",
    "rebuilds",
    "superseded_generations",
    "use_generation",
]

read_model = Table(
    "read_model",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    Column("derivation", Name, nullable=False),
    Column("base_currency", Name, nullable=False),
    # Counts the changes of what everyone is judged by: rules, cut points, the generation in use.
    Column("basis", BigInteger, nullable=False),
    # A feed has another log than the generation in use was derived from, which is being rebuilt.
    Column("outdated", Boolean, nullable=False),
    info={"sight": Shared()},
)
_rebuilds = Table(
    "rebuilds",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("derivation", Name, nullable=False),
    Column("state", Choice(RebuildState), nullable=False),
    Column("applied_events", BigInteger, nullable=False),
    Column("total_events", BigInteger, nullable=False),
    Column("start_time", UtcTime, nullable=False),
    Column("end_time", UtcTime),
    Column("error", Text, nullable=False),
    info={"sight": Shared()},
)

rebuilds: Final = Records(_rebuilds, Rebuild)

_ROW: Final = 1
_ACTIVE: Final = select(read_model.c.generation).where(read_model.c.id == _ROW)
_CHANGE_BASIS: Final = (
    update(read_model).where(read_model.c.id == _ROW).values(basis=read_model.c.basis + 1)
)
_HOLD_BASIS: Final = (
    select(read_model.c.basis).where(read_model.c.id == _ROW).with_for_update(read=True)
)
_LAST: Final = rebuilds.all.order_by(rebuilds.c.generation.desc()).limit(1)
_NEWEST_OF: Final = select(func.max(rebuilds.c.generation)).where(
    rebuilds.c.derivation == bindparam("derivation")
)
_CHASSIS: Final[ChassisTables] = chassis_tables(metadata)
_CURSORS: Final = _CHASSIS.feed_cursors
_PARKED: Final = _CHASSIS.parked_events
_POSITIONS: Final = (
    select(_CURSORS.c.feed, _CURSORS.c.position, _CURSORS.c.epoch)
    .where(_CURSORS.c.consumer == bindparam("reader"))
    .order_by(_CURSORS.c.feed, _CURSORS.c.partition)
)
_CONSUMERS: Final = select(_CURSORS.c.consumer).distinct()
_PARKED_COUNTS: Final = (
    select(_PARKED.c.feed, func.count().label("parked"))
    .where(_PARKED.c.consumer == bindparam("reader"))
    .group_by(_PARKED.c.feed)
)
_PARKED_PAGES: Final = Query(
    fields={},
    order={"id": _PARKED.c.id},
    default_order="id",
    tie_breaker=_PARKED.c.id,
)


async def prepare(tx: WriteTransaction, base_currency: str, derivation: str) -> bool:
    """Makes the first generation active; False where the database is not new."""
    first = upsert(tx.dialect, read_model, key=("id",), update=())
    row = {
        "id": _ROW,
        "generation": FIRST_GENERATION,
        "derivation": derivation,
        "base_currency": base_currency,
        "basis": 0,
        "outdated": False,
    }
    return await tx.run(first, row) == 1


async def base_currency(tx: ReadTransaction) -> str:
    """The currency in which the amounts in the database are counted."""
    currency: str = await tx.scalar(select(read_model.c.base_currency), {})
    return currency


async def active_generation(tx: ReadTransaction) -> int:
    """The generation that answers are given from."""
    generation: int = await tx.scalar(_ACTIVE, {})
    return generation


async def active_derivation(tx: ReadTransaction) -> str:
    """By what the events of the generation in use were read."""
    derivation: str = await tx.scalar(select(read_model.c.derivation), {})
    return derivation


async def newest_generation(tx: ReadTransaction, derivation: str) -> int:
    """The last generation that was begun by a derivation, whatever became of it; 0 for none."""
    begun = await tx.scalar(_NEWEST_OF, {"derivation": derivation}) or 0
    if await active_derivation(tx) == derivation:
        return max(begun, await active_generation(tx))
    return int(begun)


async def keeps_active(tx: ReadTransaction, derivation: str) -> bool:
    """Whether the generation in use is for processes of a derivation to write to.

    What another version has begun after theirs is not: they read events otherwise. What it began
    before is followed until their own is in use.
    """
    return await active_generation(tx) <= await newest_generation(tx, derivation)


async def use_generation(
    tx: WriteTransaction, generation: int, derivation: str, *, instead_of: int
) -> bool:
    """Gives answers from another generation from now on; False where somebody else did it."""
    changed = (
        update(read_model)
        .where(read_model.c.id == _ROW, read_model.c.generation == instead_of)
        .values(
            generation=generation,
            derivation=derivation,
            basis=read_model.c.basis + 1,
            outdated=False,
        )
    )
    return await tx.run(changed) == 1


async def mark_outdated(tx: WriteTransaction, generation: int) -> None:
    """Says that a generation, where it is the one in use, tells of a log that is no more."""
    here = (read_model.c.id == _ROW, read_model.c.generation == generation)
    await tx.run(update(read_model).where(*here).values(outdated=True))


async def is_outdated(tx: ReadTransaction) -> bool:
    """Whether the generation in use tells of a log that is no more."""
    outdated: bool = await tx.scalar(select(read_model.c.outdated), {})
    return outdated


async def change_basis(tx: WriteTransaction) -> None:
    """Says that this transaction changes what everyone is judged by."""
    await tx.run(_CHANGE_BASIS)


async def hold_basis(tx: WriteTransaction) -> None:
    """Says, at its end, that this transaction has judged customers.

    PostgreSQL runs it again where the basis has changed since it began, and lets nobody change it
    until it ends. So whoever judges everyone on a new basis finds all that was judged on the old
    one, and nothing is judged on the old one any more.
    """
    await tx.scalar(_HOLD_BASIS, {})


async def last_rebuild(tx: ReadTransaction) -> Rebuild | None:
    """The rebuild in progress, or the last one."""
    found = await rebuilds.select(tx, _LAST)
    return found[0] if found else None


async def positions(tx: ReadTransaction, generation: int) -> dict[str, FeedPosition]:
    """How far the generation has read, by feed."""
    reader = {"reader": consumer_of(generation)}
    parked = {row.feed: row.parked for row in await tx.all(_PARKED_COUNTS, reader)}
    cursors: dict[str, list[AnyRow]] = {}
    for row in await tx.all(_POSITIONS, reader):
        cursors.setdefault(row.feed, []).append(row)
    return {
        feed: FeedPosition(
            tuple(row.position for row in rows),
            tuple(row.epoch for row in rows),
            parked.get(feed, 0),
        )
        for feed, rows in cursors.items()
    }


async def applied_events(tx: ReadTransaction, generation: int) -> int:
    """Events of all feeds that the generation has applied or parked."""
    return sum(max(each.partitions) for each in (await positions(tx, generation)).values())


async def superseded_generations(tx: ReadTransaction) -> list[int]:
    """The generations that have left traces and are neither in use nor being rebuilt."""
    consumers = [row.consumer for row in await tx.all(_CONSUMERS, {})]
    rebuild = await last_rebuild(tx)
    needed = {await active_generation(tx)}
    if rebuild is not None and rebuild.running:
        needed.add(rebuild.generation)
    found = {generation_of(consumer) for consumer in consumers}
    return sorted(each for each in found if each is not None and each not in needed)


async def page_of_parked(tx: ReadTransaction, generation: int, listing: Listing) -> Page[AnyRow]:
    """A page of what the generation has parked, oldest first. Raises INVALID_ARGUMENT."""
    parked = select(_PARKED).where(_PARKED.c.consumer == consumer_of(generation))
    found = _PARKED_PAGES.page(parked, listing)
    return found.cut(await tx.all(found.statement))


async def parked_by(tx: ReadTransaction, event: str) -> int | None:
    """The generation that has parked an event; None where it isn't parked any more."""
    consumer = await tx.scalar(select(_PARKED.c.consumer).where(_PARKED.c.id == event), {})
    return None if consumer is None else generation_of(consumer)


async def forget_consumer(tx: WriteTransaction, generation: int) -> None:
    """Forgets cursors and parked events of a generation that is no more."""
    for table in (_CURSORS, _PARKED):
        await tx.run(delete(table).where(table.c.consumer == consumer_of(generation)))
