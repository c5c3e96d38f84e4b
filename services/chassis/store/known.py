"""Which names of a table are taken, and by what: the look-up before every create."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, Table, bindparam, select

from services.chassis.store.sessions import ReadTransaction

__all__ = ["KnownNames"]


class KnownNames:
    """Looks names up in a table with the columns `name` and `fingerprint`; made once, on the
    module."""

    def __init__(self, table: Table) -> None:
        self._statement: Select[*tuple[Any, ...]] = select(table.c.name, table.c.fingerprint).where(
            table.c.name.in_(bindparam("keys", expanding=True))
        )

    async def among(self, tx: ReadTransaction, names: Collection[str]) -> dict[str, bytes | None]:
        """Those of the names (at most 30,000) that exist, with the fingerprint of what has them;
        None where it is out of the caller's sight, who may learn no more than that the name is
        taken."""
        if not names:
            return {}
        everywhere = tx.unscoped()
        taken = [row.name for row in await everywhere.all(self._statement, {"keys": list(names)})]
        if not taken:
            return {}
        seen = await tx.all(self._statement, {"keys": taken})
        return dict.fromkeys(taken) | {row.name: row.fingerprint for row in seen}
