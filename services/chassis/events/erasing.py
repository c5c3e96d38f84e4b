"""Forgetting: what the chassis keeps of a customer who is erased, and events that newer ones of the
same aggregate and type have superseded.

Positions are never given anew and readers pass the gaps: a log's end is kept apart from its events.
"""

from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final

from google.protobuf.message import Message
from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, select

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.events.parking import forget_parked_of
from services.chassis.store import ChassisTables, Store, WriteTransaction
from services.chassis.store.columns import microseconds
from services.chassis.store.idempotency import forget_replies

__all__ = ["Compaction", "erase", "forget"]

_EVERY_SECONDS: Final = 24 * 3_600.0
# How many events one read looks through; a partition key's are looked through together.
_SLICE: Final = 5_000
# How many one transaction takes away: SQLite has one writer, and others wait for it.
_TAKEN_AT_ONCE: Final = 200
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
    log, in this transaction; returns how many went. What else the chassis keeps of the customer
    goes with them, see `forget`.

    `also` are other keys of the same customer, from before a merge. The caller sees to it that
    nothing is written for them at the same time: it locks the customer's row first, changes its own
    tables, and calls this last, in a transaction without a snapshot (`store.write(work,
    snapshot=False)`; in a reaction, `needs_snapshot`). One with a snapshot is as old as its first
    statement: it would not see what a writer committed for whom it had to wait. Raises RuntimeError
    for it. Readers of the log forget what they derived when the event reaches them; a reader that
    has told of the customer in a log of its own erases in its turn.
    """
    _expect_no_snapshot(tx)
    log, names = tables.event_log, [partition_key, *also]
    gone = await tx.run(delete(log).where(log.c.partition_key.in_(names)))
    await forget(tx, tables, names)
    tx.emit(
        event,
        aggregate_type=aggregate_type,
        aggregate_id=aggregate_id,
        partition_key=partition_key,
    )
    return gone


async def forget(tx: WriteTransaction, tables: ChassisTables, names: Collection[str]) -> None:
    """What the chassis keeps for a while in any service that knew the customer, who erases and who
    hears of it: replies to requests with an id, and parked events.

    A reply goes where it names the customer, alone or among others; repeated, its request is
    refused (REPLY_ERASED), not carried out again. Takes a transaction without a snapshot, as
    `erase` does: a reply that is given while a reaction waits would stay. Raises RuntimeError.
    """
    _expect_no_snapshot(tx)
    await forget_replies(tx, tables, names)
    await forget_parked_of(tx, tables, names)


def _expect_no_snapshot(tx: WriteTransaction) -> None:
    if tx.snapshot:
        raise RuntimeError(
            "erase and forget in a transaction without a snapshot, which hides what comes late: "
            "store.write(…, snapshot=False), or a reaction that says so by needs_snapshot"
        )


class Compaction:
    """Takes events out of the log that are older than the retention and superseded: a newer event
    of the same aggregate carries it whole.

    The newest of each type stays, so that a reader which knows some types only, or has learned of
    one, still finds the newest that it can read; and the newest under each partition key, for
    readers of one partition don't see what moved to another. Goes through the log key by key: each
    event is looked at once, by reads, and what goes is taken away in small transactions.
    """

    def __init__(
        self, store: Store, retention: timedelta, *, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        self._store = store
        self._log = store.tables.event_log
        self._retention = retention
        self._every_seconds = every_seconds
        self._through = ""
        self._key_ahead = _key_ahead(self._log)
        key = self._log.c.partition_key
        onward = key > bindparam("after")
        self._superseded = _superseded(self._log, onward & (key <= bindparam("through")))
        self._superseded_at_the_end = _superseded(self._log, onward)

    async def run(self) -> None:
        """Runs until cancelled, at the start and day by day."""
        await repeat("compaction", self._step, every_seconds=self._every_seconds)

    @classmethod
    def tasks(
        cls, store: Store, retention_days: int | None
    ) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """The background task, where there is a retention."""
        if retention_days is None:
            return []
        return [cls(store, timedelta(days=retention_days)).run]

    async def _step(self) -> bool:
        """Goes through the next keys; whether there may be more."""
        ahead, superseded = await self._look()
        for start in range(0, len(superseded), _TAKEN_AT_ONCE):
            await self._take(superseded[start : start + _TAKEN_AT_ONCE])
        self._through = ahead or ""
        return ahead is not None

    async def _look(self) -> tuple[str | None, Sequence[int]]:
        """The last key of the slice, None for the end of the log, and what is superseded in it."""
        after = {"after": self._through}
        async with self._store.read(caller=_SYSTEM) as tx:
            ahead: str | None = await tx.scalar(self._key_ahead, after)
            old = {**after, "before": microseconds(tx.now - self._retention) // 1_000}
            if ahead is None:
                rows = await tx.all(self._superseded_at_the_end, old)
            else:
                rows = await tx.all(self._superseded, {**old, "through": ahead})
        return ahead, [row.sequence for row in rows]

    async def _take(self, sequences: Sequence[int]) -> None:
        """What is superseded stays so, whatever was committed since it was looked for."""
        gone = delete(self._log).where(self._log.c.sequence.in_(sequences))
        await self._store.write(lambda tx: tx.run(gone), caller=_SYSTEM)


def _key_ahead(log: Table) -> Select[str]:
    """The partition key a slice further on; read from the index alone."""
    key = log.c.partition_key
    return select(key).where(key > bindparam("after")).order_by(key).offset(_SLICE).limit(1)


def _superseded(log: Table, looked_at: ColumnElement[bool]) -> Select[int]:
    """Those of the events looked at that have a newer one of their kind among them."""
    kind = (log.c.partition_key, log.c.aggregatetype, log.c.aggregateid, log.c.type)
    newest = func.max(log.c.position).over(partition_by=kind).label("newest")
    each = (
        select(log.c.sequence, log.c.position, log.c.time_ms, newest)
        .where(looked_at)
        .subquery("each")
    )
    return select(each.c.sequence).where(
        each.c.position < each.c.newest, each.c.time_ms < bindparam("before")
    )
