"""A resource's rows: what stands between a table and the model whose fields its columns are.

A slice declares its records once, on the module, and has with them what every resource needs. What
only this resource needs it writes itself, on `table`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sqlalchemy import ColumnCollection, Select, Table, bindparam, select, update

from services.chassis.errors import not_found
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.store import KnownNames, ReadTransaction, WriteTransaction
from services.chassis.store.layout import reader_and_writer
from services.chassis.turns import made_in_turns

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Records"]

# PostgreSQL takes 32,767 parameters in one statement, SQLite 32,766.
_MOST_KEYS: Final = 30_000

R = TypeVar("R", bound="DataclassInstance")


class Records(Generic[R]):
    """The rows of a table, read and written as models.

    The table's columns are the model's fields, in order. A field that is a NamedTuple (or None) has
    a column for each of its parts: `list_price_units` for `list_price.units`; or one of its own
    name, whose type keeps it whole. Fields behind the last column are kept elsewhere and have
    defaults. Raises TypeError where that is not so.
    """

    def __init__(self, table: Table, model: type[R], query: Query | None = None) -> None:
        (key,) = table.primary_key.columns
        by_key, by_keys = key == bindparam("key"), key.in_(bindparam("keys", expanding=True))
        changing = [column for column in table.columns if column is not key]
        self.table = table
        self.all: Select[*tuple[Any, ...]] = select(table)
        self._read, self._values = reader_and_writer(model, table)
        self._key = attrgetter(key.name)
        self._query = query
        self._known = KnownNames(table) if "fingerprint" in table.c else None
        self._get = self.all.where(by_key)
        self._lock = self._get.with_for_update(of=table)
        self._find = self.all.where(by_keys)
        self._save = (
            update(table)
            .where(by_key)
            .values({column: bindparam(f"new_{column.name}") for column in changing})
        )
        self._parameters = [
            "key" if column is key else f"new_{column.name}" for column in table.columns
        ]

    @property
    def c(self) -> "ColumnCollection[str, Any]":
        """The table's columns."""
        return self.table.c

    @property
    def query(self) -> Query:
        """What a list of them can be filtered and ordered by."""
        if self._query is None:
            raise TypeError(f"{self.table.name} are not listed")
        return self._query

    def of_row(self, row: Sequence[Any]) -> R:
        """The one of a row that begins with the table's columns."""
        return self._read(row[: len(self._parameters)])

    async def get(self, tx: ReadTransaction, name: str) -> R:
        """The one of that name. Raises NOT_FOUND, also for what the caller may not see."""
        row = await tx.first(self._get, {"key": name})
        if row is None:
            raise not_found(name)
        return self._read(row)

    async def lock(self, tx: WriteTransaction, name: str) -> R:
        """As `get`, and nobody else changes it until the transaction ends: what is read before
        something is erased. Waits for whoever is changing it, so without a snapshot it is the row
        as they leave it."""
        row = await tx.first(self._lock, {"key": name})
        if row is None:
            raise not_found(name)
        return self._read(row)

    async def find(self, tx: ReadTransaction, names: Collection[str]) -> dict[str, R]:
        """Those of the names that there are, by name."""
        asked = list(names)
        found: dict[str, R] = {}
        for first in range(0, len(asked), _MOST_KEYS):
            for each in await self.select(tx, self._find, keys=asked[first : first + _MOST_KEYS]):
                found[self._key(each)] = each
        return found

    async def many(self, tx: ReadTransaction, names: Sequence[str]) -> list[R]:
        """All of the names, in their order. Raises NOT_FOUND for the first that is missing."""
        found = await self.find(tx, names)
        for name in names:
            if name not in found:
                raise not_found(name)
        return [found[name] for name in names]

    async def those_found(self, tx: ReadTransaction, names: Sequence[str]) -> list[R]:
        """Those of the names that there are, in their order."""
        found = await self.find(tx, names)
        return [found[name] for name in names if name in found]

    async def select(
        self, tx: ReadTransaction, statement: Select[*tuple[Any, ...]], **parameters: Any
    ) -> list[R]:
        """What a statement on `all` finds, in its order."""
        return await self._models(await tx.all(statement, parameters))

    async def page(
        self,
        tx: ReadTransaction,
        listing: Listing,
        *,
        among: Select[*tuple[Any, ...]] | None = None,
        fitting: Callable[[Sequence[R]], int] | None = None,
        query: Query | None = None,
    ) -> Page[R]:
        """A page of a list. Raises INVALID_ARGUMENT, as `Query.page`.

        `among` is a statement on `all` that the list is limited to. `fitting` says how many of the
        rows can be sent at once, where that may be fewer than were asked for. `query` is what this
        list can be asked, where that is more than all of them can.
        """
        asked = (query or self.query).page(self.all if among is None else among, listing)
        rows = await tx.all(asked.statement)
        # What a list is ordered by besides the columns stands behind them.
        found = await made_in_turns(self.of_row, rows)
        page = asked.cut(rows, fitting and fitting(found))
        return page.with_rows(found[: len(page.rows)])

    async def known(self, tx: ReadTransaction, names: Collection[str]) -> dict[str, bytes | None]:
        """Which of the names are taken, and by what: see `KnownNames`."""
        if self._known is None:
            raise TypeError(f"{self.table.name} keep no fingerprint: their names are the server's")
        return await self._known.among(tx, names)

    async def insert(self, tx: WriteTransaction, new: Iterable[R]) -> None:
        """Writes new ones."""
        rows = await made_in_turns(self._values, new)
        await tx.insert_rows(self.table, rows)

    async def save(self, tx: WriteTransaction, *changed: R) -> None:
        """Writes changed ones over what is stored."""
        rows = [dict(zip(self._parameters, self._values(each), strict=True)) for each in changed]
        await tx.run_many(self._save, rows)

    async def _models(self, rows: Sequence[Sequence[Any]]) -> list[R]:
        return await made_in_turns(self._read, rows)
