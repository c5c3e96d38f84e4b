"""The rules table and every statement on it."""

from typing import Final

from sqlalchemy import Boolean, Column, Integer, Table, Text, bindparam, delete, func, select

from services.chassis.caller import Scope
from services.chassis.lists.filters import Field, enum
from services.chassis.lists.paging import Query
from services.chassis.names import Template, WordOr
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Name,
    Names,
    Rank,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
)
from services.insight.metadata import metadata
from services.insight.rules.model import OWNER, Rule, RuleKind, Severity

__all__ = ["count", "enabled", "remove", "rules"]

table = Table(
    "rules",
    metadata,
    Column("name", Name(Template("rules/{rule}")), primary_key=True),
    Column("kind", Choice(RuleKind), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("severity", Rank(Severity)),
    Column("text_en", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("assignee", Name(WordOr(OWNER, Template("users/{user}"))), nullable=False),
    Column("cooldown_days", Integer, nullable=False),
    Column("tag_dimension", Name, nullable=False),
    Column("tag", Text, nullable=False),
    Column("built_in", Boolean, nullable=False),
    Column("sight_reach", Rank(Scope), nullable=False),
    Column("sight_author", Name(Template("users/{user}")), nullable=False),
    Column("sight_teams", Names, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("run", Name(Template("runs/{run}")), nullable=False),
    info={"sight": Shared()},
)

_DIMENSIONS: Final = ("BEHAVIOR", "ORGANIZATION", "VALUE", "INTEREST", "LIFECYCLE", "CUSTOM")

rules: Final = Records(
    table,
    Rule,
    Query.of(
        table,
        filter=("name", "kind", "enabled", "severity", "assignee", "tag", "built_in"),
        more={
            "tag_dimension": Field(table.c.tag_dimension, enum(_DIMENSIONS)),
            "sight.author": Field.of(table.c.sight_author),
        },
        order=("name", "create_time"),
        default_order="name",
    ),
)

_ENABLED: Final = rules.all.where(table.c.enabled).order_by(table.c.name)
_COUNT: Final = select(func.count()).select_from(table)
_REMOVE: Final = delete(table).where(table.c.name == bindparam("key"))


async def enabled(tx: ReadTransaction) -> tuple[Rule, ...]:
    """The rules in force, in order of name."""
    return tuple(await rules.select(tx, _ENABLED))


async def count(tx: ReadTransaction) -> int:
    """How many there are, in force or not."""
    return int(await tx.scalar(_COUNT, {}))


async def remove(tx: WriteTransaction, name: str) -> None:
    await tx.run(_REMOVE, {"key": name})
