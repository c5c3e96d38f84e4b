"""The rules table and every statement on it."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    SmallInteger,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from services.chassis.caller import Scope
from services.chassis.errors import not_found
from services.chassis.lists.filters import BOOL, STRING, Field, enum
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.store import (
    AnyRow,
    Choice,
    Name,
    Names,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
)
from services.insight.metadata import metadata
from services.insight.rules.model import Rule, RuleKind, Severity, Sight

__all__ = [
    "enabled",
    "find",
    "get",
    "insert_many",
    "page",
    "remove",
    "rules",
    "save",
]

rules = Table(
    "rules",
    metadata,
    Column("name", Name(Template("rules/{rule}")), primary_key=True),
    Column("kind", Choice(RuleKind), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("severity", SmallInteger),
    Column("text_en", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("assignee", Name, nullable=False),
    Column("cooldown_days", Integer, nullable=False),
    Column("tag_dimension", Name, nullable=False),
    Column("tag", Text, nullable=False),
    Column("built_in", Boolean, nullable=False),
    Column("reach", SmallInteger, nullable=False),
    Column("author", Name(Template("users/{user}")), nullable=False),
    Column("teams", Names, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("run", Name(Template("runs/{run}")), nullable=False),
    info={"scope": Shared()},
)

_DIMENSIONS: Final = ("BEHAVIOR", "ORGANIZATION", "VALUE", "INTEREST", "LIFECYCLE", "CUSTOM")
QUERY: Final = Query(
    {
        "name": Field.of(rules.c.name),
        "kind": Field(rules.c.kind, enum(each.name for each in RuleKind)),
        "enabled": Field(rules.c.enabled, BOOL),
        "severity": Field(rules.c.severity, enum({each.name: each.value for each in Severity})),
        "tag": Field(rules.c.tag, STRING),
        "tag_dimension": Field(rules.c.tag_dimension, enum(_DIMENSIONS)),
        "built_in": Field(rules.c.built_in, BOOL),
        "sight.author": Field.of(rules.c.author),
    },
    order={"name": rules.c.name, "create_time": rules.c.create_time},
    default_order="name",
    tie_breaker=rules.c.name,
)

_ALL: Final = select(rules)
_GET: Final = _ALL.where(rules.c.name == bindparam("key"))
_ENABLED: Final = _ALL.where(rules.c.enabled).order_by(rules.c.name)
_INSERT: Final = insert(rules)
_REMOVE: Final = delete(rules).where(rules.c.name == bindparam("key"))
_SAVE: Final = (
    update(rules)
    .where(rules.c.name == bindparam("key"))
    .values({column.name: bindparam(f"new_{column.name}") for column in rules.columns})
)
_COLUMNS: Final = tuple(field.name for field in fields(Rule) if field.name != "sight")


async def get(tx: ReadTransaction, name: str) -> Rule:
    """Raises NOT_FOUND."""
    rule = await find(tx, name)
    if rule is None:
        raise not_found(name)
    return rule


async def find(tx: ReadTransaction, name: str) -> Rule | None:
    row = await tx.first(_GET, {"key": name})
    return None if row is None else _rule(row)


async def page(tx: ReadTransaction, listing: Listing) -> Page[Rule]:
    """A page of rules. Raises INVALID_ARGUMENT."""
    found = QUERY.page(_ALL, listing)
    rows, next_page_token = found.cut(await tx.all(found.statement))
    return Page([_rule(row) for row in rows], next_page_token)


async def enabled(tx: ReadTransaction) -> tuple[Rule, ...]:
    """The rules in force, in order of name."""
    return tuple(_rule(row) for row in await tx.all(_ENABLED, {}))


async def insert_many(tx: WriteTransaction, new: Sequence[Rule]) -> None:
    await tx.run_many(_INSERT, [_row(rule) for rule in new])


async def save(tx: WriteTransaction, rule: Rule) -> None:
    """Writes a changed rule over what is stored."""
    row = {f"new_{column}": value for column, value in _row(rule).items()}
    await tx.run(_SAVE, {"key": rule.name, **row})


async def remove(tx: WriteTransaction, name: str) -> None:
    await tx.run(_REMOVE, {"key": name})


def _rule(row: AnyRow) -> Rule:
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    values["severity"] = Severity(row.severity) if row.severity else None
    return Rule(**values, sight=Sight(Scope(row.reach), row.author, row.teams))


def _row(rule: Rule) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(rule, name) for name in _COLUMNS}
    row["severity"] = int(rule.severity) if rule.severity else None
    sight = rule.sight
    return {**row, "reach": int(sight.reach), "author": sight.author, "teams": sight.teams}
