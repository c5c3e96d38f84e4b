"""The contacts table and every statement on it; no rule, no message.

A contact has no owner of its own: the table says that it is seen as its organization is.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    delete,
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
    Names,
    OfCustomer,
    ReadTransaction,
    Several,
    UtcTime,
    WriteTransaction,
)
from services.customer.contact_points.model import EmailAddress, PhoneNumber
from services.customer.contacts.model import Contact, Role, Stance
from services.customer.customers.store import customers
from services.customer.metadata import metadata

__all__ = ["approved", "contacts", "has_reports", "page", "remove", "signers", "superiors"]

_CUSTOMER: Final = Template("customers/{customer}")
_CONTACT: Final = Template("customers/{customer}/contacts/{contact}")

table = Table(
    "contacts",
    metadata,
    Column("name", Name(_CONTACT), primary_key=True),
    Column("organization", Name(_CUSTOMER), ForeignKey("customers.name"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("display_name_key", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("family_name", Text, nullable=False),
    Column("phones", Several(PhoneNumber), nullable=False),
    Column("phones_key", Names, nullable=False),
    Column("emails", Several(EmailAddress), nullable=False),
    Column("emails_key", Names, nullable=False),
    Column("job_title", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("role", Choice(Role)),
    Column("approval_order", Integer, nullable=False),
    Column("stance", Choice(Stance)),
    Column("approval_time", UtcTime),
    Column("customer", Name(_CUSTOMER), nullable=False),
    Column("reports_to", Name(_CONTACT), nullable=False),
    Column("notes", Text, nullable=False),
    Column("labels", Json, nullable=False),
    Column("custom_fields", FieldValues, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("deactivate_time", UtcTime),
    Column("create_time", UtcTime, nullable=False),
    Column("update_time", UtcTime, nullable=False),
    Column("etag", Name, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    # The list's default order, of everybody and of an organization.
    Index("ix_contacts_display_name", "display_name", "name"),
    Index("ix_contacts_organization_display_name", "organization", "display_name", "name"),
    # Whom somebody is as a contact, and who reports to whom.
    Index("ix_contacts_customer", "customer", "name"),
    Index("ix_contacts_reports_to", "reports_to", "name"),
    info={"sight": OfCustomer("organization", "customers")},
)

contacts: Final = Records(
    table,
    Contact,
    Query.of(
        table,
        filter=(
            "name",
            "given_name",
            "family_name",
            "job_title",
            "department",
            "role",
            "approval_order",
            "stance",
            "approval_time",
            "customer",
            "reports_to",
            "labels",
            "active",
            "deactivate_time",
            "create_time",
            "update_time",
        ),
        order=("display_name", "approval_order", "department", "create_time", "update_time"),
        default_order="display_name",
        more={
            "display_name": Field(table.c.display_name_key, StringType(folded)),
            "emails": Field(table.c.emails_key, ListType(normal=folded)),
            "phones": Field(table.c.phones_key, ListType(normal=digits)),
        },
    ),
)

_of_one = table.c.organization == bindparam("organization")
_SIGNERS: Final = contacts.all.where(_of_one, table.c.active, table.c.approval_order > 0)
_APPROVED: Final = contacts.all.where(_of_one, table.c.approval_time.is_not(None))
_SUPERIORS: Final = select(table.c.name, table.c.reports_to).where(
    _of_one, table.c.reports_to != ""
)
_REPORTS: Final = select(table.c.name).where(table.c.reports_to == bindparam("superior")).limit(1)
_REMOVE: Final = delete(table).where(table.c.name == bindparam("key"))
_ALL_IN_SIGHT: Final = contacts.all.join(
    customers.table, customers.c.name == table.c.organization
).where(customers.c.delete_time.is_(None))


async def page(
    tx: ReadTransaction, listing: Listing, declared: Declared, *, organization: str
) -> Page[Contact]:
    """A page of contacts; `declared` are the custom fields that it may be asked by. Raises
    INVALID_ARGUMENT.

    `organization` is one the caller has been shown; empty for all those alive in their sight.
    """
    of_one = contacts.all.where(table.c.organization == organization)
    among = of_one if organization else _ALL_IN_SIGHT
    query = with_custom_fields(contacts.query, table.c.custom_fields, declared.values())
    return await contacts.page(tx, listing, among=among, query=query)


async def signers(tx: ReadTransaction, organization: str) -> list[Contact]:
    """Who signs there."""
    return await contacts.select(tx, _SIGNERS, organization=organization)


async def approved(tx: ReadTransaction, organization: str) -> list[Contact]:
    """Who has approved there, those who have left since among them."""
    return await contacts.select(tx, _APPROVED, organization=organization)


async def superiors(tx: ReadTransaction, organization: str) -> dict[str, str]:
    """To whom each of an organization's contacts reports, of those who report to anybody."""
    rows = await tx.all(_SUPERIORS, {"organization": organization})
    return {row.name: row.reports_to for row in rows}


async def has_reports(tx: ReadTransaction, name: str) -> bool:
    """Whether anybody reports to a contact."""
    return await tx.first(_REPORTS, {"superior": name}) is not None


async def remove(tx: WriteTransaction, name: str) -> None:
    """Removes a contact."""
    await tx.run(_REMOVE, {"key": name})
