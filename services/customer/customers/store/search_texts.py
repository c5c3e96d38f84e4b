"""What the customers are found by, written out: one row each, kept in the transaction that changes
the customer. The search reads it, and an index that is made of it afterwards; see `search`."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    text,
    update,
)

from services.chassis.store import Name, Shared, WriteTransaction
from services.chassis.turns import taking_turns
from services.customer.customers.model import Customer, search_text
from services.customer.customers.model.search_texts import VERSION
from services.customer.metadata import metadata

__all__ = ["add", "change", "rewrite", "search_texts"]

# Of an index's row PostgreSQL takes 2,700 bytes; what is longer is compared by its beginning.
_LONGEST_NAME: Final = 200

search_texts = Table(
    "customer_search_texts",
    metadata,
    Column("customer", Name, ForeignKey("customers.name"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # Whether the index of grams has the text as it is, and where: see `search.store`.
    Column("indexed", Boolean, nullable=False),
    Column("place", BigInteger),
    Index("ix_customer_search_texts_name", "name"),
    Index("ix_customer_search_texts_version", "version"),
    # As each engine is asked for it: SQLite knows no truth values.
    Index(
        "ix_customer_search_texts_not_indexed",
        "customer",
        postgresql_where=text("NOT indexed"),
        sqlite_where=text("indexed = 0"),
    ),
    Index("ux_customer_search_texts_place", "place", unique=True),
    # Read with a customer's row beside it and no other way: seen twice, each would be looked up
    # twice, and a search looks at thousands.
    info={"sight": Shared()},
)

_CHANGE: Final = (
    update(search_texts)
    .where(search_texts.c.customer == bindparam("of_customer"))
    .values(name=bindparam("new_name"), text=bindparam("new_text"), version=VERSION, indexed=False)
)


async def add(tx: WriteTransaction, new: Iterable[Customer]) -> None:
    """Writes what new customers are found by."""
    rows = []
    async for each in taking_turns(new):
        name, lines = search_text(each)
        rows.append((each.name, name[:_LONGEST_NAME], lines, VERSION, False, None))
    await tx.insert_rows(search_texts, rows)


async def change(tx: WriteTransaction, before: Customer, after: Customer) -> None:
    """Writes what a customer is found by anew, if it is something else now."""
    if search_text(before) != search_text(after):
        await rewrite(tx, [after])


async def rewrite(tx: WriteTransaction, customers: Iterable[Customer]) -> None:
    """Writes what these are found by anew, in this version."""
    rows = []
    async for each in taking_turns(customers):
        name, lines = search_text(each)
        new = {"new_name": name[:_LONGEST_NAME], "new_text": lines}
        rows.append({"of_customer": each.name, **new})
    await tx.run_many(_CHANGE, rows)
