"""The directory's edition: one row that every change of a user or a team raises.

What the directory promises as a whole (no team beneath itself, no e-mail twice, nobody in a removed
team) is read before it is written, by transactions that may not see each other's rows. Two of them
run into each other here, and one is run again.
"""

from typing import Final

from sqlalchemy import Column, Integer, Table, update

from services.chassis.store import Shared, WriteTransaction
from services.sales.metadata import metadata

__all__ = ["advance"]

# One row, 1, from the first migration on.
directory: Final = Table(
    "directory",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("edition", Integer, nullable=False),
    info={"sight": Shared()},
)

_ADVANCE: Final = update(directory).values(edition=directory.c.edition + 1)


async def advance(tx: WriteTransaction) -> None:
    """Whoever changes the directory does it after everybody who did, and has seen what they did."""
    await tx.run(_ADVANCE)
