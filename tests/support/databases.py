"""Fresh databases for tests, on SQLite files or on the PostgreSQL server of the session.

Nothing here knows a service's tables: a test says how a database is prepared.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.support.engines import PostgresServer, database_name
from tests.support.restoring import REMEMBER, RESTORE

Prepare = Callable[[str], Awaitable[None]]


class Databases(Protocol):
    """Where a test takes its databases from; `engine` is `sqlite` or `postgresql`."""

    @property
    def engine(self) -> str: ...

    def new(self) -> str:
        """The URL of an empty database that nobody else uses."""
        ...

    async def prepared(self, key: str, prepare: Prepare) -> str:
        """The URL of a new database like the one `prepare(url)` leaves behind.

        `prepare` runs once per session and `key`, and must close what it opens; the database is
        then copied, which takes a small part of the time that migrations do.
        """
        ...


@dataclass(slots=True)
class SqliteDatabases:
    folder: Path
    templates: dict[str, str] = field(default_factory=dict)
    _count: int = 0
    engine: str = "sqlite"

    def new(self) -> str:
        self._count += 1
        return f"sqlite:///{self.folder / f'test_{self._count}.db'}"

    async def prepared(self, key: str, prepare: Prepare) -> str:
        if key not in self.templates:
            template = self.new()
            await prepare(template)
            self.templates[key] = template
        copy = self.new()
        shutil.copyfile(_sqlite_file(self.templates[key]), _sqlite_file(copy))
        return copy


@dataclass(slots=True)
class Template:
    """A prepared database, and its copies that nobody uses any more and that are like it again."""

    url: str
    free: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PostgresDatabases:
    """Copies of templates come again: to make a database and to drop it takes PostgreSQL 40 ms of
    processor time, to empty a small one 2 ms."""

    server: PostgresServer
    templates: dict[str, Template] = field(default_factory=dict)
    engine: str = "postgresql"
    _made: list[str] = field(default_factory=list)
    _copied: list[tuple[Template, str]] = field(default_factory=list)

    def new(self) -> str:
        url = self.server.create_database()
        self._made.append(url)
        return url

    async def prepared(self, key: str, prepare: Prepare) -> str:
        if key not in self.templates:
            url = await asyncio.to_thread(self.server.create_database)
            await prepare(url)
            await asyncio.to_thread(self.server.execute, REMEMBER, database_name(url))
            self.templates[key] = Template(url)
        template = self.templates[key]
        url = await asyncio.to_thread(self._copy, template)
        self._copied.append((template, url))
        return url

    def _copy(self, template: Template) -> str:
        if template.free:
            return self.server.rename_database(template.free.pop())
        return self.server.create_database(database_name(template.url))

    def drop_all(self) -> None:
        """What can come again is kept for the next test."""
        while self._copied:
            template, url = self._copied.pop()
            if self.server.ask(RESTORE, database_name(url)):
                template.free.append(url)
            else:
                self._made.append(url)
        while self._made:
            self.server.drop_database(self._made.pop())


def _sqlite_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
