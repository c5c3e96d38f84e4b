"""Rows that are kept of another service's records, as its events tell them: what is known newer
stays, and a log that begins anew takes nothing away before it is read."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, update

from services.chassis.store.bulk import Taken
from services.chassis.store.sessions import WriteTransaction

__all__ = ["Mirror"]

# As of no event of the log that is read: that of the first is 1.
_MARKED: Final = 0


class Mirror:
    """The rows of a table whose `position` is that of the event which told the row: an older one,
    which may come again, changes nothing. 0 where it was told by the log before, or asked for, so
    that any event of this log is newer."""

    def __init__(self, table: Table) -> None:
        """What isn't the key is what events tell."""
        (key,) = table.primary_key.columns
        told = tuple(column.name for column in table.columns if column is not key)
        self._table = table
        self._taken = Taken(key=(key.name,), update=told, newest="position")

    @property
    def marked(self) -> ColumnElement[bool]:
        """Whether no event has told a row since all were marked."""
        return self._table.c.position == _MARKED

    async def keep(self, tx: WriteTransaction, rows: Iterable[tuple[Any, ...]]) -> None:
        """Writes rows, one for each key at most; one that is known newer stays."""
        await tx.insert_rows(self._table, list(rows), self._taken)

    async def mark_all(self, tx: WriteTransaction) -> None:
        """Marks every row as told by the log before: it begins anew and will tell them again.
        Until then they are what there is."""
        await tx.run(update(self._table).values(position=_MARKED))

    async def remove_marked(self, tx: WriteTransaction) -> None:
        """Forgets what no event has told since it was marked."""
        await tx.run(delete(self._table).where(self.marked))
