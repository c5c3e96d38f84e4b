"""How far a reader has applied another service's log: rows of `feed_cursors`, fenced by position.

A cursor moves in the transaction that applies the events, and only from where its reader saw it. So
two replicas that hold the same events apply them once.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from services.chassis.errors import StartRefused
from services.chassis.events.derivation import is_derivation_of
from services.chassis.store import ChassisTables, ReadTransaction, WriteTransaction

__all__ = ["Cursor", "Cursors", "Fenced"]

# Longer than any rollout or way back, and than a log is quiet in which there is something to read.
_UNUSED = timedelta(days=90)


class Fenced(Exception):
    """Another replica is applying this partition, or has moved its cursor."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last applied position of a partition, in one epoch of the log ("" before the first)."""

    partition: int
    position: int
    epoch: str


class Cursors:
    """The cursors of one consumer on one feed."""

    def __init__(
        self, tables: ChassisTables, *, consumer: str, feed: str, partition_count: int
    ) -> None:
        self._table = tables.feed_cursors
        self._consumer = consumer
        self._feed = feed
        self._count = partition_count

    async def prepare(self, tx: WriteTransaction) -> None:
        """Makes the rows that are missing.

        Going from 4 partitions to 8, partition 6 begins where 2 stands: its events were all in 2.
        The other way there is no such place, so it is refused (StartRefused).
        """
        table = self._table
        known = {
            row.partition: row
            for row in await tx.all(select(table).where(self._mine()).with_for_update())
        }
        if len(known) == self._count:
            return
        if len(known) > self._count or (known and self._count % len(known)):
            raise StartRefused(
                f"{self._consumer} reads {self._feed} in {len(known)} partitions; their number can "
                f"be multiplied but not become {self._count}"
            )
        if known:
            grown = update(table).where(self._mine()).values(partition_count=self._count)
            await tx.run(grown)
        await tx.run_many(
            insert(table),
            [
                {
                    "consumer": self._consumer,
                    "feed": self._feed,
                    "partition": partition,
                    "partition_count": self._count,
                    "position": known[partition % len(known)].position if known else 0,
                    "epoch": known[partition % len(known)].epoch if known else "",
                    "update_time": tx.now,
                }
                for partition in range(len(known), self._count)
            ],
        )

    async def forget_unused(self, tx: WriteTransaction, reader: str) -> None:
        """Removes the cursors of a reader's other derivations that nobody has moved for long.

        A version that is rolled back to after all that time reads from the beginning, as if new.
        """
        table = self._table
        moved = await self._derivations(tx, reader)
        unused = [
            each
            for each, last in moved.items()
            if each != self._consumer and last < tx.now - _UNUSED
        ]
        if unused:
            of_theirs = table.c.consumer.in_(unused)
            await tx.run(delete(table).where(table.c.feed == self._feed, of_theirs))

    async def load(self, tx: ReadTransaction, partition: int) -> Cursor:
        """Where the partition stands. Raises StartRefused where they were multiplied since."""
        table = self._table
        row = await tx.first(
            select(table.c.position, table.c.epoch, table.c.partition_count).where(
                self._mine(), table.c.partition == partition
            )
        )
        if row is None or row.partition_count != self._count:
            raise StartRefused(f"{self._feed} is not read in {self._count} partitions any more")
        return Cursor(partition, row.position, row.epoch)

    async def move(
        self, tx: WriteTransaction, cursor: Cursor, *, position: int, epoch: str
    ) -> Cursor:
        """Moves the cursor before its events are applied. Raises Fenced where another replica did.

        The row lock keeps other replicas out until commit; they pass on instead of waiting.
        """
        table = self._table
        here = (
            self._mine(),
            table.c.partition == cursor.partition,
            table.c.partition_count == self._count,
            table.c.position == cursor.position,
            table.c.epoch == cursor.epoch,
        )
        locked = select(table.c.position).where(*here).with_for_update(skip_locked=True)
        if await tx.scalar(locked) is None:
            raise Fenced
        moved = update(table).where(*here)
        await tx.run(moved.values(position=position, epoch=epoch, update_time=tx.now))
        return replace(cursor, position=position, epoch=epoch)

    async def restart(
        self, tx: WriteTransaction, cursor: Cursor, *, epoch: str, reader: str
    ) -> None:
        """Sends every partition back to the beginning of a new epoch, once, and those of the
        reader's other derivations, which fill the same tables: so the tables begin anew once, and
        whoever comes to the end of the log has told all of it since. Raises Fenced.
        """
        await self.move(tx, cursor, position=0, epoch=epoch)
        table = self._table
        readers = {self._consumer, *await self._derivations(tx, reader)}
        of_theirs = (table.c.feed == self._feed) & table.c.consumer.in_(readers)
        await tx.run(update(table).where(of_theirs).values(position=0, epoch=epoch))

    async def have_read(self, tx: ReadTransaction, *, epoch: str, through: int) -> bool:
        """Whether every partition has applied the log of this epoch through a position."""
        table = self._table
        behind = (table.c.epoch != epoch) | (table.c.position < through)
        found = select(table.c.position).where(self._mine(), behind)
        return await tx.scalar(found.limit(1)) is None

    async def were_of_another(self, tx: ReadTransaction, *, epoch: str) -> bool:
        """Whether readers of the feed in this store have read some log, and none of them this one's
        epoch: a derivation that begins finds what they derived of another log."""
        cursors = self._table.c
        of_feed = cursors.feed == self._feed
        epochs = await tx.all(select(cursors.epoch).where(of_feed, cursors.epoch != "").distinct())
        return bool(epochs) and epoch not in {row.epoch for row in epochs}

    async def _derivations(self, tx: ReadTransaction, reader: str) -> dict[str, datetime]:
        """The derivations of a reader on this feed, and when each was last moved."""
        table = self._table
        rows = await tx.all(
            select(table.c.consumer, func.max(table.c.update_time).label("moved"))
            .where(table.c.feed == self._feed)
            .group_by(table.c.consumer)
        )
        return {row.consumer: row.moved for row in rows if is_derivation_of(reader, row.consumer)}

    def _mine(self) -> ColumnElement[bool]:
        table = self._table
        return (table.c.consumer == self._consumer) & (table.c.feed == self._feed)
