"""Which names of a table are taken, and by what: the look-up before every create."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, Table, bindparam, select

from services.chassis.caller import Scope
from services.chassis.store.sessions import ReadTransaction
from services.chassis.store.sight import is_shared

__all__ = ["KnownNames"]


class KnownNames:
    """Looks names up in a table with the columns `name` and `fingerprint`; made once, on the
    module."""

    def __init__(self, table: Table) -> None:
        self._owned = not is_shared(table)
        self._statement: Select[*tuple[Any, ...]] = select(table.c.name, table.c.fingerprint).where(
            table.c.name.in_(bindparam("keys", expanding=True))
        )

    async def among(self, tx: ReadTransaction, names: Collection[str]) -> dict[str, bytes | None]:
        """Those of the names (at most 30,000) that exist, with the fingerprint of what has them;
        None where it is out of the caller's sight, who may learn no more than that the name is
        taken."""
        if not names:
            return {}
        found = await tx.all(self._statement, {"keys": list(names)})
        seen: dict[str, bytes | None] = {row.name: row.fingerprint for row in found}
        unseen = [name for name in names if name not in seen]
        if not unseen or not self._owned or tx.caller.scope is Scope.ALL:
            return seen
        hidden = await tx.unscoped().all(self._statement, {"keys": unseen})
        return seen | dict.fromkeys(row.name for row in hidden)
