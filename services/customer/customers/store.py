"""The customers table and every statement on it; no rule, no message."""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Table, Text, bindparam, select, update

from services.chassis.clock import BusinessCalendar
from services.chassis.errors import not_found
from services.chassis.lists.filters import (
    MAP,
    STRING,
    TIME,
    Field,
    ListType,
    StringType,
    enum,
)
from services.chassis.lists.paging import Query
from services.chassis.normal import digits, folded
from services.chassis.store import (
    Choice,
    Json,
    KnownNames,
    Name,
    Names,
    Owned,
    ReadTransaction,
    UtcTime,
    WriteTransaction,
)
from services.customer.customers.model import Customer, CustomerKind, LifecycleStage, Temperature
from services.customer.metadata import metadata

__all__ = [
    "KNOWN",
    "QUERY",
    "customers",
    "delete_times",
    "find",
    "get",
    "get_many",
    "insert_many",
    "page",
    "save",
    "save_many",
]

# Columns as the model has its fields, so that a row is a customer.
customers = Table(
    "customers",
    metadata,
    Column("name", Name, primary_key=True),
    Column("kind", Choice(CustomerKind), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("display_name_key", Text, nullable=False),
    Column("phones", Names, nullable=False),
    Column("phones_key", Names, nullable=False),
    Column("emails", Names, nullable=False),
    Column("emails_key", Names, nullable=False),
    Column("industry", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("lifecycle_stage", Choice(LifecycleStage), nullable=False),
    Column("stage_before_orders", Choice(LifecycleStage)),
    Column("temperature", Choice(Temperature)),
    Column("owner", Name, nullable=False),
    Column("team", Name, nullable=False),
    Column("source", Text, nullable=False),
    Column("referred_by", Name, nullable=False),
    Column("parent_organization", Name, nullable=False),
    Column("next_follow_up_time", UtcTime),
    Column("labels", Json, nullable=False),
    Column("first_seen_time", UtcTime, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("delete_time", UtcTime),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The list's default order, for everybody, for an owner and for a team.
    Index("ix_customers_create_time", "create_time", "name"),
    Index("ix_customers_owner_create_time", "owner", "create_time", "name"),
    Index("ix_customers_team_create_time", "team", "create_time", "name"),
    Index("ix_customers_display_name_key", "display_name_key"),
    info={"scope": Owned("owner", "team")},
)

QUERY: Final = Query(
    {
        "name": Field(customers.c.name, STRING),
        "kind": Field(customers.c.kind, enum(each.name for each in CustomerKind)),
        "display_name": Field(customers.c.display_name_key, StringType(folded)),
        "emails": Field(customers.c.emails_key, ListType(normal=folded)),
        "phones": Field(customers.c.phones_key, ListType(normal=digits)),
        "industry": Field(customers.c.industry, STRING),
        "region": Field(customers.c.region, STRING),
        "lifecycle_stage": Field(
            customers.c.lifecycle_stage, enum(each.name for each in LifecycleStage)
        ),
        "temperature": Field(customers.c.temperature, enum(each.name for each in Temperature)),
        "owner": Field(customers.c.owner, STRING),
        "team": Field(customers.c.team, STRING),
        "source": Field(customers.c.source, STRING),
        "referred_by": Field(customers.c.referred_by, STRING),
        "parent_organization": Field(customers.c.parent_organization, STRING),
        "next_follow_up_time": Field(customers.c.next_follow_up_time, TIME),
        "create_time": Field(customers.c.create_time, TIME),
        "update_time": Field(customers.c.update_time, TIME),
        "labels": Field(customers.c.labels, MAP),
    },
    order={
        "create_time": customers.c.create_time,
        "update_time": customers.c.update_time,
        "display_name": customers.c.display_name,
        "region": customers.c.region,
        "next_follow_up_time": customers.c.next_follow_up_time,
    },
    default_order="create_time desc",
    tie_breaker=customers.c.name,
)

KNOWN: Final = KnownNames(customers)

_ALL: Final = select(customers)
_ALIVE: Final = _ALL.where(customers.c.delete_time.is_(None))
_GET: Final = _ALL.where(customers.c.name == bindparam("key"))
_BY_NAMES: Final = _ALL.where(customers.c.name.in_(bindparam("keys", expanding=True)))
_DELETE_TIMES: Final = select(customers.c.name, customers.c.delete_time).where(
    customers.c.name.in_(bindparam("keys", expanding=True))
)
_SAVE: Final = (
    update(customers)
    .where(customers.c.name == bindparam("key"))
    .values({column.name: bindparam(f"new_{column.name}") for column in customers.columns})
)


async def get(tx: ReadTransaction, name: str) -> Customer:
    """The customer, deleted or not. Raises NOT_FOUND, also for what the caller may not see."""
    row = await tx.first(_GET, {"key": name})
    if row is None:
        raise not_found(name)
    return Customer(*row)


async def get_many(tx: ReadTransaction, names: Sequence[str]) -> list[Customer]:
    """The customers in the order of the names. Raises NOT_FOUND for the first that is missing."""
    found = await find(tx, names)
    for name in names:
        if name not in found:
            raise not_found(name)
    return [found[name] for name in names]


async def find(
    tx: ReadTransaction, names: Collection[str], *, besides: Collection[LifecycleStage] = ()
) -> dict[str, Customer]:
    """Those of the customers that there are, by name; `besides` are stages to leave out."""
    if not names:
        return {}
    statement = (
        _BY_NAMES.where(customers.c.lifecycle_stage.not_in(besides)) if besides else _BY_NAMES
    )
    return {row.name: Customer(*row) for row in await tx.all(statement, {"keys": list(names)})}


async def page(
    tx: ReadTransaction,
    *,
    show_deleted: bool,
    filter: str,
    order_by: str,
    page_size: int,
    page_token: str,
    calendar: BusinessCalendar,
) -> tuple[list[Customer], str]:
    """A page of customers, and the token of the next. Raises INVALID_ARGUMENT."""
    query = QUERY.page(
        _ALL if show_deleted else _ALIVE,
        filter=filter,
        order_by=order_by,
        page_size=page_size,
        page_token=page_token,
        today=calendar.today(),
        zone=calendar.zone,
        arguments={"show_deleted": "true" if show_deleted else ""},
    )
    rows, next_page_token = query.cut(await tx.all(query.statement))
    return [Customer(*row) for row in rows], next_page_token


async def delete_times(tx: ReadTransaction, names: Collection[str]) -> dict[str, datetime | None]:
    """When the customers in the caller's sight were deleted; None for those alive."""
    if not names:
        return {}
    rows = await tx.all(_DELETE_TIMES, {"keys": list(names)})
    return {row.name: row.delete_time for row in rows}


async def insert_many(tx: WriteTransaction, new: Sequence[Customer]) -> None:
    """Writes new customers."""
    await tx.insert_rows(customers, [_values(customer) for customer in new])


async def save(tx: WriteTransaction, customer: Customer) -> None:
    """Writes a changed customer over what is stored."""
    await save_many(tx, [customer])


async def save_many(tx: WriteTransaction, changed: Sequence[Customer]) -> None:
    """Writes changed customers over what is stored, in one statement."""
    rows = [
        {"key": customer.name, **dict(zip(_NEW_COLUMNS, _values(customer), strict=True))}
        for customer in changed
    ]
    await tx.run_many(_SAVE, rows)


_COLUMNS: Final = tuple(customers.columns.keys())
_NEW_COLUMNS: Final = tuple(f"new_{column}" for column in _COLUMNS)
_values: Final = attrgetter(*_COLUMNS)
