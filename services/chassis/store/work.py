"""Which rows of these names there are, which ones somebody sees, which ones a change would have
met: questions of transactions, built once for each table and change."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Delete, Insert, Select, Table, Update, bindparam, select
from sqlalchemy.sql import visitors

from services.chassis.store.sight import Asking, ways

__all__ = ["bound_names", "rows_met", "rows_named", "rows_seen"]

_STATEMENTS_KEPT = 1_000


@lru_cache(maxsize=_STATEMENTS_KEPT)
def rows_named(table: Table) -> Select[*tuple[Any, ...]]:
    """The keys of those rows that have one of the `names` for a key."""
    (key,) = table.primary_key.columns
    return select(key.label("name")).where(key.in_(bindparam("names", expanding=True)))


@lru_cache(maxsize=_STATEMENTS_KEPT)
def rows_seen(table: Table, *, teams: bool) -> tuple[Select[*tuple[Any, ...]], ...]:
    """The keys of some rows that somebody sees, with teams or without, one statement for each way
    in which they do; `most` says how many."""
    (key,) = table.primary_key.columns
    rows = select(key.label("name")).limit(bindparam("most"))
    return tuple(rows.where(way) for way in ways(table, Asking.anybody(teams=teams)))


@lru_cache(maxsize=_STATEMENTS_KEPT)
def rows_met(change: Insert | Update | Delete) -> Select[*tuple[Any, ...]]:
    """The key of one row that an update or delete meets."""
    table: Any = change.table
    criteria = () if isinstance(change, Insert) else change._where_criteria
    return select(*table.primary_key.columns).where(*criteria).limit(1)


@lru_cache(maxsize=_STATEMENTS_KEPT)
def bound_names(statement: Select[*tuple[Any, ...]]) -> frozenset[str]:
    """The parameters a statement has."""
    binds = (each for each in visitors.iterate(statement) if each.__visit_name__ == "bindparam")
    return frozenset(str(each.key) for each in binds if hasattr(each, "key"))
