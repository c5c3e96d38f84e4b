"""What the store asks of an engine: connections that read, connections that write, and their count.

SQLite and PostgreSQL implement it in rooms of their own; nothing above knows which one it is.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Executable, Row, Table

from services.chassis.errors import StartRefused
from services.chassis.store.bulk import Taken

__all__ = [
    "AnyRow",
    "Engine",
    "Parameters",
    "PoolUse",
    "ReadConnection",
    "Rows",
    "StartRefused",
    "WriteConnection",
]

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
Parameters: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[Parameters]


@dataclass(frozen=True, slots=True)
class PoolUse:
    """How busy an engine is at this moment."""

    readers: int
    readers_busy: int
    writers: int
    writers_busy: int
    writers_waiting: int


class ReadConnection(Protocol):
    """Runs statements that change nothing; every statement sees what is committed by then."""

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]: ...

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None: ...

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any: ...


class WriteConnection(ReadConnection, Protocol):
    """One open transaction; left without `commit`, it is rolled back."""

    @property
    def dialect(self) -> str: ...

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int: ...

    async def run_many(self, statement: Executable, rows: Rows) -> None: ...

    async def insert_rows(
        self, table: Table, rows: Sequence[tuple[Any, ...]], taken: Taken | None = None
    ) -> None: ...

    async def commit(self, last: Sequence[tuple[Executable, Rows]]) -> None:
        """Runs the last statements and commits, in one go."""
        ...


class Engine(Protocol):
    """One database, as one process uses it."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    @property
    def readers(self) -> ReadConnection:
        """Each statement borrows a connection and sees what is committed by then, so there is
        nothing to open or to hold."""
        ...

    def writing(self, *, snapshot: bool = True) -> AbstractAsyncContextManager[WriteConnection]:
        """Opens a transaction; without `snapshot` each statement sees what is committed by then.

        Raises Conflict where another writer was faster.
        """
        ...

    def alone(self, work: str) -> AbstractAsyncContextManager[bool]:
        """Whether nobody else is at some work until the block ends; see `Store.alone`."""
        ...

    async def define(self, statement: str) -> None:
        """Runs a statement that defines something, outside of any other transaction."""
        ...

    def use(self) -> PoolUse: ...

    async def close(self) -> None: ...
