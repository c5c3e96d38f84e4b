"""The table of custom fields and every statement on it; no rule, no message."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, bindparam, or_

from services.chassis.fields.column import SingleValue
from services.chassis.fields.declarations import Declaration, FieldType, Option
from services.chassis.fields.lists import speaks_of
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import (
    Choice,
    Name,
    ReadTransaction,
    Several,
    Shared,
    UtcTime,
)
from services.customer.fields.model import CustomField, FieldResource
from services.customer.metadata import metadata

__all__ = ["asked_of", "custom_fields", "declared", "unsettled"]

table = Table(
    "custom_fields",
    metadata,
    Column("name", Name(Template("customFields/{custom_field}")), primary_key=True),
    Column("resource", Choice(FieldResource), nullable=False),
    Column("key", Name, nullable=False),
    Column("type", Choice(FieldType), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("currency_code", Name, nullable=False),
    Column("options", Several(Option), nullable=False),
    Column("refers_to", Name, nullable=False),
    Column("default_value", SingleValue),
    Column("required", Boolean, nullable=False),
    Column("indexed", Boolean, nullable=False),
    Column("index_time", UtcTime),
    Column("archive_time", UtcTime),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Index("ix_custom_fields_resource", "resource", "archive_time", "name"),
    info={"sight": Shared()},
)

custom_fields: Final = Records(
    table,
    CustomField,
    Query.of(
        table,
        filter=("name", "resource", "key", "type", "required", "indexed", "archive_time"),
        order=("name",),
        default_order="name",
    ),
)

_IN_USE: Final = custom_fields.all.where(
    table.c.resource == bindparam("resource"), table.c.archive_time.is_(None)
)
# Those whose index isn't as it is declared.
_UNSETTLED: Final = custom_fields.all.where(
    or_(
        table.c.indexed.is_(True) & table.c.index_time.is_(None),
        table.c.indexed.is_(False) & table.c.index_time.is_not(None),
    )
)


async def declared(tx: ReadTransaction, resource: FieldResource) -> dict[str, Declaration]:
    """The fields that a resource has, by key."""
    found = await custom_fields.select(tx, _IN_USE, resource=resource)
    return {each.key: each.declaration for each in found}


async def asked_of(
    tx: ReadTransaction, resource: FieldResource, listing: Listing
) -> dict[str, Declaration]:
    """The fields that a list of the resource may be asked by; none where it speaks of none."""
    return await declared(tx, resource) if speaks_of(listing) else {}


async def unsettled(tx: ReadTransaction) -> Sequence[CustomField]:
    """Fields whose index is to be made, or to go."""
    return await custom_fields.select(tx, _UNSETTLED)
