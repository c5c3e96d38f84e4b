"""Runs Core statements on a database of either engine, one after the other and without a loop.

For tests of SQL that is built elsewhere; what a service does with its store goes through the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import (
    Executable,
    MetaData,
    Row,
    Select,
    Table,
    create_engine,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import create_async_engine

AnyRow = Row[*tuple[Any, ...]]


def too_large_for_any() -> Select[*tuple[Any, ...]]:
    """More parameters than PostgreSQL takes, and deeper than SQLite does."""
    return select(or_(*(literal(number) == number for number in range(17_000))))


class Statements(Protocol):
    """One open database."""

    def all(self, statement: Executable) -> Sequence[AnyRow]:
        """The rows of a select."""
        ...


@contextmanager
def filled(
    url: str, metadata: MetaData, rows: Mapping[Table, Sequence[Mapping[str, Any]]]
) -> Iterator[Statements]:
    """A database with the tables and these rows in them."""
    opened = _sqlite if url.startswith("sqlite") else _postgres
    with opened(url, metadata, rows) as statements:
        yield statements


class _Sqlite:
    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)

    def all(self, statement: Executable) -> Sequence[AnyRow]:
        with self.engine.connect() as connection:
            return connection.execute(statement).all()


@contextmanager
def _sqlite(
    url: str, metadata: MetaData, rows: Mapping[Table, Sequence[Mapping[str, Any]]]
) -> Iterator[Statements]:
    opened = _Sqlite(url)
    metadata.create_all(opened.engine)
    with opened.engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table), list(values))
    yield opened
    opened.engine.dispose()


class _Postgres:
    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.engine = create_async_engine(url, isolation_level="AUTOCOMMIT")

    def all(self, statement: Executable) -> Sequence[AnyRow]:
        async def run() -> Sequence[AnyRow]:
            async with self.engine.connect() as connection:
                return (await connection.execute(statement)).all()

        return self.runner.run(run())


@contextmanager
def _postgres(
    url: str, metadata: MetaData, rows: Mapping[Table, Sequence[Mapping[str, Any]]]
) -> Iterator[Statements]:
    opened = _Postgres(url)

    async def fill() -> None:
        async with opened.engine.connect() as connection:
            await connection.run_sync(metadata.create_all)
            for table, values in rows.items():
                await connection.execute(insert(table), list(values))

    with opened.runner:
        opened.runner.run(fill())
        yield opened
        opened.runner.run(opened.engine.dispose())
