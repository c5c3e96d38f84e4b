"""The customers table and every statement on it."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    select,
)

from services.chassis.fields.column import FieldValues
from services.chassis.fields.declarations import Declared
from services.chassis.fields.lists import with_custom_fields
from services.chassis.lists.filters import Field, ListType, StringType
from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.normal import digits, folded
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Json,
    Name,
    Named,
    Names,
    Owned,
    ReadTransaction,
    Several,
    Through,
    UtcTime,
)
from services.customer.contact_points.model import EmailAddress, PhoneNumber, PostalAddress
from services.customer.customers.model import (
    SETTLED,
    Consent,
    Customer,
    CustomerKind,
    LifecycleStage,
    Temperature,
)
from services.customer.metadata import metadata

__all__ = ["Kin", "collaborators", "customers", "delete_times", "kin", "page", "unsettled"]

table = Table(
    "customers",
    metadata,
    Column("name", Name(Template("customers/{customer}")), primary_key=True),
    Column("kind", Choice(CustomerKind), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("display_name_key", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("phones", Several(PhoneNumber), nullable=False),
    Column("phones_key", Names, nullable=False),
    Column("emails", Several(EmailAddress), nullable=False),
    Column("emails_key", Names, nullable=False),
    Column("addresses", Several(PostalAddress), nullable=False),
    Column("external_ids", Json, nullable=False),
    Column("consents", Several(Consent), nullable=False),
    Column("custom_fields", FieldValues, nullable=False),
    Column("industry", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("lifecycle_stage", Choice(LifecycleStage), nullable=False),
    Column("stage_before_orders", Choice(LifecycleStage)),
    Column("temperature", Choice(Temperature)),
    Column("owner", Name(Template("users/{user}")), nullable=False),
    Column("team", Name(Template("teams/{team}")), nullable=False),
    Column("source", Text, nullable=False),
    Column("referred_by", Name(Template("customers/{customer}")), nullable=False),
    Column("parent_organization", Name(Template("customers/{customer}")), nullable=False),
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
    info={
        "sight": Owned(
            "owner", "team", named=(Named("customer_collaborators", "customer", access="access"),)
        )
    },
)

# Who else sees (READ) or works on (WORK) a customer and what is kept of them.
collaborators = Table(
    "customer_collaborators",
    metadata,
    Column(
        "customer",
        Name(Template("customers/{customer}")),
        ForeignKey("customers.name"),
        nullable=False,
    ),
    Column("subject", Name, nullable=False),
    Column("access", Name, nullable=False),
    PrimaryKeyConstraint("customer", "subject"),
    Index("ix_customer_collaborators_subject", "subject", "customer", "access"),
    info={"sight": Through("customer", "customers")},
)

customers: Final = Records(
    table,
    Customer,
    Query.of(
        table,
        filter=(
            "name",
            "kind",
            "given_name",
            "family_name",
            "industry",
            "region",
            "lifecycle_stage",
            "temperature",
            "owner",
            "team",
            "source",
            "referred_by",
            "parent_organization",
            "next_follow_up_time",
            "create_time",
            "update_time",
            "labels",
            "external_ids",
        ),
        order=("create_time", "update_time", "display_name", "region", "next_follow_up_time"),
        default_order="create_time desc",
        more={
            "display_name": Field(table.c.display_name_key, StringType(folded)),
            "emails": Field(table.c.emails_key, ListType(normal=folded)),
            "phones": Field(table.c.phones_key, ListType(normal=digits)),
        },
    ),
)

_ALIVE: Final = customers.all.where(table.c.delete_time.is_(None))
_DELETE_TIMES: Final = select(table.c.name, table.c.delete_time).where(
    table.c.name.in_(bindparam("keys", expanding=True))
)
_KIN: Final = select(
    table.c.name, table.c.kind, table.c.parent_organization, table.c.delete_time
).where(table.c.name.in_(bindparam("keys", expanding=True)))
_UNSETTLED: Final = customers.all.where(
    table.c.name.in_(bindparam("keys", expanding=True)), table.c.lifecycle_stage.not_in(SETTLED)
)


async def page(
    tx: ReadTransaction, listing: Listing, declared: Declared, *, show_deleted: bool
) -> Page[Customer]:
    """A page of customers; `declared` are the custom fields that it may be asked by. Raises
    INVALID_ARGUMENT."""
    query = with_custom_fields(customers.query, table.c.custom_fields, declared.values())
    among = None if show_deleted else _ALIVE
    return await customers.page(tx, listing, among=among, query=query)


async def delete_times(tx: ReadTransaction, names: Collection[str]) -> dict[str, datetime | None]:
    """When the customers in the caller's sight were deleted; None for those alive."""
    if not names:
        return {}
    # Whole customers would take five times as long, for every batch of touchpoints.
    rows = await tx.all(_DELETE_TIMES, {"keys": list(names)})
    return {row.name: row.delete_time for row in rows}


class Kin(NamedTuple):
    """What others ask of a customer they refer to; `delete_time` is None while alive."""

    kind: CustomerKind
    parent_organization: str
    delete_time: datetime | None


async def kin(tx: ReadTransaction, names: Collection[str]) -> dict[str, Kin]:
    """Those of the names in the caller's sight."""
    if not names:
        return {}
    return {name: Kin(*rest) for name, *rest in await tx.all(_KIN, {"keys": list(names)})}


async def unsettled(tx: ReadTransaction, names: Collection[str]) -> dict[str, Customer]:
    """Those of the customers, by name, that another order may move."""
    if not names:
        return {}
    found = await customers.select(tx, _UNSETTLED, keys=list(names))
    return {customer.name: customer for customer in found}
