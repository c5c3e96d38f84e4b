"""What the declared tables and a database differ in: for tests, and for drafts of migrations."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex

from services.chassis.store.migrate import OWN_TABLES, on_database

__all__ = ["differences", "migration_context"]


async def differences(url: str, metadata: MetaData) -> Sequence[Any]:
    """What the database lacks or has too much, compared with the declared tables."""
    return await on_database(make_url(url), lambda connection: _compare(connection, metadata))


def migration_context(connection: Connection) -> MigrationContext:
    """Alembic's, without the tables that keep count of the migrations themselves."""
    return MigrationContext.configure(
        connection,
        opts={
            "include_name": lambda name, kind, _parents: kind != "table" or name not in OWN_TABLES
        },
    )


def _compare(connection: Connection, metadata: MetaData) -> list[Any]:
    found = list(compare_metadata(migration_context(connection), metadata))
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names()) & set(metadata.tables)
    for name in sorted(there):
        table = metadata.tables[name]
        found += _primary_key(inspector, table)
        if inspector.dialect.name == "sqlite":
            found += _indexes(connection, table)
    return found


# Alembic looks at neither of these.


def _primary_key(inspector: sa.Inspector, table: Table) -> Iterator[Any]:
    key = inspector.get_pk_constraint(table.name)
    # SQLite has no place for the name of a key that counts by itself.
    counts = table.dialect_options["sqlite"]["autoincrement"]
    unnamed = counts and inspector.dialect.name == "sqlite"
    is_there = key["name"], tuple(key["constrained_columns"])
    columns = tuple(column.name for column in table.primary_key)
    declared = None if unnamed else f"pk_{table.name}", columns
    if is_there != declared:
        yield "primary_key", table.name, is_there, declared


def _indexes(connection: Connection, table: Table) -> Iterator[Any]:
    """The whole statement, for what of an index is a predicate."""
    master = sa.table("sqlite_master", sa.column("name"), sa.column("sql"))
    rows = connection.execute(sa.select(master.c.name, master.c.sql))
    there = {row[0]: row[1] for row in rows}
    for index in table.indexes:
        declared = str(CreateIndex(index).compile(dialect=connection.dialect))
        if index.name in there and _squeezed(there[index.name]) != _squeezed(declared):
            yield "index", index.name, there[index.name], declared


def _squeezed(statement: str) -> str:
    return " ".join(statement.split())
