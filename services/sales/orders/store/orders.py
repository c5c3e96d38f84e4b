"""The tables of orders and their lines, and every statement on single ones.

Statements that run for every call are built once, here on the module.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    select,
)

from services.chassis.errors import not_found
from services.chassis.lists.filters import Field, money
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.names import CURRENCY, Template
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Name,
    OfCustomer,
    Owned,
    ReadTransaction,
    Through,
    UtcTime,
    WriteTransaction,
)
from services.sales.metadata import metadata
from services.sales.orders.model import Line, Order, State, orders_that_fit

__all__ = [
    "base_currency_in_use",
    "get_with_lines",
    "insert_with_lines",
    "order_lines",
    "orders",
    "page",
]

table = Table(
    "orders",
    metadata,
    Column("name", Name(Template("orders/{order}")), primary_key=True),
    Column("customer", Name(Template("customers/{customer}")), nullable=False),
    Column("state", Choice(State), nullable=False),
    Column("order_time", UtcTime, nullable=False),
    Column("currency_code", Name(CURRENCY), nullable=False),
    Column("base_currency_code", Name, nullable=False),
    Column("exchange_rate", Name, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("net_amount", BigInteger, nullable=False),
    Column("base_net_amount", BigInteger, nullable=False),
    Column("original_order", Name(Template("orders/{order}")), nullable=False),
    Column("seller", Name(Template("users/{user}")), nullable=False),
    Column("team", Name(Template("teams/{team}")), nullable=False),
    Column("reference", Text, nullable=False),
    Column("cancel_reason", Text, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The list's default order: for everybody, of a customer, a seller and a team.
    Index("ix_orders_order_time", "order_time", "name"),
    Index("ix_orders_customer_order_time", "customer", "order_time", "name"),
    Index("ix_orders_seller_order_time", "seller", "order_time", "name"),
    Index("ix_orders_team_order_time", "team", "order_time", "name"),
    info={"sight": OfCustomer("customer", "accounts", "customer", alone=Owned("seller", "team"))},
)

# No foreign key: lines are written once,
# with their order, in one transaction, and checking the key would double the time of an import.
order_lines = Table(
    "order_lines",
    metadata,
    Column("order_name", Name, nullable=False),
    Column("position", Integer, nullable=False),
    Column("product", Name(Template("products/{product}")), nullable=False),
    Column("description", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("price_units", BigInteger, nullable=False),
    Column("price_nanos", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("base_amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_name", "position"),
    # SQLite keeps the lines of an order together, sorted by the key: no second index to fill.
    sqlite_with_rowid=False,
    info={"sight": Through("order_name", "orders")},
)

orders: Final = Records(
    table,
    Order,
    Query.of(
        table,
        filter=(
            "name",
            "customer",
            "state",
            "order_time",
            "currency_code",
            "original_order",
            "seller",
            "team",
            "reference",
            "create_time",
            "update_time",
        ),
        more={
            "net_amount": Field(table.c.net_amount, money(currency=table.c.currency_code)),
            "base_net_amount": Field(
                table.c.base_net_amount, money(currency=table.c.base_currency_code)
            ),
        },
        order=("order_time", "create_time", "base_net_amount"),
        default_order="order_time desc",
    ),
)

_LINE: Final = tuple(order_lines.c[field] for field in Line._fields)
_WITH_LINES: Final = (
    select(table, *_LINE)
    .outerjoin_from(table, order_lines, order_lines.c.order_name == table.c.name)
    .where(table.c.name == bindparam("key"))
    .order_by(order_lines.c.position)
)
_LINES: Final = (
    select(order_lines.c.order_name, *_LINE)
    .where(order_lines.c.order_name.in_(bindparam("keys", expanding=True)))
    .order_by(order_lines.c.order_name, order_lines.c.position)
)
_BASE_CURRENCY: Final = select(table.c.base_currency_code).limit(1)


async def get_with_lines(tx: ReadTransaction, name: str) -> Order:
    """The order with its lines. Raises NOT_FOUND, also for what the caller may not see."""
    rows = await tx.all(_WITH_LINES, {"key": name})
    if not rows:
        raise not_found(name)
    order = orders.of_row(rows[0])
    lines = (Line._make(row[-len(_LINE) :]) for row in rows) if order.line_count else ()
    return replace(order, lines=tuple(lines))


async def page(tx: ReadTransaction, listing: Listing, *, most_lines: int | None) -> Page[Order]:
    """A page of orders; with their lines where it may have so many of them, and then it ends before
    it has more, but has one order at least. Raises INVALID_ARGUMENT."""
    if most_lines is None:
        return await orders.page(tx, listing)
    page = await orders.page(
        tx, listing, fitting=lambda found: orders_that_fit(_line_counts(found), most_lines)
    )
    lines: dict[str, list[Line]] = {order.name: [] for order in page.rows}
    for row in await tx.all(_LINES, {"keys": list(lines)}):
        lines[row.order_name].append(Line._make(row[1:]))
    return replace(
        page, rows=[replace(order, lines=tuple(lines[order.name])) for order in page.rows]
    )


async def base_currency_in_use(tx: ReadTransaction) -> str | None:
    """What the orders are counted in, by one of them; None where there is none."""
    code: str | None = await tx.scalar(_BASE_CURRENCY)
    return code


async def insert_with_lines(tx: WriteTransaction, new: Sequence[Order]) -> None:
    """Writes new orders and their lines."""
    await orders.insert(tx, new)
    lines = [
        (order.name, position, *line) for order in new for position, line in enumerate(order.lines)
    ]
    await tx.insert_rows(order_lines, lines)


def _line_counts(found: Iterable[Order]) -> list[int]:
    return [order.line_count for order in found]
