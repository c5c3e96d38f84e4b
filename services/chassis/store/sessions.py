"""Transactions, as the code of a slice sees them: one type that reads, one that also writes.

Engines, retries and idempotency live elsewhere; nothing here commits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from google.protobuf.message import Message
from sqlalchemy import Delete, Executable, Insert, Table, Update

from services.chassis.caller import Caller, Scope
from services.chassis.errors import not_found, work_needed
from services.chassis.ids import Ids
from services.chassis.store.bulk import Taken
from services.chassis.store.connections import (
    AnyRow,
    Parameters,
    ReadConnection,
    Rows,
    WriteConnection,
)
from services.chassis.store.outbox import log_row
from services.chassis.store.scope import refuse_overwriting, scoped
from services.chassis.store.sight import SUBJECT, TEAMS, reading_differs
from services.chassis.store.work import bound_names, rows_met, rows_named, rows_seen

__all__ = ["ReadTransaction", "WriteTransaction"]


@dataclass(frozen=True, slots=True)
class ReadTransaction:
    """Reads rows the caller may see.

    Every statement on a table whose `info` has a scope is limited to the caller's rows. `now` is
    the instant the transaction began, aware, in UTC. A statement that runs often is built once, on
    the module, with `bindparam`s, and run with `parameters`: a read by key takes 15 µs then, and
    100 µs where it is built anew (200 µs for a caller with scope OWN or TEAM).
    """

    caller: Caller
    now: datetime
    connection: ReadConnection
    sees_all: bool = field(default=False, kw_only=True)

    async def all(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Sequence[AnyRow]:
        """Every row."""
        return await self.connection.all(*self._limited(statement, parameters))

    async def first(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> AnyRow | None:
        """The first row, or None."""
        return await self.connection.first(*self._limited(statement, parameters))

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.scalar(*self._limited(statement, parameters))

    async def few_in_sight(self, table: Table, most: int) -> set[str] | None:
        """The keys of the rows of an owned table in the caller's sight, where they are no more than
        that; None where they are more. Each way into sight is asked by itself and by its index, so
        it takes as long as there are rows of theirs, however many others there are."""
        if self.sees_all or self.caller.scope is Scope.ALL:
            return None
        teams = self.caller.teams_seen
        parameters = {SUBJECT: self.caller.subject, TEAMS: teams, "most": most + 1}
        found: set[str] = set()
        for statement in rows_seen(table, teams=bool(teams)):
            names = bound_names(statement)
            given = {name: value for name, value in parameters.items() if name in names}
            found.update(row.name for row in await self.connection.all(statement, given))
            if len(found) > most:
                return None
        return found

    def unscoped(self) -> Self:
        """The same transaction without the caller's scope: for reactions and checks of uniqueness.

        What it finds must not reach the caller.
        """
        return replace(self, sees_all=True)

    def _limited(
        self, statement: Executable, parameters: Parameters | None
    ) -> tuple[Executable, Parameters | None]:
        if self.sees_all:
            return statement, parameters
        return scoped(statement, self.caller, parameters)


@dataclass(frozen=True, slots=True)
class WriteTransaction(ReadTransaction):
    """Reads and changes rows; all of it is committed at the end, with its events, or nothing.

    The work may be run again after a conflict, so it changes nothing outside of the transaction.
    `snapshot` says whether all statements see what was committed before the first one.
    """

    connection: WriteConnection
    ids: Ids = field(kw_only=True)
    snapshot: bool = field(default=True, kw_only=True)
    emitted: list[dict[str, Any]] = field(default_factory=list, kw_only=True)

    async def run(
        self, statement: Insert | Update | Delete, parameters: Parameters | None = None
    ) -> int:
        """Runs one insert, update or delete; returns how many rows it met.

        Raises PERMISSION_DENIED, WORK_NEEDED, where it met none, and there is one that the caller
        sees and may not change.
        """
        met = await self.connection.run(*self._limited(statement, parameters))
        if not met and self._may_only_read(statement):
            await self._expect_none_seen(statement, parameters)
        return met

    async def run_many(self, statement: Insert | Update | Delete, rows: Rows) -> None:
        """Runs one statement for many rows of parameters, in bulk; no rows is no work.

        Raises as `run`: for a caller who may only read some rows, it is run row by row.
        """
        if self._may_only_read(statement):
            for row in rows:
                await self.run(statement, row)
        elif rows:
            limited, added = self._limited(statement, {})
            each = [{**row, **added} for row in rows] if added else rows
            await self.connection.run_many(limited, each)

    async def insert_rows(
        self, table: Table, rows: Sequence[tuple[Any, ...]], taken: Taken | None = None
    ) -> None:
        """Inserts rows that are tuples in the order of the table's columns: a third of the time of
        `run_many`, for tables that imports fill. No rows is no work.

        `taken` says what becomes of rows whose key is taken; without it they are an error.
        """
        if taken is not None and not self.sees_all:
            refuse_overwriting(table, self.caller)
        if rows:
            await self.connection.insert_rows(table, rows, taken)

    async def only_read(self, table: Table, names: Collection[str]) -> set[str]:
        """Those of the rows, all of them in the caller's sight, that they may not work on; found by
        the table's key."""
        if self._works_on_all(table) or not names:
            return set()
        limited = scoped(rows_named(table), self.caller, {"names": list(names)}, works=True)
        return set(names) - {row.name for row in await self.connection.all(*limited)}

    async def expect_work(self, table: Table, *names: str) -> None:
        """Whether the caller may work on these rows of a table, found by its key: what is asked
        before something is added to them.

        Raises NOT_FOUND for a row out of their sight, and PERMISSION_DENIED, WORK_NEEDED, for one
        that they may only read.
        """
        seen = {row.name for row in await self.all(rows_named(table), {"names": list(names)})}
        for name in names:
            if name not in seen:
                raise not_found(name)
        read = await self.only_read(table, names)
        for name in names:
            if name in read:
                raise work_needed(name)

    def _may_only_read(self, statement: Insert | Update | Delete) -> bool:
        """Whether the caller may see rows that the statement doesn't change for them."""
        return (
            isinstance(statement, Update | Delete)
            and isinstance(statement.table, Table)
            and not self._works_on_all(statement.table)
        )

    def _works_on_all(self, table: Table) -> bool:
        """Whether the caller may work on every row of the table that they see."""
        unlimited = self.sees_all or self.caller.scope is Scope.ALL
        return unlimited or not reading_differs(table)

    async def _expect_none_seen(
        self, statement: Insert | Update | Delete, parameters: Parameters | None
    ) -> None:
        """Raises WORK_NEEDED where a change that met no row would have met one that is seen."""
        looked_for = rows_met(statement)
        known = bound_names(looked_for)
        given = {name: value for name, value in (parameters or {}).items() if name in known}
        row = await self.first(looked_for, given if parameters is not None else None)
        if row is not None:
            raise work_needed(str(row[0]))

    def emit(
        self, event: Message, *, aggregate_type: str, aggregate_id: str, partition_key: str
    ) -> None:
        """Appends an event to the log, in this transaction and in the caller's name.

        It carries the aggregate whole, as it is after the change. Events of one `partition_key`
        (the customer's name, or the aggregate's where there is none) reach every reader in order,
        and are erased together.
        """
        self.emitted.append(
            log_row(
                event,
                id=self.new_id(),
                aggregate_type=aggregate_type,
                aggregate_id=aggregate_id,
                partition_key=partition_key,
                now=self.now,
                caller=self.caller,
            )
        )

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`, for `upsert`."""
        return self.connection.dialect

    def new_id(self) -> str:
        """A new identifier (UUIDv7)."""
        return self.ids.new()
