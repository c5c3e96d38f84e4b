"""The table of colleagues and every statement on it; no rule, no message."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, bindparam, select

from services.chassis.store import Mirror, Name, ReadTransaction, Shared, WriteTransaction
from services.customer.colleagues.model import Colleague
from services.customer.metadata import metadata

__all__ = ["active_among", "is_empty", "mirror", "save_many"]

# Filled from the directory's events alone.
colleagues = Table(
    "colleagues",
    metadata,
    Column("name", Name, primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
    info={"sight": Shared()},
)

mirror: Final = Mirror(colleagues)

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
    await mirror.keep(tx, ((each.name, each.active, each.position) for each in told))
