"""The table of accounts and every statement on it; no rule, no message."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    delete,
    select,
)

from services.chassis.caller import Caller, Scope
from services.chassis.store import (
    Name,
    Named,
    Owned,
    ReadTransaction,
    RenewedMirror,
    Through,
    WriteTransaction,
)
from services.chassis.store.sight import sees
from services.sales.accounts.model import Account
from services.sales.metadata import metadata

__all__ = [
    "accounts",
    "collaborators",
    "in_sight",
    "mirror",
    "only_read",
    "put_in_use",
    "save_many",
    "seen",
]

# Filled from the customer service's events alone; seen as the customer is.
accounts = Table(
    "accounts",
    metadata,
    Column("customer", Name, primary_key=True),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
    # A person's own customers, or a team's, and thereby what is kept of them.
    Index("ix_accounts_owner", "owner", "customer"),
    Index("ix_accounts_team", "team", "customer"),
    info={
        "sight": Owned(
            "owner",
            "team",
            named=(Named("account_collaborators", "customer", access="access", key="customer"),),
        )
    },
)

# Who else sees (READ) or works on (WORK) a customer and what is kept of them.
collaborators = Table(
    "account_collaborators",
    metadata,
    Column("customer", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("access", Name, nullable=False),
    PrimaryKeyConstraint("customer", "subject"),
    Index("ix_account_collaborators_subject", "subject", "customer", "access"),
    info={"sight": Through("customer", "accounts", "customer")},
)

mirror: Final = RenewedMirror(accounts)

_SEEN: Final = select(accounts.c.customer, accounts.c.deleted).where(
    accounts.c.customer.in_(bindparam("keys", expanding=True))
)


async def seen(tx: ReadTransaction, customers: Collection[str]) -> dict[str, bool]:
    """The customers (at most 30,000) in the caller's sight, and whether each is deleted."""
    if not customers:
        return {}
    rows = await tx.all(_SEEN, {"keys": list(customers)})
    return {row.customer: row.deleted for row in rows}


def in_sight(caller: Caller, told: Iterable[Account]) -> list[Account]:
    """Those of the accounts that the caller will see once they are here; who else works on a
    customer isn't known before."""
    return [each for each in told if sees(caller, accounts, each)]


async def only_read(tx: WriteTransaction, customers: Collection[str]) -> set[str]:
    """Which of the customers (at most 30,000) the caller sees and may write nothing for."""
    if tx.caller.scope is Scope.ALL:
        return set()
    return await tx.only_read(accounts, (await seen(tx, customers)).keys())


async def save_many(tx: WriteTransaction, told: Iterable[Account]) -> None:
    """Writes accounts, one for each customer at most; one that is known newer stays."""
    await mirror.keep(
        tx, ((each.customer, each.owner, each.team, each.deleted, each.position) for each in told)
    )


async def put_in_use(tx: WriteTransaction) -> None:
    """What a log told that began anew is in use, now that it is read. Accounts of which it told
    nothing are forgotten, with who collaborates: until then they say who sees whose orders."""
    await tx.run(delete(collaborators).where(collaborators.c.customer.in_(mirror.gone)))
    await mirror.put_in_use(tx)
