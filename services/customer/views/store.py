"""The table of views and every statement on it; no rule, no message.

A view is its owner's, and everybody's to read where it is shared.
"""

from typing import Final

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, bindparam, delete

from services.chassis.lists.paging import Query
from services.chassis.names import Template
from services.chassis.records import Records
from services.chassis.store import Choice, Name, Names, Owned, UtcTime, WriteTransaction
from services.customer.fields.model import FieldResource
from services.customer.metadata import metadata
from services.customer.views.model import View

__all__ = ["remove", "views"]

table = Table(
    "views",
    metadata,
    Column("name", Name(Template("views/{view}")), primary_key=True),
    Column("resource", Choice(FieldResource), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("order_by", Text, nullable=False),
    Column("columns", Names, nullable=False),
    # A person or an app.
    Column("owner", Name, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The list's default order, for everybody and for an owner.
    Index("ix_views_display_name", "display_name", "name"),
    Index("ix_views_owner_display_name", "owner", "display_name", "name"),
    info={"sight": Owned("owner", shared="shared")},
)

views: Final = Records(
    table,
    View,
    Query.of(
        table,
        filter=(
            "name",
            "resource",
            "display_name",
            "owner",
            "shared",
            "create_time",
            "update_time",
        ),
        order=("display_name", "create_time", "update_time"),
        default_order="display_name",
    ),
)

_REMOVE: Final = delete(table).where(table.c.name == bindparam("key"))


async def remove(tx: WriteTransaction, name: str) -> None:
    """Removes a view. Raises PERMISSION_DENIED, WORK_NEEDED, for one that is only shared."""
    await tx.run(_REMOVE, {"key": name})
