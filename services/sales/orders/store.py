"""The tables of orders and their lines, and every statement on them; no rule, no message.

Statements that run for every call are built once, here on the module. What customers bought and
what orders add up to is computed in `sums`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

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
    update,
)

from services.chassis.clock import BusinessCalendar
from services.chassis.errors import not_found
from services.chassis.lists.filters import STRING, TIME, Field, enum, money
from services.chassis.lists.paging import Query
from services.chassis.store import (
    AnyRow,
    Choice,
    KnownNames,
    Name,
    Owned,
    ReadTransaction,
    Through,
    UtcTime,
    WriteTransaction,
)
from services.sales.metadata import metadata
from services.sales.orders.amounts import Line, Terms
from services.sales.orders.model import Order, State, orders_that_fit

__all__ = [
    "KNOWN",
    "QUERY",
    "base_currency_in_use",
    "get",
    "insert_many",
    "order_lines",
    "orders",
    "page",
    "save",
    "with_lines",
]

orders = Table(
    "orders",
    metadata,
    Column("name", Name, primary_key=True),
    Column("customer", Name, nullable=False),
    Column("state", Choice(State), nullable=False),
    Column("order_time", UtcTime, nullable=False),
    Column("currency_code", Name, nullable=False),
    Column("base_currency_code", Name, nullable=False),
    Column("exchange_rate", Name, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("net_amount", BigInteger, nullable=False),
    Column("base_net_amount", BigInteger, nullable=False),
    Column("original_order", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("reference", Text, nullable=False),
    Column("cancel_reason", Text, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The list's default order: for everybody, of a customer, an owner and a team.
    Index("ix_orders_order_time", "order_time", "name"),
    Index("ix_orders_customer_order_time", "customer", "order_time", "name"),
    Index("ix_orders_owner_order_time", "owner", "order_time", "name"),
    Index("ix_orders_team_order_time", "team", "order_time", "name"),
    info={"scope": Owned("owner", "team")},
)

# No foreign key: lines are written once,
# with their order, in one transaction, and checking the key would double the time of an import.
order_lines = Table(
    "order_lines",
    metadata,
    Column("order_name", Name, nullable=False),
    Column("position", Integer, nullable=False),
    Column("product", Name, nullable=False),
    Column("description", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("price_units", BigInteger, nullable=False),
    Column("price_nanos", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("base_amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("order_name", "position"),
    # SQLite keeps the lines of an order together, sorted by the key: no second index to fill.
    sqlite_with_rowid=False,
    info={"scope": Through("order_name", "orders")},
)

QUERY: Final = Query(
    {
        "name": Field(orders.c.name, STRING),
        "customer": Field(orders.c.customer, STRING),
        "state": Field(orders.c.state, enum(state.name for state in State)),
        "order_time": Field(orders.c.order_time, TIME),
        "currency_code": Field(orders.c.currency_code, STRING),
        "net_amount": Field(orders.c.net_amount, money(currency=orders.c.currency_code)),
        "base_net_amount": Field(
            orders.c.base_net_amount, money(currency=orders.c.base_currency_code)
        ),
        "original_order": Field(orders.c.original_order, STRING),
        "owner": Field(orders.c.owner, STRING),
        "team": Field(orders.c.team, STRING),
        "reference": Field(orders.c.reference, STRING),
        "create_time": Field(orders.c.create_time, TIME),
        "update_time": Field(orders.c.update_time, TIME),
    },
    order={
        "order_time": orders.c.order_time,
        "create_time": orders.c.create_time,
        "base_net_amount": orders.c.base_net_amount,
    },
    default_order="order_time desc",
    tie_breaker=orders.c.name,
)

KNOWN: Final = KnownNames(orders)

_LINE: Final = tuple(order_lines.c[field] for field in Line._fields)
_ORDERS: Final = select(orders)
_WITH_LINES: Final = (
    select(orders, *_LINE)
    .outerjoin_from(orders, order_lines, order_lines.c.order_name == orders.c.name)
    .where(orders.c.name == bindparam("key"))
    .order_by(order_lines.c.position)
)
_LINES: Final = (
    select(order_lines.c.order_name, *_LINE)
    .where(order_lines.c.order_name.in_(bindparam("keys", expanding=True)))
    .order_by(order_lines.c.order_name, order_lines.c.position)
)
_BASE_CURRENCY: Final = select(orders.c.base_currency_code).limit(1)
_SAVE: Final = (
    update(orders)
    .where(orders.c.name == bindparam("key"))
    .values(
        state=bindparam("new_state"),
        cancel_reason=bindparam("new_cancel_reason"),
        update_time=bindparam("new_update_time"),
        etag=bindparam("new_etag"),
    )
)


async def get(tx: ReadTransaction, name: str) -> Order:
    """The order with its lines. Raises NOT_FOUND, also for what the caller may not see."""
    rows = await tx.all(_WITH_LINES, {"key": name})
    if not rows:
        raise not_found(name)
    first = rows[0]
    lines = (Line._make(row[-len(_LINE) :]) for row in rows) if first.line_count else ()
    return _order(first, tuple(lines))


async def page(
    tx: ReadTransaction,
    *,
    filter: str,
    order_by: str,
    page_size: int,
    page_token: str,
    arguments: Mapping[str, str],
    calendar: BusinessCalendar,
    most_lines: int | None = None,
) -> tuple[list[Order], str]:
    """A page of orders without lines, and the token of the next. Raises INVALID_ARGUMENT.

    `arguments` are those that must stay the same from page to page besides filter and order. A page
    ends before it has more than `most_lines` lines, but has one order at least.
    """
    query = QUERY.page(
        _ORDERS,
        filter=filter,
        order_by=order_by,
        page_size=page_size,
        page_token=page_token,
        arguments=arguments,
        today=calendar.today(),
        zone=calendar.zone,
    )
    found = await tx.all(query.statement)
    most = most_lines and orders_that_fit([row.line_count for row in found], most_lines)
    rows, next_page_token = query.cut(found, most)
    return [_order(row, ()) for row in rows], next_page_token


async def with_lines(tx: ReadTransaction, bare: Sequence[Order]) -> list[Order]:
    """The orders, as read without lines, with their lines."""
    lines: dict[str, list[Line]] = {order.name: [] for order in bare}
    for row in await tx.all(_LINES, {"keys": list(lines)}):
        lines[row.order_name].append(Line._make(row[1:]))
    return [replace(order, lines=tuple(lines[order.name])) for order in bare]


async def base_currency_in_use(tx: ReadTransaction) -> str | None:
    """What the orders are counted in, by one of them; None where there is none."""
    code: str | None = await tx.scalar(_BASE_CURRENCY)
    return code


async def insert_many(tx: WriteTransaction, new: Sequence[Order]) -> None:
    """Writes new orders and their lines."""
    await tx.insert_rows(orders, [_row(order) for order in new])
    lines = [
        (order.name, position, *line) for order in new for position, line in enumerate(order.lines)
    ]
    await tx.insert_rows(order_lines, lines)


async def save(tx: WriteTransaction, order: Order) -> None:
    """Writes what a transition can change."""
    await tx.run(
        _SAVE,
        {
            "key": order.name,
            "new_state": order.state,
            "new_cancel_reason": order.cancel_reason,
            "new_update_time": order.update_time,
            "new_etag": order.etag,
        },
    )


def _order(row: AnyRow, lines: tuple[Line, ...]) -> Order:
    return Order(
        name=row.name,
        customer=row.customer,
        state=row.state,
        order_time=row.order_time,
        terms=Terms(row.currency_code, row.base_currency_code, row.exchange_rate),
        lines=lines,
        line_count=row.line_count,
        net_amount=row.net_amount,
        base_net_amount=row.base_net_amount,
        original_order=row.original_order,
        owner=row.owner,
        team=row.team,
        reference=row.reference,
        cancel_reason=row.cancel_reason,
        create_time=row.create_time,
        update_time=row.update_time,
        etag=row.etag,
        fingerprint=row.fingerprint,
    )


def _row(order: Order) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    return (
        order.name,
        order.customer,
        order.state,
        order.order_time,
        order.terms.currency_code,
        order.terms.base_currency_code,
        order.terms.exchange_rate,
        order.line_count,
        order.net_amount,
        order.base_net_amount,
        order.original_order,
        order.owner,
        order.team,
        order.reference,
        order.cancel_reason,
        order.create_time,
        order.update_time,
        order.etag,
        order.fingerprint,
    )
