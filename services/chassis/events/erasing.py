"""Taking events out of the log: those of a customer who is erased, and those that newer ones of the
same aggregate have superseded.

Positions are never given anew and readers pass the gaps: a log's end is kept apart from its events.
"""

from collections.abc import Callable, Collection, Coroutine
from datetime import timedelta
from typing import Any, Final

from google.protobuf.message import Message
from sqlalchemy import delete, func, select

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.store import ChassisTables, Store, WriteTransaction
from services.chassis.store.columns import microseconds

__all__ = ["Compaction", "erase"]

_EVERY_SECONDS: Final = 24 * 3_600.0
_MOST_AT_ONCE: Final = 50_000
_SYSTEM: Final = Caller.system("compaction")


async def erase(
    tx: WriteTransaction,
    tables: ChassisTables,
    event: Message,
    *,
    aggregate_type: str,
    aggregate_id: str,
    partition_key: str,
    also: Collection[str] = (),
) -> int:
    """Appends the event that says so, and takes every earlier one of the partition key out of the
    log, in this transaction; returns how many went.

    `also` are other keys of the same customer, from before a merge. The caller sees to it that
    nothing is written for them at the same time: it locks the customer's row first. Readers of the
    log forget what they derived when the event reaches them.
    """
    log = tables.event_log
    gone = await tx.run(delete(log).where(log.c.partition_key.in_([partition_key, *also])))
    tx.emit(
        event,
        aggregate_type=aggregate_type,
        aggregate_id=aggregate_id,
        partition_key=partition_key,
    )
    return gone


class Compaction:
    """Takes events out of the log that are older than the retention and superseded: a newer event
    of the same aggregate carries it whole."""

    def __init__(
        self, store: Store, retention: timedelta, *, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        self._store = store
        self._retention = retention
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Runs until cancelled, at the start and day by day."""
        await repeat("compaction", self._compact, every_seconds=self._every_seconds)

    @classmethod
    def tasks(
        cls, store: Store, retention_days: int | None
    ) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """The background task, where there is a retention."""
        if retention_days is None:
            return []
        return [cls(store, timedelta(days=retention_days)).run]

    async def _compact(self) -> bool:
        """Some of them; whether there may be more."""
        return await self._store.write(self._take_some, caller=_SYSTEM) == _MOST_AT_ONCE

    async def _take_some(self, tx: WriteTransaction) -> int:
        log = self._store.tables.event_log
        newest = (
            select(
                log.c.aggregatetype,
                log.c.aggregateid,
                func.max(log.c.position).label("position"),
            )
            .group_by(log.c.aggregatetype, log.c.aggregateid)
            .subquery("newest")
        )
        superseded = (
            select(log.c.sequence)
            .join_from(
                log,
                newest,
                (log.c.aggregatetype == newest.c.aggregatetype)
                & (log.c.aggregateid == newest.c.aggregateid),
            )
            .where(
                log.c.position < newest.c.position,
                log.c.time_ms < microseconds(tx.now - self._retention) // 1_000,
            )
            .limit(_MOST_AT_ONCE)
        )
        return await tx.run(delete(log).where(log.c.sequence.in_(superseded)))
