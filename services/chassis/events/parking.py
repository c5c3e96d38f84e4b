"""Parked events: what a reaction could not apply, kept in the reader's store until replayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import delete, insert, select

from services.chassis.caller import Caller
from services.chassis.errors import not_found
from services.chassis.events.reaction import Reaction
from services.chassis.store import AnyRow, ReadTransaction, Store, WriteTransaction
from services.chassis.store.tables import ChassisTables

__all__ = ["ParkedEvent", "list_parked", "park", "replay", "replay_all"]

_log = structlog.get_logger("replay")

_ERROR_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that was set aside, and why."""

    id: str
    consumer: str
    feed: str
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
) -> ParkedEvent:
    """Sets the event aside, in the transaction that moves the cursor past it."""
    parked = ParkedEvent(
        id=tx.new_id(),
        consumer=consumer,
        feed=feed,
        event=event,
        error=f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS],
        park_time=tx.now,
    )
    await tx.run(
        insert(tables.parked_events).values(
            id=parked.id,
            consumer=consumer,
            feed=feed,
            position=event.position,
            event=event.SerializeToString(),
            error=parked.error,
            park_time=parked.park_time,
        )
    )
    return parked


async def list_parked(tx: ReadTransaction, tables: ChassisTables) -> Sequence[ParkedEvent]:
    """What is parked, oldest first."""
    table = tables.parked_events
    return [_parked(row) for row in await tx.all(select(table).order_by(table.c.id))]


async def replay(store: Store, reaction: Reaction, parked_id: str) -> None:
    """Applies a parked event and forgets it, in one transaction.

    Raises NOT_FOUND, and whatever the reaction raises if it still can't apply the event.
    """
    table = store.tables.parked_events

    async def work(tx: WriteTransaction) -> None:
        row = await tx.first(select(table).where(table.c.id == parked_id).with_for_update())
        if row is None:
            raise not_found(f"parked event {parked_id}")
        await tx.run(delete(table).where(table.c.id == parked_id))
        await reaction.apply(tx, [_parked(row).event])

    await store.write(work, caller=Caller.system("replay"))


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


def _parked(row: AnyRow) -> ParkedEvent:
    return ParkedEvent(
        id=row.id,
        consumer=row.consumer,
        feed=row.feed,
        event=Event.FromString(row.event),
        error=row.error,
        park_time=row.park_time,
    )
