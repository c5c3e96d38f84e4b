"""The table of teams, every statement on it, and on the tree that they make."""

from typing import Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
    literal,
    select,
)

from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import Name, ReadTransaction, Shared, UtcTime, WriteTransaction
from services.sales.metadata import metadata
from services.sales.people.model import MOST_LEVELS, Team
from services.sales.people.store.users import users

__all__ = ["above", "beneath", "members", "remove", "right_beneath", "teams"]

table = Table(
    "teams",
    metadata,
    Column("name", Name(Template("teams/{team}")), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("parent", Name(Template("teams/{team}")), nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Index("ix_teams_display_name", "display_name", "name"),
    Index("ix_teams_parent", "parent", "name"),
    info={"sight": Shared()},
)

teams: Final = Records(
    table,
    Team,
    Query.of(
        table,
        filter=("name", "display_name", "parent", "create_time", "update_time"),
        order=("display_name", "create_time", "update_time"),
        default_order="display_name",
    ),
)

_this = table.c.name == bindparam("key")
_self_up = select(table.c.name, table.c.parent, literal(0, Integer).label("steps")).where(_this)
_up = _self_up.cte("up", recursive=True)
_next_up = select(table.c.name, table.c.parent, _up.c.steps + 1).where(
    table.c.name == _up.c.parent, _up.c.steps < MOST_LEVELS
)
_path = _up.union_all(_next_up)
_ABOVE: Final = select(_path.c.name).order_by(_path.c.steps)

_self_down = select(table.c.name, literal(0, Integer).label("steps")).where(_this)
_down = _self_down.cte("down", recursive=True)
_next_down = select(table.c.name, _down.c.steps + 1).where(
    table.c.parent == _down.c.name, _down.c.steps < MOST_LEVELS
)
_branch = _down.union_all(_next_down)
_BENEATH: Final = select(_branch.c.name, _branch.c.steps).order_by(_branch.c.steps, _branch.c.name)

_MEMBERS: Final = (
    select(users.c.name, users.c.active)
    .where(users.c.team == bindparam("key"))
    .order_by(users.c.active.desc(), users.c.name)
    .limit(bindparam("most"))
)
_RIGHT_BENEATH: Final = (
    select(table.c.name)
    .where(table.c.parent == bindparam("key"))
    .order_by(table.c.name)
    .limit(bindparam("most"))
)


async def above(tx: ReadTransaction, name: str) -> list[str]:
    """The team, the one above it, and so on to the top; nothing if there is no such team."""
    return [row.name for row in await tx.all(_ABOVE, {"key": name})]


async def beneath(tx: ReadTransaction, name: str) -> dict[str, int]:
    """The team and all beneath it, nearest first, with how many levels down each is."""
    return {row.name: row.steps for row in await tx.all(_BENEATH, {"key": name})}


async def members(tx: ReadTransaction, name: str, *, most: int) -> dict[str, bool]:
    """So many of those in the team, and whether each works here; who does comes first."""
    rows = await tx.all(_MEMBERS, {"key": name, "most": most})
    return {row.name: row.active for row in rows}


async def right_beneath(tx: ReadTransaction, name: str, *, most: int) -> list[str]:
    """So many of the teams whose parent it is."""
    return [row.name for row in await tx.all(_RIGHT_BENEATH, {"key": name, "most": most})]


async def remove(tx: WriteTransaction, name: str) -> None:
    """Removes a team."""
    await tx.run(delete(table).where(table.c.name == name))
