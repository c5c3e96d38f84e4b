"""The facts table, one row per customer and generation, and every statement on it.

A fact's column has the fact's name, with `_minor` behind it where it is an amount; its type says
how filters compare it. There is no other list of facts in this service.
"""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from enum import IntEnum
from functools import cache
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
    bindparam,
    delete,
    func,
    select,
    update,
)

from services.chassis import filters
from services.chassis.errors import not_found
from services.chassis.filters import DATE, FLOAT, INT, STRING, STRING_LIST, TIME, Field, FieldType
from services.chassis.paging import Query
from services.chassis.store import (
    AnyRow,
    Name,
    Names,
    Owned,
    ReadTransaction,
    Taken,
    UtcTime,
    WriteTransaction,
)
from services.insight.metadata import metadata
from services.insight.segments.model import Activity, CustomerClass, RfmSegment, ValueTier

__all__ = [
    "FACTS",
    "count_buyers",
    "facts",
    "fields",
    "get",
    "matching",
    "of_generation",
    "page",
    "query",
    "remove",
    "save",
    "save_tags",
]


def _code(name: str, values: type[IntEnum]) -> Column[int]:
    """Stored as the contract's number; NULL where it isn't known."""
    return Column(name, SmallInteger, info={"values": values})


facts = Table(
    "facts",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("customer", Name, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("kind", Name, nullable=False),
    Column("industry", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("lifecycle_stage", Name, nullable=False),
    Column("tags", Names, nullable=False),
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
    Column("first_touch_channel", Name, nullable=False),
    Column("last_touch_channel", Name, nullable=False),
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
    info={"scope": Owned("owner", "team")},
)

_MINOR: Final = "_minor"
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
        column.name.removesuffix(_MINOR): column
        for column in facts.columns
        if column.name not in _NO_FACTS
    }
)
"""Every fact's column."""

_ORDER: Final = (
    "spend_total",
    "spend_365d",
    "orders_total",
    "days_since_order",
    "cycles_since_order",
    "next_order_expected",
)
of_generation: Final = facts.c.generation == bindparam("generation")
_ALL: Final = select(facts).where(of_generation)
_GET: Final = _ALL.where(facts.c.customer == bindparam("key"))
_BUYERS: Final = (
    select(func.count()).select_from(facts).where(of_generation, facts.c.purchase_days > 0)
)
_KEY: Final = ("generation", "customer")
# Tags belong to the rules: a row that is computed anew keeps them until they are evaluated.
_COMPUTED: Final = Taken(
    _KEY, tuple(c.name for c in facts.columns if c.name not in (*_KEY, "tags"))
)


@cache
def fields(exponent: int) -> Mapping[str, Field]:
    """What filters over facts may name; `exponent` is that of the base currency."""
    declared = {name: Field(column, _type(column, exponent)) for name, column in FACTS.items()}
    return MappingProxyType({"customer": Field(facts.c.customer, STRING), **declared})


@cache
def query(exponent: int) -> Query:
    """What lists of facts can be filtered and ordered by."""
    return Query(
        fields(exponent),
        order={"customer": facts.c.customer, **{name: FACTS[name] for name in _ORDER}},
        default_order="customer",
        tie_breaker=facts.c.customer,
    )


async def get(tx: ReadTransaction, generation: int, customer: str, resource: str) -> AnyRow:
    """The row of a customer. Raises NOT_FOUND naming the resource that was asked for."""
    row = await tx.first(_GET, {"generation": generation, "key": customer})
    if row is None:
        raise not_found(resource)
    return row


async def page(
    tx: ReadTransaction,
    generation: int,
    *,
    exponent: int,
    today: date,
    zone: tzinfo,
    filter: str,
    order_by: str,
    page_size: int,
    page_token: str,
    arguments: Mapping[str, str],
) -> tuple[Sequence[AnyRow], str]:
    """A page of rows, and the token of the next. Raises INVALID_ARGUMENT."""
    found = query(exponent).page(
        select(facts).where(facts.c.generation == generation),
        filter=filter,
        order_by=order_by,
        page_size=page_size,
        page_token=page_token,
        arguments=arguments,
        today=today,
        zone=zone,
    )
    return found.cut(await tx.all(found.statement))


async def matching(
    tx: ReadTransaction,
    generation: int,
    *,
    exponent: int,
    today: date,
    zone: tzinfo,
    filter: str,
    examples: int,
) -> tuple[int, Sequence[AnyRow]]:
    """How many rows match a filter, and the first of them. Raises INVALID_ARGUMENT."""
    met = filters.compile(filter, fields(exponent), today=today, zone=zone)
    found = select(facts).where(facts.c.generation == generation, met)
    count: int = await tx.scalar(
        select(func.count()).select_from(facts).where(facts.c.generation == generation, met)
    )
    return count, await tx.all(found.order_by(facts.c.customer).limit(examples))


async def save(tx: WriteTransaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows, in the order of the table's columns, over what is stored but for the tags."""
    await tx.unscoped().insert_rows(facts, rows, _COMPUTED)


async def save_tags(
    tx: WriteTransaction, generation: int, tags: Sequence[tuple[str, tuple[str, ...]]]
) -> None:
    """Writes the tags of each customer."""
    rows = [{"of": generation, "key": customer, "new_tags": given} for customer, given in tags]
    await tx.unscoped().run_many(_SAVE_TAGS, rows)


async def remove(tx: WriteTransaction, generation: int, customers: Sequence[str]) -> None:
    """Takes away the rows of customers that were deleted."""
    await tx.unscoped().run_many(
        _REMOVE, [{"of": generation, "key": customer} for customer in customers]
    )


async def count_buyers(tx: ReadTransaction, generation: int) -> int:
    """Customers with at least one purchase day."""
    count: int = await tx.unscoped().scalar(_BUYERS, {"generation": generation})
    return count


_ONE: Final = (facts.c.generation == bindparam("of"), facts.c.customer == bindparam("key"))
_REMOVE: Final = delete(facts).where(*_ONE)
_SAVE_TAGS: Final = update(facts).where(*_ONE).values(tags=bindparam("new_tags"))


def _type(column: Column[Any], exponent: int) -> FieldType:
    values: type[IntEnum] | None = column.info.get("values")
    if values is not None:
        return filters.enum({each.name: each.value for each in values if each.value})
    if column.name.endswith(_MINOR):
        return filters.money(exponent)
    for stored, field_type in _TYPES:
        if isinstance(column.type, stored):
            return field_type
    raise TypeError(f"{column} has no type that filters know")


_TYPES: Final[tuple[tuple[type[Any], FieldType], ...]] = (
    (Names, STRING_LIST),
    (UtcTime, TIME),
    (Date, DATE),
    (Double, FLOAT),
    (Integer, INT),
    (Name, STRING),
    (Text, STRING),
)
