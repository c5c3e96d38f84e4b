"""Parked events: what a reaction could not apply, kept in the reader's store until replayed.

They are of one epoch of their log. Positions of another mean nothing beside it: replayed, such an
event would pass for newer than all that has come since.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import delete, insert, select

from services.chassis.caller import Caller
from services.chassis.errors import failed_precondition, not_found
from services.chassis.events.reaction import Reaction
from services.chassis.store import AnyRow, ReadTransaction, Store, WriteTransaction
from services.chassis.store.mentions import mentions
from services.chassis.store.tables import ChassisTables

__all__ = [
    "ParkedEvent",
    "forget_parked",
    "forget_parked_of",
    "list_parked",
    "park",
    "replay",
    "replay_all",
]

_log = structlog.get_logger("replay")

_ERROR_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was set aside, and why."""

    id: str
    consumer: str
    feed: str
    epoch: str
    event: Event
    error: str
    park_time: datetime


async def park(
    tx: WriteTransaction,
    tables: ChassisTables,
    event: Event,
    error: Exception,
    *,
    consumer: str,
    feed: str,
    epoch: str,
) -> ParkedEvent:
    """Sets the event aside, in the transaction that moves the cursor past it; once, also where a
    new derivation reads it again."""
    parked = ParkedEvent(
        id=tx.new_id(),
        consumer=consumer,
        feed=feed,
        epoch=epoch,
        event=event,
        error=f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS],
        park_time=tx.now,
    )
    table = tables.parked_events
    await tx.run(
        delete(table).where(
            table.c.consumer == consumer,
            table.c.feed == feed,
            table.c.epoch == epoch,
            table.c.position == event.position,
        )
    )
    await tx.run(
        insert(table).values(
            id=parked.id,
            consumer=consumer,
            feed=feed,
            epoch=epoch,
            position=event.position,
            event=event.SerializeToString(),
            error=parked.error,
            park_time=parked.park_time,
        )
    )
    return parked


async def forget_parked(
    tx: WriteTransaction, tables: ChassisTables, *, consumer: str, feed: str, other_than: str
) -> None:
    """Forgets what was parked in other epochs: the log is read anew from its beginning."""
    table = tables.parked_events
    await tx.run(
        delete(table).where(
            table.c.consumer == consumer, table.c.feed == feed, table.c.epoch != other_than
        )
    )


async def forget_parked_of(
    tx: WriteTransaction, tables: ChassisTables, names: Collection[str]
) -> int:
    """Forgets parked events that tell of these resources, with why they were parked; returns how
    many."""
    table = tables.parked_events
    return await tx.run(delete(table).where(mentions(table.c.event, names)))


async def list_parked(tx: ReadTransaction, tables: ChassisTables) -> Sequence[ParkedEvent]:
    """What is parked, oldest first."""
    table = tables.parked_events
    return [_parked(row) for row in await tx.all(select(table).order_by(table.c.id))]


async def replay(store: Store, reaction: Reaction, parked_id: str) -> None:
    """Applies a parked event and forgets it, in one transaction.

    Raises NOT_FOUND, FAILED_PRECONDITION (EVENT_OF_ANOTHER_LOG) where the feed has had another
    epoch since, and whatever the reaction raises if it still can't apply the event.
    """
    table, caller = store.tables.parked_events, Caller.system("replay")
    kept = select(table).where(table.c.id == parked_id)
    async with store.read(caller=caller) as reading:
        parked = _found(await reading.first(kept), parked_id)

    async def work(tx: WriteTransaction) -> None:
        row = _found(await tx.first(kept.with_for_update()), parked_id)
        if await _epoch_read(tx, store.tables, row.feed) not in (None, row.epoch):
            raise failed_precondition(
                "EVENT_OF_ANOTHER_LOG",
                f"the log of {row.feed} was replaced since this event was parked",
                feed=row.feed,
            )
        await tx.run(delete(table).where(table.c.id == parked_id))
        await reaction.apply(tx, [_parked(row).event])

    snapshot = reaction.needs_snapshot([_parked(parked).event])
    await store.write(work, caller=caller, snapshot=snapshot)


async def replay_all(store: Store, reaction: Reaction) -> None:
    """Applies every parked event again, oldest first; says in the log what became of each."""
    async with store.read(caller=Caller.system("replay")) as tx:
        parked = await list_parked(tx, store.tables)
    applied = 0
    for each in parked:
        try:
            await replay(store, reaction, each.id)
        except Exception as error:  # whatever it was that had it parked
            _log.error("still can't be applied", parked=each.id, error=str(error))
        else:
            applied += 1
            _log.info("applied", parked=each.id, type=each.event.type)
    _log.info("replayed", applied=applied, still_parked=len(parked) - applied)


async def _epoch_read(tx: ReadTransaction, tables: ChassisTables, feed: str) -> str | None:
    """The epoch in which the feed was read last; None before the first reading."""
    cursors = tables.feed_cursors
    read = select(cursors.c.epoch).where(cursors.c.feed == feed, cursors.c.epoch != "")
    epoch: str | None = await tx.scalar(read.order_by(cursors.c.update_time.desc()).limit(1))
    return epoch


def _found(row: AnyRow | None, parked_id: str) -> AnyRow:
    if row is None:
        raise not_found(f"parked event {parked_id}")
    return row


def _parked(row: AnyRow) -> ParkedEvent:
    return ParkedEvent(
        id=row.id,
        consumer=row.consumer,
        feed=row.feed,
        epoch=row.epoch,
        event=Event.FromString(row.event),
        error=row.error,
        park_time=row.park_time,
    )
