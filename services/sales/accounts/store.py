"""The table of accounts and every statement on it; no rule, no message."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Table, bindparam, delete, select

from services.chassis.store import Name, Owned, ReadTransaction, Taken, WriteTransaction
from services.sales.accounts.model import Account
from services.sales.metadata import metadata

__all__ = ["accounts", "clear", "deleted", "save_many"]

# Filled from the customer service's events alone; seen as the customer is.
accounts = Table(
    "accounts",
    metadata,
    Column("customer", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("deleted", Boolean, nullable=False),
    # Of the event that told it: an older one, which may come again, changes nothing.
    Column("position", BigInteger, nullable=False),
    info={"scope": Owned("owner", "team")},
)

_TAKEN: Final = Taken(
    key=("customer",), update=("owner", "team", "deleted", "position"), newest="position"
)
_DELETED: Final = select(accounts.c.customer, accounts.c.deleted).where(
    accounts.c.customer.in_(bindparam("keys", expanding=True))
)


async def deleted(tx: ReadTransaction, customers: Collection[str]) -> dict[str, bool]:
    """Of each of the customers (at most 30,000) that is known, whether it is deleted."""
    if not customers:
        return {}
    rows = await tx.all(_DELETED, {"keys": list(customers)})
    return {row.customer: row.deleted for row in rows}


async def save_many(tx: WriteTransaction, told: Iterable[Account]) -> None:
    """Writes accounts, one for each customer at most; one that is known newer stays."""
    rows = [(each.customer, each.owner, each.team, each.deleted, each.position) for each in told]
    await tx.insert_rows(accounts, rows, _TAKEN)


async def clear(tx: WriteTransaction) -> None:
    """Forgets every account: the customer service's log begins anew and will tell them again."""
    await tx.run(delete(accounts))
