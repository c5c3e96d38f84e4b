"""Migrations: each service has its own Alembic scripts in `migrations/versions/`, and nothing else.

Nothing here knows a service; `python -m services.<name> migrate` calls `migrate`, and every start
calls `check_revision`. What a script must say is in `revisions`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.chassis.errors import StartRefused
from services.chassis.store.columns import Name
from services.chassis.store.file_lock import FileLock
from services.chassis.store.revisions import History

__all__ = ["OWN_TABLES", "check_revision", "migrate", "on_database"]

T = TypeVar("T")

_ADVISORY_LOCK = 4_707_165_001  # any number, the same in every version

# The revisions whose code may run on the database, for code that doesn't know the newest.
_allowed_code = Table(
    "allowed_code",
    MetaData(),
    Column("revision", Name, nullable=False),
    PrimaryKeyConstraint("revision", name="pk_allowed_code"),
)
OWN_TABLES = frozenset({"alembic_version", _allowed_code.name})


async def migrate(url: str, package: str) -> str:
    """Brings the database to the newest revision of `package` (`services.sales`); returns where it
    is then, which is further where a newer version was here that allows this one.

    One transaction: all of it happens or nothing. Raises StartRefused where another process has the
    SQLite file, or where the database is newer than this version and doesn't allow it.
    """
    history = History.of(package)
    parsed = make_url(url)
    if parsed.drivername != "sqlite":
        return await on_database(parsed, lambda connection: _upgrade(connection, history))
    lock = FileLock.take(Path(parsed.database or ""))
    try:
        return await on_database(parsed, lambda connection: _upgrade(connection, history))
    finally:
        lock.release()


async def check_revision(url: str, package: str) -> None:
    """Raises StartRefused unless the database is at the revision this version was written for, or
    at a newer one that allows it."""
    history = History.of(package)
    parsed = make_url(url)
    if _is_missing(parsed):
        raise _behind(history, None)
    await on_database(parsed, lambda connection: _check(connection, history))


def _check(connection: Connection, history: History) -> None:
    current = _current(connection)
    if not history.knows(current):
        _refuse_unless_allowed(connection, history, current)
    elif current != history.newest:
        raise _behind(history, current)


def _upgrade(connection: Connection, history: History) -> str:
    if connection.dialect.name == "postgresql":
        # Two jobs of one release: the second waits, and finds nothing to do.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    current = _current(connection)
    if current is not None and not history.knows(current):
        _refuse_unless_allowed(connection, history, current)
        return current
    with EnvironmentContext(
        Config(),
        history.script,
        fn=lambda revision, _context: history.script._upgrade_revs("head", revision),
        destination_rev="head",
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
    _record_allowed(connection, history)
    if connection.dialect.name == "postgresql":
        connection.commit()
    else:
        connection.exec_driver_sql("COMMIT")
    return history.newest


def _record_allowed(connection: Connection, history: History) -> None:
    _allowed_code.create(connection, checkfirst=True)
    connection.execute(_allowed_code.delete())
    rows = [{"revision": revision} for revision in history.allowed()]
    connection.execute(_allowed_code.insert(), rows)


def _refuse_unless_allowed(connection: Connection, history: History, current: str | None) -> None:
    there = sa.inspect(connection).has_table(_allowed_code.name)
    rows = connection.scalars(sa.select(_allowed_code.c.revision)) if there else ()
    allowed = sorted(str(revision) for revision in rows)
    if history.newest not in allowed:
        raise StartRefused(
            f"the database of {history.package} is at revision {current}, which this version does "
            f"not know (its newest is {history.newest}); what may run on it are the versions of "
            f"{', '.join(allowed) or current}: start one of those"
        )


def _behind(history: History, current: str | None) -> StartRefused:
    return StartRefused(
        f"the database of {history.package} is at revision {current or 'none'} and this version "
        f"needs {history.newest}: run `python -m {history.package} migrate`"
    )


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_missing(url: URL) -> bool:
    return url.drivername == "sqlite" and not Path(url.database or "").exists()


async def on_database(url: URL, work: Callable[[Connection], T]) -> T:
    """Runs the work on a connection of its own.

    Raises StartRefused where there is none, or where the database refuses a statement.
    """
    if url.drivername != "sqlite":
        return await _on_server(url, work)
    return await asyncio.to_thread(_on_file, url, work)


async def _on_server(url: URL, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        connection = await engine.connect()
    except (DBAPIError, OSError) as error:
        raise _unreachable(url, error) from error
    try:
        return await connection.run_sync(work)
    except DBAPIError as error:
        raise _refused(url, error) from error
    finally:
        await connection.close()


def _on_file(url: URL, work: Callable[[Connection], T]) -> T:
    # The driver begins nothing by itself, so that tables are created inside a transaction.
    engine = sa.create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise _unreachable(url, error) from error
    try:
        return work(connection)
    except DBAPIError as error:
        raise _refused(url, error) from error
    finally:
        connection.close()


def _unreachable(url: URL, error: DBAPIError | OSError) -> StartRefused:
    reason = error.orig if isinstance(error, DBAPIError) else error
    return StartRefused(f"the database {url!r} can't be reached: {reason}")


def _refused(url: URL, error: DBAPIError) -> StartRefused:
    statement = " ".join((error.statement or "").split())[:200]
    return StartRefused(f"the database {url!r} refuses `{statement}`: {error.orig}")
