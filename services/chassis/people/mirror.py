"""What a service keeps of the directory of people, as the directory's events tell it: two tables,
and every statement on them."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, bindparam, select

from services.chassis.people.known import Person
from services.chassis.store import (
    Mirror,
    Name,
    ReadTransaction,
    RenewedMirror,
    Shared,
    WriteTransaction,
)

__all__ = ["TeamMirror", "UserMirror"]

M = TypeVar("M", bound=Mirror)


class UserMirror(Generic[M]):
    """The users, those who have left among them; `kept` says what becomes of them where the log
    that tells of them begins anew."""

    def __init__(self, metadata: MetaData, table: str, kept: Callable[[Table], M]) -> None:
        self._table = Table(
            table,
            metadata,
            Column("name", Name, primary_key=True),
            Column("active", Boolean, nullable=False),
            Column("team", Name, nullable=False, server_default=""),
            Column("manager", Name, nullable=False, server_default=""),
            Column("position", BigInteger, nullable=False),
            info={"sight": Shared()},
        )
        self._among = select(self._table).where(_among(self._table))
        self._anybody = select(self._table.c.name).limit(1)
        self.mirror: Final = kept(self._table)

    async def is_empty(self, tx: ReadTransaction) -> bool:
        """Whether nobody is in the directory, as far as its events have come."""
        return await tx.first(self._anybody) is None

    async def among(self, tx: ReadTransaction, names: Collection[str]) -> dict[str, Person]:
        """Those of the names (at most 30,000) that are known."""
        if not names:
            return {}
        rows = await tx.all(self._among, {"keys": list(names)})
        return {row.name: Person(*row) for row in rows}

    async def keep(self, tx: WriteTransaction, told: Iterable[Person]) -> None:
        """Writes users, one row for each at most; one that is known newer stays."""
        columns = self._table.columns.keys()
        await self.mirror.keep(tx, (tuple(getattr(each, c) for c in columns) for each in told))


class TeamMirror:
    """The teams; one that was removed stays as one that isn't `there`, for an event that made it
    may come again."""

    def __init__(self, metadata: MetaData, table: str) -> None:
        self._table = Table(
            table,
            metadata,
            Column("name", Name, primary_key=True),
            Column("there", Boolean, nullable=False),
            Column("position", BigInteger, nullable=False),
            info={"sight": Shared()},
        )
        there = self._table.c.there
        self._among = select(self._table.c.name).where(_among(self._table), there)
        self._any = select(self._table.c.name).where(there).limit(1)
        self.mirror: Final = RenewedMirror(self._table)

    async def is_empty(self, tx: ReadTransaction) -> bool:
        """Whether the directory has no team, as far as its events have come."""
        return await tx.first(self._any) is None

    async def among(self, tx: ReadTransaction, names: Collection[str]) -> set[str]:
        """Those of the names (at most 30,000) that there are."""
        if not names:
            return set()
        return {row.name for row in await tx.all(self._among, {"keys": list(names)})}

    async def keep(self, tx: WriteTransaction, told: Iterable[tuple[str, bool, int]]) -> None:
        """Writes of teams whether they are there, as the event at a position told."""
        await self.mirror.keep(tx, told)


def _among(table: Table) -> Any:
    return table.c.name.in_(bindparam("keys", expanding=True))
