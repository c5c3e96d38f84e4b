"""The table of colleagues and every statement on it; no rule, no message."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, bindparam, delete, select, update

from services.chassis.store import Name, ReadTransaction, Shared, Taken, WriteTransaction
from services.customer.colleagues.model import Colleague
from services.customer.metadata import metadata

__all__ = ["active_among", "is_empty", "mark_all", "remove_marked", "save_many"]

# As of no event of the log that is read: that of the first is 1.
_MARKED: Final = 0

# Filled from the directory's events alone.
colleagues = Table(
    "colleagues",
    metadata,
    Column("name", Name, primary_key=True),
    Column("active", Boolean, nullable=False),
    # Of the event that told it: an older one, which may come again, changes nothing. 0 where it was
    # told by the log before, so that any event of this one is newer.
    Column("position", BigInteger, nullable=False),
    info={"scope": Shared()},
)

_TAKEN: Final = Taken(key=("name",), update=("active", "position"), newest="position")
_AMONG: Final = select(colleagues.c.name, colleagues.c.active).where(
    colleagues.c.name.in_(bindparam("keys", expanding=True))
)
_SOMEBODY: Final = select(colleagues.c.name).limit(1)


async def is_empty(tx: ReadTransaction) -> bool:
    """Whether nobody is in the directory, as far as its events have come."""
    return await tx.first(_SOMEBODY) is None


async def active_among(tx: ReadTransaction, names: Collection[str]) -> dict[str, bool]:
    """Those of the names (at most 30,000) that are known, and whether each works here."""
    rows = await tx.all(_AMONG, {"keys": list(names)})
    return {row.name: row.active for row in rows}


async def save_many(tx: WriteTransaction, told: Iterable[Colleague]) -> None:
    """Writes colleagues, one row for each at most; one that is known newer stays."""
    rows = [(each.name, each.active, each.position) for each in told]
    await tx.insert_rows(colleagues, rows, _TAKEN)


async def mark_all(tx: WriteTransaction) -> None:
    """Marks everybody as told by the log before: it begins anew and will tell of them again."""
    await tx.run(update(colleagues).values(position=_MARKED))


async def remove_marked(tx: WriteTransaction) -> None:
    """Forgets those whom no event has told of since they were marked."""
    await tx.run(delete(colleagues).where(colleagues.c.position == _MARKED))
