"""By what other systems know the customers, and who is looking for them at the moment."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    delete,
    select,
    text,
)

from services.chassis.names import Template
from services.chassis.store import (
    Choice,
    Name,
    ReadTransaction,
    Shared,
    Taken,
    Through,
    UtcTime,
    WriteTransaction,
)
from services.customer.customers.model import Customer, Key, KeyKind
from services.customer.customers.store.customers import table as customers
from services.customer.metadata import metadata

__all__ = ["Holder", "add", "change", "holders", "take_turn"]

# Of one statement; PostgreSQL takes 32,767 parameters.
_MOST_KEYS: Final = 30_000
_EXTERNAL: Final = text("kind = 'EXTERNAL_ID'")

customer_keys = Table(
    "customer_keys",
    metadata,
    Column("key", Name, nullable=False),
    Column("kind", Choice(KeyKind), nullable=False),
    Column(
        "customer",
        Name(Template("customers/{customer}")),
        ForeignKey("customers.name"),
        nullable=False,
    ),
    PrimaryKeyConstraint("key", "kind", "customer"),
    Index("ix_customer_keys_customer", "customer"),
    # An id of a system is one customer's, also where two are given it at once.
    Index(
        "ux_customer_keys_external_id",
        "key",
        unique=True,
        postgresql_where=_EXTERNAL,
        sqlite_where=_EXTERNAL,
    ),
    info={"sight": Through("customer", "customers")},
)

# What is done by one at a time, and when it was done last. Nothing is read from it: two who look
# for one customer at once meet in its row.
customer_turns = Table(
    "customer_turns",
    metadata,
    Column("key", Name, primary_key=True),
    Column("turn_time", UtcTime, nullable=False),
    info={"sight": Shared()},
)

_HOLDERS: Final = (
    select(
        customer_keys.c.key, customer_keys.c.kind, customer_keys.c.customer, customers.c.delete_time
    )
    .join(customers, customers.c.name == customer_keys.c.customer)
    .where(customer_keys.c.key.in_(bindparam("keys", expanding=True)))
)
_FORGET: Final = delete(customer_keys).where(
    customer_keys.c.customer == bindparam("of_customer"),
    customer_keys.c.kind == bindparam("of_kind"),
    customer_keys.c.key == bindparam("of_key"),
)
_TURN: Final = Taken(key=("key",), update=("turn_time",))


class Holder(NamedTuple):
    """Who has a key; `delete_time` is None while they are alive."""

    customer: str
    delete_time: datetime | None


async def holders(tx: ReadTransaction, keys: Collection[Key]) -> dict[Key, list[Holder]]:
    """Which of the customers in the caller's sight have each of the keys."""
    asked, found = list(keys), dict[Key, list[Holder]]()
    for first in range(0, len(asked), _MOST_KEYS):
        texts = [each.key for each in asked[first : first + _MOST_KEYS]]
        for row in await tx.all(_HOLDERS, {"keys": texts}):
            holder = Holder(row.customer, row.delete_time)
            found.setdefault(Key(row.kind, row.key), []).append(holder)
    return {key: found[key] for key in asked if key in found}


async def take_turn(tx: WriteTransaction, things: Iterable[str]) -> None:
    """Waits for whoever is at one of these things at this moment: then one of the two is run again,
    and finds what the other did."""
    # Everybody in one order: two who met in two would wait for each other.
    await tx.insert_rows(customer_turns, [(each, tx.now) for each in sorted(set(things))], _TURN)


async def add(tx: WriteTransaction, new: Iterable[Customer]) -> None:
    """Writes the keys of new customers."""
    rows = [(key.key, key.kind, each.name) for each in new for key in sorted(each.keys)]
    await tx.insert_rows(customer_keys, rows)


async def change(tx: WriteTransaction, before: Customer, after: Customer) -> None:
    """Writes the keys of a customer anew."""
    for gone in before.keys - after.keys:
        parameters = {"of_customer": after.name, "of_kind": gone.kind, "of_key": gone.key}
        await tx.run(_FORGET, parameters)
    new = sorted(after.keys - before.keys)
    await tx.insert_rows(customer_keys, [(key.key, key.kind, after.name) for key in new])
