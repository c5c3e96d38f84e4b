"""The table of products and every statement on it; no rule, no message."""

from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from services.chassis.clock import BusinessCalendar
from services.chassis.errors import not_found
from services.chassis.lists.filters import BOOL, STRING, TIME, Field
from services.chassis.lists.paging import Query
from services.chassis.store import (
    AnyRow,
    KnownNames,
    Name,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
)
from services.sales.metadata import metadata
from services.sales.products.model import Price, Product

__all__ = [
    "KNOWN",
    "QUERY",
    "SeenProducts",
    "activity",
    "get",
    "insert_many",
    "page",
    "products",
    "save",
]

# PostgreSQL takes 32,767 parameters in one statement, SQLite 32,766.
_MOST_NAMES: Final = 30_000

_MOST_SEEN: Final = 100_000

products = Table(
    "products",
    metadata,
    Column("name", Name, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("sku", Name, nullable=False),
    Column("category", Name, nullable=False),
    Column("price_currency_code", Name),
    Column("price_units", BigInteger),
    Column("price_nanos", Integer),
    Column("active", Boolean, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Index("ix_products_display_name", "display_name", "name"),
    Index("ix_products_sku", "sku", "name"),
    info={"scope": Shared()},
)

QUERY: Final = Query(
    {
        "name": Field(products.c.name, STRING),
        "display_name": Field(products.c.display_name, STRING),
        "sku": Field(products.c.sku, STRING),
        "category": Field(products.c.category, STRING),
        "active": Field(products.c.active, BOOL),
        "create_time": Field(products.c.create_time, TIME),
        "update_time": Field(products.c.update_time, TIME),
    },
    order={
        "display_name": products.c.display_name,
        "sku": products.c.sku,
        "category": products.c.category,
        "create_time": products.c.create_time,
    },
    default_order="display_name",
    tie_breaker=products.c.name,
)

KNOWN: Final = KnownNames(products)

_PRODUCTS: Final = select(products)
_BY_NAME: Final = _PRODUCTS.where(products.c.name == bindparam("key"))
_AMONG: Final = products.c.name.in_(bindparam("keys", expanding=True))
_NAMES: Final = select(products.c.name).where(_AMONG)
_ACTIVITY: Final = select(products.c.name, products.c.active).where(_AMONG)
_INSERT: Final = insert(products)


class SeenProducts:
    """Products that were found to exist. None is ever deleted, so each is looked for once: an
    import of half a million lines speaks of the same few thousand."""

    def __init__(self, most: int = _MOST_SEEN) -> None:
        self._seen: set[str] = set()
        self._most = most

    async def missing(self, tx: ReadTransaction, names: Set[str]) -> Set[str]:
        """Which of the names do not exist."""
        unseen = names - self._seen
        if not unseen:
            return unseen
        found = {row.name for row in await _among(tx, _NAMES, unseen)}
        if len(self._seen) + len(found) > self._most:
            self._seen.clear()
        self._seen |= found
        return unseen - found


async def get(tx: ReadTransaction, name: str) -> Product:
    """The product. Raises NOT_FOUND."""
    row = await tx.first(_BY_NAME, {"key": name})
    if row is None:
        raise not_found(name)
    return _product(row)


async def page(
    tx: ReadTransaction,
    *,
    filter: str,
    order_by: str,
    page_size: int,
    page_token: str,
    calendar: BusinessCalendar,
) -> tuple[list[Product], str]:
    """A page of products, and the token of the next. Raises INVALID_ARGUMENT."""
    query = QUERY.page(
        _PRODUCTS,
        filter=filter,
        order_by=order_by,
        page_size=page_size,
        page_token=page_token,
        today=calendar.today(),
        zone=calendar.zone,
    )
    rows, next_page_token = query.cut(await tx.all(query.statement))
    return [_product(row) for row in rows], next_page_token


async def activity(tx: ReadTransaction, names: Collection[str]) -> dict[str, bool]:
    """Which of the names exist, and whether each can still be ordered."""
    return {row.name: row.active for row in await _among(tx, _ACTIVITY, names)}


async def insert_many(tx: WriteTransaction, new: Sequence[Product]) -> None:
    """Writes new products."""
    await tx.run_many(_INSERT, [_row(product) for product in new])


async def save(tx: WriteTransaction, product: Product) -> None:
    """Writes a changed product."""
    await tx.run(update(products).where(products.c.name == product.name).values(_row(product)))


async def _among(
    tx: ReadTransaction, statement: Select[*tuple[Any, ...]], names: Collection[str]
) -> list[AnyRow]:
    asked = list(names)
    rows: list[AnyRow] = []
    for first in range(0, len(asked), _MOST_NAMES):
        rows += await tx.all(statement, {"keys": asked[first : first + _MOST_NAMES]})
    return rows


def _product(row: AnyRow) -> Product:
    code = row.price_currency_code
    return Product(
        name=row.name,
        display_name=row.display_name,
        sku=row.sku,
        category=row.category,
        list_price=None if code is None else Price(code, row.price_units, row.price_nanos),
        active=row.active,
        create_time=row.create_time,
        update_time=row.update_time,
        etag=row.etag,
        fingerprint=row.fingerprint,
    )


def _row(product: Product) -> Mapping[str, Any]:
    price = product.list_price
    return {
        "name": product.name,
        "display_name": product.display_name,
        "sku": product.sku,
        "category": product.category,
        "price_currency_code": price and price.currency_code,
        "price_units": price and price.units,
        "price_nanos": price and price.nanos,
        "active": product.active,
        "create_time": product.create_time,
        "update_time": product.update_time,
        "etag": product.etag,
        "fingerprint": product.fingerprint,
    }
