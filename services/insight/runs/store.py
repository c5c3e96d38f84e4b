"""The table of runs and every statement on it; no rule, no message."""

from datetime import datetime
from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, delete, select

from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Name,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
)
from services.insight.metadata import metadata
from services.insight.runs.model import Run, RunKind, RunState

__all__ = ["lock", "remove_ended", "runs", "unfinished"]

table = Table(
    "runs",
    metadata,
    Column("name", Name(Template("runs/{run}")), primary_key=True),
    Column("kind", Choice(RunKind), nullable=False),
    Column("rule", Name(Template("rules/{rule}")), nullable=False),
    Column("state", Choice(RunState), nullable=False),
    Column("customers_done", Integer, nullable=False),
    Column("customers_total", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("start_time", UtcTime),
    Column("end_time", UtcTime),
    Column("next_try_time", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("generation", Integer),
    Column("through", Name, nullable=False),
    Index("ix_runs_create_time", "create_time", "name"),
    Index("ix_runs_end_time", "end_time"),
    info={"sight": Shared()},
)
_IS_UNFINISHED: Final = table.c.state != RunState.DONE
Index(
    "ix_runs_unfinished",
    table.c.create_time,
    table.c.name,
    sqlite_where=_IS_UNFINISHED,
    postgresql_where=_IS_UNFINISHED,
)

runs: Final = Records(
    table,
    Run,
    Query.of(
        table,
        filter=("name", "kind", "rule", "state", "create_time", "start_time", "end_time"),
        order=("create_time",),
        default_order="create_time desc",
    ),
)

_UNFINISHED: Final = runs.all.where(_IS_UNFINISHED).order_by(table.c.create_time, table.c.name)
_LOCK: Final = (
    select(table.c.name).where(table.c.name == bindparam("key")).with_for_update(skip_locked=True)
)
_REMOVE_ENDED: Final = delete(table).where(table.c.end_time < bindparam("before"))


async def unfinished(tx: ReadTransaction) -> list[Run]:
    """Those that are not done, the oldest first."""
    return await runs.select(tx, _UNFINISHED)


async def lock(tx: WriteTransaction, name: str) -> bool:
    """Keeps other replicas off a run until the transaction ends; False where one keeps us off."""
    return await tx.scalar(_LOCK, {"key": name}) is not None


async def remove_ended(tx: WriteTransaction, before: datetime) -> None:
    """Removes those that ended before an instant."""
    await tx.run(_REMOVE_ENDED, {"before": before})
