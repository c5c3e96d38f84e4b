"""The touchpoints table and every statement on it; no rule, no message.

A touchpoint has no owner of its own: it is seen by whoever sees its customer, so that a colleague
who takes over sees the whole journey. Every statement that is not about one customer the caller
has been shown joins `customers`, and the transaction limits those.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    select,
)

from services.chassis.clock import BusinessCalendar
from services.chassis.lists.filters import STRING, STRING_LIST, TIME, Field, enum, enum_list
from services.chassis.lists.paging import Query
from services.chassis.store import (
    Choice,
    KnownNames,
    Name,
    Names,
    OfCustomer,
    ReadTransaction,
    UtcTime,
    WriteTransaction,
)
from services.customer.customers.store import customers
from services.customer.metadata import metadata
from services.customer.touchpoints.model import (
    Channel,
    Direction,
    Topic,
    Touchpoint,
    TouchpointType,
)

__all__ = ["KNOWN", "QUERY", "insert_many", "page", "touchpoints"]

# Columns as the model has its fields, so that a row is a touchpoint.
touchpoints = Table(
    "touchpoints",
    metadata,
    Column("name", Name, primary_key=True),
    Column("customer", Name, ForeignKey("customers.name"), nullable=False),
    Column("type", Choice(TouchpointType), nullable=False),
    Column("channel", Choice(Channel)),
    Column("channel_detail", Text, nullable=False),
    Column("direction", Choice(Direction)),
    Column("touch_time", UtcTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("topics", Names(Topic), nullable=False),
    Column("products_of_concern", Names, nullable=False),
    Column("duration_minutes", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("actor", Name, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The timeline of a customer, and everyone's.
    Index("ix_touchpoints_customer_touch_time", "customer", "touch_time", "name"),
    Index("ix_touchpoints_touch_time", "touch_time", "name"),
    info={"scope": OfCustomer("customer", "customers")},
)

QUERY: Final = Query(
    {
        "type": Field(touchpoints.c.type, enum(each.name for each in TouchpointType)),
        "channel": Field(touchpoints.c.channel, enum(each.name for each in Channel)),
        "channel_detail": Field(touchpoints.c.channel_detail, STRING),
        "direction": Field(touchpoints.c.direction, enum(each.name for each in Direction)),
        "touch_time": Field(touchpoints.c.touch_time, TIME),
        "topics": Field(touchpoints.c.topics, enum_list(each.name for each in Topic)),
        "products_of_concern": Field(touchpoints.c.products_of_concern, STRING_LIST),
        "actor": Field(touchpoints.c.actor, STRING),
        "create_time": Field(touchpoints.c.create_time, TIME),
    },
    order={
        "touch_time": touchpoints.c.touch_time,
        "create_time": touchpoints.c.create_time,
    },
    default_order="touch_time desc",
    tie_breaker=touchpoints.c.name,
)

KNOWN: Final = KnownNames(touchpoints)

_ALL: Final = select(touchpoints)
_ALL_IN_SIGHT: Final = _ALL.join(customers, customers.c.name == touchpoints.c.customer).where(
    customers.c.delete_time.is_(None)
)


async def page(
    tx: ReadTransaction,
    *,
    customer: str,
    filter: str,
    order_by: str,
    page_size: int,
    page_token: str,
    calendar: BusinessCalendar,
) -> tuple[list[Touchpoint], str]:
    """A page of a timeline, and the token of the next. Raises INVALID_ARGUMENT.

    `customer` is one the caller has been shown; empty for all those alive in the caller's sight.
    """
    query = QUERY.page(
        _ALL.where(touchpoints.c.customer == customer) if customer else _ALL_IN_SIGHT,
        filter=filter,
        order_by=order_by,
        page_size=page_size,
        page_token=page_token,
        today=calendar.today(),
        zone=calendar.zone,
        arguments={"parent": customer},
    )
    rows, next_page_token = query.cut(await tx.all(query.statement))
    return [Touchpoint(*row) for row in rows], next_page_token


async def insert_many(tx: WriteTransaction, new: Sequence[Touchpoint]) -> None:
    """Writes new touchpoints."""
    await tx.insert_rows(touchpoints, [_values(touchpoint) for touchpoint in new])


_COLUMNS: Final = tuple(touchpoints.columns.keys())
_values: Final = attrgetter(*_COLUMNS)
