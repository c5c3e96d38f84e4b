"""The table of users and every statement on it."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, bindparam, select

from services.chassis.lists.filters import Field, StringType
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.normal import folded
from services.chassis.records import Records
from services.chassis.store import Name, ReadTransaction, Shared, UtcTime
from services.sales.metadata import metadata
from services.sales.people.model import User

__all__ = ["chain_above", "is_in_use", "users", "with_emails"]

table = Table(
    "users",
    metadata,
    Column("name", Name(Template("users/{user}")), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("display_name_key", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("team", Name(Template("teams/{team}")), nullable=False),
    Column("manager", Name(Template("users/{user}")), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("deactivate_time", UtcTime),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Index("ix_users_display_name", "display_name", "name"),
    Index("ix_users_email_key", "email_key"),
    Index("ix_users_team", "team", "name"),
    Index("ix_users_manager", "manager", "name"),
    info={"sight": Shared()},
)

users: Final = Records(
    table,
    User,
    Query.of(
        table,
        filter=(
            "name",
            "team",
            "manager",
            "active",
            "deactivate_time",
            "create_time",
            "update_time",
        ),
        order=("display_name", "create_time", "update_time"),
        default_order="display_name",
        more={
            "display_name": Field(table.c.display_name_key, StringType(folded)),
            "email": Field(table.c.email_key, StringType(folded)),
        },
    ),
)

_first = select(table.c.name, table.c.manager).where(table.c.name == bindparam("key"))
_chain = _first.cte("chain", recursive=True)
_next = select(table.c.name, table.c.manager).where(table.c.name == _chain.c.manager)
# `union`, not `union_all`: it would end even where a chain came round.
_CHAIN: Final = select(_chain.union(_next).c.name)
_SOMEBODY: Final = select(table.c.name).limit(1)
_WITH_EMAILS: Final = select(table.c.email_key, table.c.name).where(
    table.c.email_key.in_(bindparam("keys", expanding=True))
)


async def chain_above(tx: ReadTransaction, manager: str) -> set[str]:
    """The manager, theirs, and so on; nobody if there is no such user."""
    return {row.name for row in await tx.all(_CHAIN, {"key": manager})}


async def is_in_use(tx: ReadTransaction) -> bool:
    """Whether anybody is in the directory."""
    return await tx.first(_SOMEBODY) is not None


async def with_emails(tx: ReadTransaction, keys: Collection[str]) -> dict[str, str]:
    """Who has each of the addresses, in their normal form."""
    if not keys:
        return {}
    rows = await tx.all(_WITH_EMAILS, {"keys": list(keys)})
    return {row.email_key: row.name for row in rows}
