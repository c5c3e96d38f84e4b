"""One service's event log: gives committed events their positions, reads them, and wakes readers.

Events enter it through `WriteTransaction.emit`; who calls `sequence` is the sequencer.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import BigInteger, Select, Table, Update, bindparam, func, select, update

from services.chassis.caller import Caller
from services.chassis.store import AnyRow, Store, WriteTransaction, upsert

__all__ = ["EventLog", "Stretch", "Watch"]

_SYSTEM = Caller.system("event-log")
_BATCH = 5_000
_EPOCH_ROW = 1
# How many positions one statement looks at: a partition's events lie between those of the others.
_WINDOW = 10_000
_STRETCH_BYTES = 2_000_000  # a message may have 4 MB


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of one partition: rows of `event_log`, complete up to `through_position`."""

    rows: Sequence[AnyRow]
    through_position: int


class Watch:
    """One reader waiting for events of its partition."""

    def __init__(self, partition: int, partition_count: int) -> None:
        self.partition = partition
        self.partition_count = partition_count
        self._changed = asyncio.Event()

    async def changed(self, timeout_seconds: float) -> bool:
        """Waits until there may be new events; False when the time is over."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def tell(self) -> None:
        self._changed.set()


class EventLog:
    """The log in one store, as one process sees it: another replica may have moved it on since.

    `epoch` identifies the log; `head_position` and `head_time_ms` are those of the newest event
    that this process knows to have been given a position.
    """

    def __init__(self, store: Store, epoch: str) -> None:
        self.epoch = epoch
        self.head_position = 0
        self.head_time_ms = 0
        self.store = store
        self._table = store.tables.event_log
        self._assign = _assign_positions(self._table)
        self._next = _events_after(self._table)
        self._end = store.tables.feed_epoch
        self._stands = select(self._end)
        self._waiting = _waiting(self._table)
        self._watches: set[Watch] = set()

    @classmethod
    async def open(cls, store: Store) -> Self:
        """Opens the log of the store, giving it an epoch if it is new."""
        log = cls(store, await _epoch(store))
        await log.refresh()
        return log

    async def sequence(self) -> int:
        """Gives committed events their positions, in order; returns how many were given.

        Positions are dense and given after commit, by one statement under a lock. So an event of a
        slow transaction gets a later position than one that overtook it, and a reader that has seen
        a position has seen everything before it. Within one aggregate the order is that of commit.
        """
        given = 0
        while await self._any_waiting():
            rows = await self.store.write(self._assign_batch, caller=_SYSTEM, snapshot=False)
            if not rows:
                break  # another replica was faster
            self._advance(rows)
            given += len(rows)
        return given

    async def refresh(self) -> None:
        """Looks how far other replicas have moved the log, and whether it is still the same one;
        tells those who wait for it."""
        async with self.store.read(caller=_SYSTEM) as tx:
            now = await tx.first(self._stands, {})
        if now is None or (now.epoch == self.epoch and now.head_position <= self.head_position):
            return
        self.epoch = now.epoch
        self.head_position, self.head_time_ms = now.head_position, now.head_time_ms
        for watch in self._watches:
            watch.tell()

    async def stretch(
        self, *, partition: int, partition_count: int, after: int, max_events: int
    ) -> Stretch:
        """The next events of a partition, up to the head; at least one if there is any."""
        head = self.head_position
        through = after
        while through < head:
            window_end = min(through + _WINDOW, head)
            async with self.store.read(caller=_SYSTEM) as tx:
                rows = await tx.all(
                    self._next,
                    {
                        "after": through,
                        "through": window_end,
                        "partition": partition,
                        "partition_count": partition_count,
                        "max_events": max_events,
                    },
                )
            if rows:
                taken = _within_bytes(rows)
                cut = len(taken) < len(rows) or len(rows) == max_events
                return Stretch(taken, taken[-1].position if cut else window_end)
            through = window_end
        return Stretch((), through)

    @contextmanager
    def watch(self, partition: int, partition_count: int) -> Iterator[Watch]:
        """Watches a partition; begun before the first look, it misses nothing."""
        watch = Watch(partition, partition_count)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def renew_epoch(self) -> str:
        """Gives the log a new identity, after its store was restored: every reader starts over.

        Other replicas see it when they look the next time.
        """
        self.epoch = await _write_epoch(self.store, renew=True)
        for watch in self._watches:
            watch.tell()
        return self.epoch

    async def _any_waiting(self) -> bool:
        async with self.store.read(caller=_SYSTEM) as tx:
            return await tx.scalar(self._waiting, {}) is not None

    async def _assign_batch(self, tx: WriteTransaction) -> Sequence[AnyRow]:
        # The row is held until commit, so one sequencer at a time gives positions. No snapshot, or
        # the next statement would not see what the previous holder committed.
        head = await tx.scalar(select(self._end.c.head_position).with_for_update())
        rows = await tx.all(self._assign, {"batch": _BATCH, "head": head})
        if rows:
            newest = max(rows, key=_position)
            moved = update(self._end).values(
                head_position=newest.position, head_time_ms=newest.time_ms
            )
            await tx.run(moved)
        return rows

    def _advance(self, rows: Sequence[AnyRow]) -> None:
        newest = max(rows, key=_position)
        if newest.position > self.head_position:
            self.head_position, self.head_time_ms = newest.position, newest.time_ms
        slots = {row.slot for row in rows}
        for watch in self._watches:
            if any(slot % watch.partition_count == watch.partition for slot in slots):
                watch.tell()


def _assign_positions(log: Table) -> Update:
    """The one statement: the same on both engines."""
    waiting = log.alias("waiting")
    batch = (
        select(waiting.c.sequence)
        .where(waiting.c.position.is_(None))
        .order_by(waiting.c.sequence)
        .limit(bindparam("batch"))
        .subquery("batch")
    )
    numbered = select(
        batch.c.sequence,
        (
            bindparam("head", type_=BigInteger) + func.row_number().over(order_by=batch.c.sequence)
        ).label("position"),
    ).subquery("numbered")
    return (
        update(log)
        .values(position=numbered.c.position)
        .where(log.c.sequence == numbered.c.sequence)
        .returning(log.c.position, log.c.slot, log.c.time_ms)
    )


def _events_after(log: Table) -> Select[*tuple[object, ...]]:
    return (
        select(
            log.c.id,
            log.c.position,
            log.c.aggregatetype,
            log.c.aggregateid,
            log.c.type,
            log.c.payload,
            log.c.time_ms,
            log.c.request_id,
            log.c.actor,
        )
        .where(
            log.c.position > bindparam("after"),
            log.c.position <= bindparam("through"),
            log.c.slot % bindparam("partition_count") == bindparam("partition"),
        )
        .order_by(log.c.position)
        .limit(bindparam("max_events"))
    )


def _waiting(table: Table) -> Select[int]:
    """One of the events that have no position yet."""
    return select(table.c.sequence).where(table.c.position.is_(None)).limit(1)


def _position(row: AnyRow) -> int:
    position: int = row.position
    return position


def _within_bytes(rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """As many rows as fit into a message, and never none."""
    size = 0
    for index, row in enumerate(rows):
        size += len(row.payload)
        if size > _STRETCH_BYTES and index > 0:
            return rows[:index]
    return rows


async def _epoch(store: Store) -> str:
    table = store.tables.feed_epoch
    async with store.read(caller=_SYSTEM) as tx:
        known: str | None = await tx.scalar(select(table.c.epoch))
    return known or await _write_epoch(store, renew=False)


async def _write_epoch(store: Store, *, renew: bool) -> str:
    table = store.tables.feed_epoch

    async def work(tx: WriteTransaction) -> str:
        insert = upsert(
            tx.dialect, table, key=("id",), update=("epoch", "create_time") if renew else ()
        )
        await tx.run(
            insert.values(
                id=_EPOCH_ROW,
                epoch=tx.new_id(),
                head_position=0,
                head_time_ms=0,
                create_time=tx.now,
            )
        )
        epoch: str = await tx.scalar(select(table.c.epoch))
        return epoch

    return await store.write(work, caller=_SYSTEM)
