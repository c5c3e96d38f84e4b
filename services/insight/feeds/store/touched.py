"""Whose records have changed lately, by generation, and every statement on them.

A row is a customer touched by one transaction, under that transaction's mark. Rows are only added,
so that replicas never wait for one another; the oldest are replaced by one row for everybody.

A mark must be such that nothing below a mark that was read can appear later. SQLite has one writer
at a time, and counts. PostgreSQL's writers commit in any order; there a mark is the transaction's
id, and below the oldest one that still runs nothing is added.
"""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Table,
    bindparam,
    delete,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from services.chassis.store import Name, ReadTransaction, Shared, WriteTransaction
from services.insight.metadata import metadata

__all__ = [
    "current_mark",
    "forget_older_touched",
    "forget_touched",
    "mark_touched",
    "touched",
    "touched_since",
]

touched = Table(
    "touched",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("mark", BigInteger, nullable=False),
    Column("customer", Name, nullable=False),
    PrimaryKeyConstraint("generation", "mark", "customer"),
    sqlite_with_rowid=False,
    info={"sight": Shared()},
)

# More at once are not told apart: an import's batches would write as many rows here as facts.
_MOST_NAMED: Final = 1_000
_MOST_KEPT: Final = 20_000
_EVERYBODY: Final = ""


class _Mark(FunctionElement[int]):
    """A mark as SQLite counts it; PostgreSQL is asked for its transactions."""

    type = BigInteger()
    inherit_cache = True


class _OwnMark(_Mark):
    """The mark of this transaction."""

    inherit_cache = True


class _CurrentMark(_Mark):
    """The mark below which everything is there."""

    inherit_cache = True


class _MarkAhead(_Mark):
    """A mark that nobody has yet: those of another server, whose backup this is, may lie beyond."""

    inherit_cache = True


@compiles(_Mark)
def _counted(mark: _Mark, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(mark.clauses, **options)


@compiles(_OwnMark, "postgresql")
def _own_id(mark: _OwnMark, compiler: SQLCompiler, **options: Any) -> str:
    return "pg_current_xact_id()::text::bigint"


@compiles(_CurrentMark, "postgresql")
def _oldest_running(mark: _CurrentMark, compiler: SQLCompiler, **options: Any) -> str:
    return "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@compiles(_MarkAhead, "postgresql")
def _not_begun(mark: _MarkAhead, compiler: SQLCompiler, **options: Any) -> str:
    return "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


_OF_GENERATION: Final = touched.c.generation == bindparam("of")
_COUNTED: Final = (
    select(func.coalesce(func.max(touched.c.mark), 0) + 1).where(_OF_GENERATION).scalar_subquery()
)
_OWN: Final = select(_OwnMark(_COUNTED))
_CURRENT: Final = select(_CurrentMark(_COUNTED))
_SINCE: Final[Select[*tuple[Any, ...]]] = (
    select(touched.c.customer)
    .distinct()
    .where(
        _OF_GENERATION, touched.c.mark >= bindparam("since"), touched.c.mark < _MarkAhead(_COUNTED)
    )
    .limit(_MOST_NAMED + 1)
)
_SURPLUS: Final = (
    select(touched.c.mark)
    .where(_OF_GENERATION)
    .order_by(touched.c.mark.desc())
    .offset(_MOST_KEPT)
    .limit(1)
)


async def mark_touched(tx: WriteTransaction, generation: int, customers: Collection[str]) -> None:
    """Notes that records of these customers change in this transaction; many are everybody."""
    mark = await tx.scalar(_OWN, {"of": generation})
    named = customers if len(customers) <= _MOST_NAMED else (_EVERYBODY,)
    await tx.insert_rows(touched, [(generation, mark, name) for name in named])


async def current_mark(tx: ReadTransaction, generation: int) -> int:
    """A mark below which all that was touched can be seen from now on."""
    mark: int = await tx.scalar(_CURRENT, {"of": generation})
    return mark


async def touched_since(tx: ReadTransaction, generation: int, mark: int) -> set[str] | None:
    """Whose records have changed from a mark on; None where it may be anybody's."""
    rows = await tx.all(_SINCE, {"of": generation, "since": mark})
    names = {row.customer for row in rows}
    return None if _EVERYBODY in names or len(names) > _MOST_NAMED else names


async def forget_older_touched(tx: WriteTransaction, generation: int) -> None:
    """Keeps the newest names; before them, everybody counts as touched."""
    last = await tx.scalar(_SURPLUS, {"of": generation})
    if last is None:
        return
    of_old = (touched.c.generation == generation, touched.c.mark <= last)
    await tx.run(delete(touched).where(*of_old))
    await tx.insert_rows(touched, [(generation, last, _EVERYBODY)])


async def forget_touched(tx: WriteTransaction, generation: int) -> None:
    """Forgets whom a generation that is no more has touched."""
    await tx.run(delete(touched).where(touched.c.generation == generation))
