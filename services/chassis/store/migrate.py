"""Migrations: each service has its own Alembic scripts in `migrations/versions/`, and nothing else.

Nothing here knows a service; `python -m services.<name> migrate` calls `migrate`, and every start
calls `check_revision`.
"""

import asyncio
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.chassis.errors import StartRefused
from services.chassis.store.file_lock import FileLock
from services.chassis.store.tables import chassis_tables

__all__ = ["check_revision", "create_chassis_tables", "differences", "draft_migration", "migrate"]

T = TypeVar("T")

_ADVISORY_LOCK = 4_707_165_001  # any number, the same in every version


async def migrate(url: str, package: str) -> str:
    """Brings the database to the newest revision of `package` (`services.sales`); returns it.

    One transaction: all of it happens or nothing. Raises StartRefused where another process has the
    SQLite file, or where the database is newer than this version.
    """
    script = _script(package)
    parsed = make_url(url)
    if parsed.drivername != "sqlite":
        return await _on(parsed, lambda connection: _upgrade(connection, script, package))
    lock = FileLock.take(Path(parsed.database or ""))
    try:
        return await _on(parsed, lambda connection: _upgrade(connection, script, package))
    finally:
        lock.release()


async def check_revision(url: str, package: str) -> None:
    """Raises StartRefused unless the database is at the revision this version was written for."""
    script = _script(package)
    parsed = make_url(url)
    current = None if _is_missing(parsed) else await _on(parsed, _current)
    newest = script.get_current_head()
    if current == newest:
        return
    _refuse_unknown(script, current, package)
    raise StartRefused(
        f"the database of {package} is at revision {current or 'none'} and this version needs "
        f"{newest}: run `python -m {package} migrate`"
    )


def create_chassis_tables(connection: Connection) -> None:
    """Creates the chassis's tables; a service's first migration calls it with `op.get_bind()`."""
    metadata = MetaData()
    chassis_tables(metadata)
    metadata.create_all(connection, checkfirst=False)


async def differences(url: str, metadata: MetaData) -> Sequence[Any]:
    """What the database lacks or has too much, compared with the declared tables; for tests."""
    return await _on(
        make_url(url),
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata),
    )


async def draft_migration(url: str, metadata: MetaData) -> str:
    """Python code that would remove the `differences`, to be read before it becomes a script."""

    def draft(connection: Connection) -> str:
        context = MigrationContext.configure(connection)
        operations = produce_migrations(context, metadata).upgrade_ops
        return "" if operations is None else render_python_code(operations)

    return await _on(make_url(url), draft)


def _script(package: str) -> ScriptDirectory:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is not a package")
    folder = Path(spec.submodule_search_locations[0]) / "migrations"
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


def _upgrade(connection: Connection, script: ScriptDirectory, package: str) -> str:
    if connection.dialect.name == "postgresql":
        # Two jobs of one release: the second waits, and finds nothing to do.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    _refuse_unknown(script, _current(connection), package)
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _context: script._upgrade_revs("head", revision),
        destination_rev="head",
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
    if connection.dialect.name == "postgresql":
        connection.commit()
    else:
        connection.exec_driver_sql("COMMIT")
    return script.get_current_head() or ""


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(script: ScriptDirectory, current: str | None, package: str) -> None:
    known = {each.revision for each in script.walk_revisions()}
    if current is not None and current not in known:
        raise StartRefused(
            f"the database of {package} is at revision {current}, which this version does not know "
            f"(its newest is {script.get_current_head()}): start the version that migrated it"
        )


def _is_missing(url: URL) -> bool:
    return url.drivername == "sqlite" and not Path(url.database or "").exists()


async def _on(url: URL, work: Callable[[Connection], T]) -> T:
    """Runs the work on a connection of its own. Raises StartRefused where there is none."""
    try:
        return await _connected(url, work)
    except (OperationalError, OSError) as error:
        reason = error.orig if isinstance(error, OperationalError) else error
        raise StartRefused(f"the database {url!r} can't be reached: {reason}") from error


async def _connected(url: URL, work: Callable[[Connection], T]) -> T:
    if url.drivername != "sqlite":
        engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
        async with engine.connect() as connection:
            return await connection.run_sync(work)

    def run() -> T:
        # The driver begins nothing by itself, so that tables are created inside a transaction.
        local = sa.create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
        )
        with local.connect() as connection:
            return work(connection)

    return await asyncio.to_thread(run)
