"""The touchpoints table and every statement on it; no rule, no message.

A touchpoint has no owner of its own: the table says that it is seen as its customer is, so that a
colleague who takes over sees the whole journey. What is of everyone joins `customers` only to leave
out those of deleted ones.
"""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Name,
    Names,
    OfCustomer,
    ReadTransaction,
    UtcTime,
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

__all__ = ["page", "touchpoints"]

table = Table(
    "touchpoints",
    metadata,
    Column(
        "name", Name(Template("customers/{customer}/touchpoints/{touchpoint}")), primary_key=True
    ),
    Column(
        "customer",
        Name(Template("customers/{customer}")),
        ForeignKey("customers.name"),
        nullable=False,
    ),
    Column("type", Choice(TouchpointType), nullable=False),
    Column("channel", Choice(Channel)),
    Column("channel_detail", Text, nullable=False),
    Column("direction", Choice(Direction)),
    Column("touch_time", UtcTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("topics", Names(Topic), nullable=False),
    Column("products_of_concern", Names(form=Template("products/{product}")), nullable=False),
    Column("duration_minutes", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("actor", Name(Template("users/{user}")), nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The timeline of a customer, and everyone's.
    Index("ix_touchpoints_customer_touch_time", "customer", "touch_time", "name"),
    Index("ix_touchpoints_touch_time", "touch_time", "name"),
    info={"sight": OfCustomer("customer", "customers")},
)

touchpoints: Final = Records(
    table,
    Touchpoint,
    Query.of(
        table,
        filter=(
            "type",
            "channel",
            "channel_detail",
            "direction",
            "touch_time",
            "topics",
            "products_of_concern",
            "actor",
            "create_time",
        ),
        order=("touch_time", "create_time"),
        default_order="touch_time desc",
    ),
)

_ALL_IN_SIGHT: Final = touchpoints.all.join(
    customers.table, customers.c.name == table.c.customer
).where(customers.c.delete_time.is_(None))


async def page(tx: ReadTransaction, listing: Listing, *, customer: str) -> Page[Touchpoint]:
    """A page of a timeline. Raises INVALID_ARGUMENT.

    `customer` is one the caller has been shown; empty for all those alive in the caller's sight.
    """
    of_one = touchpoints.all.where(table.c.customer == customer)
    return await touchpoints.page(tx, listing, among=of_one if customer else _ALL_IN_SIGHT)
