"""The tables of customers, orders and touchpoints, by generation.

A record is known by its own name, whoever's it is now, and found by its customer, so that facts of
one customer cost the same among a thousand customers and among a million.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from services.chassis.store import Name, OfCustomer, Owned
from services.insight.metadata import metadata

__all__ = ["customers", "orders", "touches"]

customers = Table(
    "customers",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("customer", Name, nullable=False),
    Column("recorded", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("kind", Name, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("lifecycle_stage", Name, nullable=False),
    Column("first_seen_us", BigInteger),
    Column("next_follow_up_us", BigInteger),
    Column("deleted", Boolean, nullable=False),
    PrimaryKeyConstraint("generation", "customer"),
    sqlite_with_rowid=False,
    info={"scope": Owned("owner", "team")},
)
_OF_CUSTOMER: Final = OfCustomer("customer", "customers", "customer", same=("generation",))
orders = Table(
    "orders",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("name", Name, nullable=False),
    Column("customer", Name, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("original", Name, nullable=False),
    Column("counts", Boolean, nullable=False),
    PrimaryKeyConstraint("generation", "name"),
    Index("ix_orders_customer", "generation", "customer"),
    sqlite_with_rowid=False,
    info={"scope": _OF_CUSTOMER},
)
touches = Table(
    "touches",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("name", Name, nullable=False),
    Column("customer", Name, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("about_price", Boolean, nullable=False),
    PrimaryKeyConstraint("generation", "name"),
    Index("ix_touches_customer", "generation", "customer"),
    sqlite_with_rowid=False,
    info={"scope": _OF_CUSTOMER},
)
