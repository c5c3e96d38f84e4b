"""Indexes on custom fields: made and dropped while the service runs, by whichever replica is at it.

An index is on the very expression that a filter has (`sql.Held`), so nothing is written for it and
nothing reads it by name. It is no part of the migrations: what is declared differs from company to
company.
"""

from typing import Any, Final

from sqlalchemy import Column, Dialect
from sqlalchemy.dialects import postgresql, sqlite

from services.chassis.fields.declarations import Declaration
from services.chassis.fields.sql import Held
from services.chassis.store import Store

__all__ = ["IndexedColumn", "drop_index", "make_index"]

IndexedColumn = Column[Any]

_DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call] # it says no types
}
# A name of PostgreSQL has 63 bytes; a key 40 at most.
_MOST_NAME: Final = 63


async def make_index(store: Store, column: Column[Any], declared: Declaration) -> None:
    """Makes the index, if it isn't there. Writers go on meanwhile, but on SQLite, where they wait.

    A half-made one of somebody who was killed is made anew.
    """
    name, table = _named(column, declared), column.table
    (key,) = table.primary_key.columns
    held = Held(Column(column.name), declared.key, declared.type)
    expression = str(held.compile(dialect=_DIALECTS[store.dialect]))
    definition = f"{table.name} (({expression}), {key.name})"
    if store.dialect == "postgresql":
        await store.define(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        await store.define(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")
    else:
        await store.define(f"CREATE INDEX IF NOT EXISTS {name} ON {definition}")


async def drop_index(store: Store, column: Column[Any], declared: Declaration) -> None:
    """Drops the index, if it is there."""
    way = "CONCURRENTLY " if store.dialect == "postgresql" else ""
    await store.define(f"DROP INDEX {way}IF EXISTS {_named(column, declared)}")


def _named(column: Column[Any], declared: Declaration) -> str:
    return f"cf_{column.table.name}_{declared.key}"[:_MOST_NAME]
