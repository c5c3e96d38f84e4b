"""Transactions that left the rules for later, by generation, and every statement on them.

A row is written with what the rules have yet to be asked about, and taken away by the evaluation
that began after it and asked them about everyone. Rows are only added, so that replicas never wait
for one another.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table, bindparam, delete, func, select

from services.chassis.store import Name, ReadTransaction, Shared, UtcTime, WriteTransaction
from services.insight.feeds.model import OwedRules
from services.insight.metadata import metadata

__all__ = ["forget_owed", "owe_rules", "owed_rules", "owed_since", "rules_owed", "settle_rules"]

rules_owed = Table(
    "rules_owed",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("id", Name, nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("generation", "id"),
    info={"sight": Shared()},
)

_OF_GENERATION: Final = rules_owed.c.generation == bindparam("of")
_IDS: Final = select(rules_owed.c.id).where(_OF_GENERATION)
_SINCE: Final = select(func.min(rules_owed.c.since)).where(_OF_GENERATION)
_SETTLE: Final = delete(rules_owed).where(_OF_GENERATION, rules_owed.c.id == bindparam("key"))


async def owe_rules(tx: WriteTransaction, generation: int) -> None:
    """Notes that this transaction leaves the rules for later."""
    await tx.insert_rows(rules_owed, [(generation, tx.new_id(), tx.now)])


async def owed_since(tx: ReadTransaction, generation: int) -> datetime | None:
    """Since when rules are owed; None where they are not."""
    since: datetime | None = await tx.scalar(_SINCE, {"of": generation})
    return since


async def owed_rules(tx: ReadTransaction, generation: int) -> OwedRules:
    """What an evaluation of everyone that begins now makes up for."""
    return OwedRules(tuple(row.id for row in await tx.all(_IDS, {"of": generation})))


async def settle_rules(tx: WriteTransaction, generation: int, owed: OwedRules) -> None:
    """Forgets what has been made up for; what was owed meanwhile stays."""
    await tx.run_many(_SETTLE, [{"of": generation, "key": each} for each in owed.ids])


async def forget_owed(tx: WriteTransaction, generation: int) -> None:
    """Forgets what a generation that is no more has owed."""
    await tx.run(delete(rules_owed).where(rules_owed.c.generation == generation))
