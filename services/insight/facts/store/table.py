"""The facts table, one row per customer and generation.

A fact's column has the fact's name, with `_minor` behind it where it is an amount; its type says
how filters compare it. There is no other list of facts in this service.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from services.chassis.names import OneOf, Template
from services.chassis.store import Name, Names, Owned, UtcTime
from services.insight.metadata import metadata
from services.insight.numbers.codes import Activity, CustomerClass, RfmSegment, ValueTier
from services.insight.sources.columns import TouchChannel
from services.insight.sources.customers import KINDS, STAGES

__all__ = ["FACTS", "MINOR", "facts"]

MINOR: Final = "_minor"
"""Ends the name of a column that holds an amount in minor units of the base currency."""


_CHANNELS: Final = OneOf(each.name for each in TouchChannel if each)


def _code(name: str, values: type[IntEnum]) -> Column[int]:
    """Stored as the contract's number; NULL where it isn't known."""
    return Column(name, SmallInteger, info={"values": values})


facts = Table(
    "facts",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("customer", Name(Template("customers/{customer}")), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("kind", Name(KINDS), nullable=False),
    Column("industry", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("owner", Name(Template("users/{user}")), nullable=False),
    Column("team", Name(Template("teams/{team}")), nullable=False),
    Column("lifecycle_stage", Name(STAGES), nullable=False),
    Column("tags", Names, nullable=False),
    Column("decision_chain_length", Integer, nullable=False),
    Column("age_days", Integer),
    Column("orders_total", Integer, nullable=False),
    Column("orders_365d", Integer, nullable=False),
    Column("purchase_days", Integer, nullable=False),
    Column("spend_total_minor", BigInteger, nullable=False),
    Column("spend_365d_minor", BigInteger, nullable=False),
    Column("average_order_value_minor", BigInteger),
    Column("largest_order_minor", BigInteger),
    Column("first_order_time", UtcTime),
    Column("last_order_time", UtcTime),
    Column("days_since_order", Integer),
    Column("median_days_between_orders", Double),
    Column("order_regularity", Double),
    Column("cycles_since_order", Double),
    Column("return_rate", Double),
    Column("spend_same_period_minor", BigInteger, nullable=False),
    Column("largest_order_same_period_minor", BigInteger),
    Column("same_period_ratio", Double),
    Column("last_contact_time", UtcTime),
    Column("days_since_contact", Integer),
    Column("contacts_90d", Integer, nullable=False),
    Column("negotiations_180d", Integer, nullable=False),
    Column("next_follow_up_time", UtcTime),
    Column("first_touch_channel", Name(_CHANNELS), nullable=False),
    Column("last_touch_channel", Name(_CHANNELS), nullable=False),
    Column("intent_downloads", Integer, nullable=False),
    Column("days_since_unanswered_intent", Integer),
    Column("r_score", Integer),
    Column("f_score", Integer),
    Column("m_score", Integer),
    _code("segment", RfmSegment),
    _code("value_tier", ValueTier),
    _code("activity", Activity),
    _code("customer_class", CustomerClass),
    Column("next_order_start", Date),
    Column("next_order_expected", Date),
    Column("next_order_end", Date),
    # Evidence of the prediction; no facts of their own.
    Column("predictor", SmallInteger, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("gap_count", Integer, nullable=False),
    Column("lower_quartile_gap_days", Double),
    Column("median_gap_days", Double),
    Column("upper_quartile_gap_days", Double),
    PrimaryKeyConstraint("generation", "customer"),
    Index("ix_facts_owner", "generation", "owner", "customer"),
    Index("ix_facts_team", "generation", "team", "customer"),
    sqlite_with_rowid=False,
    info={"sight": Owned("owner", "team")},
)

_NO_FACTS: Final = frozenset(
    {
        "generation",
        "customer",
        "display_name",
        "as_of",
        "predictor",
        "confidence",
        "gap_count",
        "lower_quartile_gap_days",
        "median_gap_days",
        "upper_quartile_gap_days",
    }
)
FACTS: Final[Mapping[str, Column[Any]]] = MappingProxyType(
    {
        column.name.removesuffix(MINOR): column
        for column in facts.columns
        if column.name not in _NO_FACTS
    }
)
"""Every fact's column."""
