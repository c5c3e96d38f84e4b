"""The table of products and every statement on it; no rule, no message."""

from collections.abc import Set
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import (
    Name,
    ReadTransaction,
    Shared,
    UtcTime,
)
from services.sales.metadata import metadata
from services.sales.products.model import Product

__all__ = ["SeenProducts", "products"]

_MOST_SEEN: Final = 100_000

table = Table(
    "products",
    metadata,
    Column("name", Name(Template("products/{product}")), primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("sku", Name, nullable=False),
    Column("category", Name, nullable=False),
    Column("list_price_currency_code", Name),
    Column("list_price_units", BigInteger),
    Column("list_price_nanos", Integer),
    Column("active", Boolean, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Index("ix_products_display_name", "display_name", "name"),
    Index("ix_products_sku", "sku", "name"),
    info={"sight": Shared()},
)

products: Final = Records(
    table,
    Product,
    Query.of(
        table,
        filter=("name", "display_name", "sku", "category", "active", "create_time", "update_time"),
        order=("display_name", "sku", "category", "create_time"),
        default_order="display_name",
    ),
)


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
        found = (await products.find(tx, unseen)).keys()
        if len(self._seen) + len(found) > self._most:
            self._seen.clear()
        self._seen |= found
        return unseen - found
