"""The customer service: customers, a contact of each, and a journey of the one that all reads are
about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import (
    contact_points_pb2,
    contacts_pb2,
    customers_pb2,
    fields_pb2,
    search_pb2,
    touchpoints_pb2,
    views_pb2,
)

from services.customer.customers.store import collaborators
from tests.support.asks import Ask, Takes, World, ids_of
from tests.support.contact_points import emails
from tests.support.databases import Databases
from tests.support.office import Desk, Office
from tests.support.services import migrated_database, running_service
from tests.support.sight_matrix import ANY_SCOPE, OWNER, READ_ROW, TEAM
from tests.support.worlds.collaborating import let_in


def part_of(row: str) -> customers_pb2.CreateCustomerRequest:
    """A new customer that is a part of the one there is: that takes no more than to see it."""
    part = customers_pb2.Customer(display_name="Part", parent_organization=f"customers/{row}")
    return customers_pb2.CreateCustomerRequest(customer=part)


def touch(row: str) -> touchpoints_pb2.LogTouchpointRequest:
    return touchpoints_pb2.LogTouchpointRequest(
        parent=f"customers/{row}",
        touchpoint=touchpoints_pb2.Touchpoint(type=touchpoints_pb2.Touchpoint.CALL),
    )


def contact(row: str) -> contacts_pb2.CreateContactRequest:
    """A second contact of the customer."""
    return contacts_pb2.CreateContactRequest(
        parent=f"customers/{row}", contact=contacts_pb2.Contact(display_name="Another")
    )


def lee(row: str) -> str:
    """The contact there is."""
    return f"customers/{row}/contacts/lee"


def chain(row: str) -> str:
    return f"customers/{row}/decisionChain"


def upsert(row: str) -> customers_pb2.UpsertCustomerRequest:
    """Says something new of the customer who has this email address."""
    customer = customers_pb2.Customer(
        emails=[contact_points_pb2.EmailAddress(address=address_of(row))], region="North"
    )
    return customers_pb2.UpsertCustomerRequest(customer=customer, match_by=[customers_pb2.EMAIL])


def address_of(row: str) -> str:
    return f"{row}@rows.example"


def create_view(row: str) -> views_pb2.CreateViewRequest:
    return views_pb2.CreateViewRequest(
        view=views_pb2.View(
            resource=fields_pb2.CustomField.CUSTOMER,
            display_name="To call",
            filter='region = "North"',
            columns=["display_name"],
        ),
        view_id=row,
    )


ASKS = {
    "UpsertCustomer": Ask(upsert),
    "BatchUpsertCustomers": Ask(
        lambda row: customers_pb2.BatchUpsertCustomersRequest(requests=[upsert(row)])
    ),
    "RecordConsent": Ask(
        lambda row: customers_pb2.RecordConsentRequest(
            name=f"customers/{row}",
            consent=customers_pb2.Consent(
                channel=customers_pb2.Consent.EMAIL,
                state=customers_pb2.Consent.OPTED_OUT,
                source="told on the phone",
            ),
        )
    ),
    "CreateCustomer": Ask(part_of, Takes.SIGHT),
    "BatchCreateCustomers": Ask(
        lambda row: customers_pb2.BatchCreateCustomersRequest(requests=[part_of(row)]), Takes.SIGHT
    ),
    "GetCustomer": Ask(lambda row: customers_pb2.GetCustomerRequest(name=f"customers/{row}")),
    "BatchGetCustomers": Ask(
        lambda row: customers_pb2.BatchGetCustomersRequest(names=[f"customers/{row}"])
    ),
    "ListCustomers": Ask(
        lambda row: customers_pb2.ListCustomersRequest(filter=f'name = "customers/{row}"')
    ),
    "SearchCustomers": Ask(lambda row: search_pb2.SearchCustomersRequest(query=address_of(row))),
    "UpdateCustomer": Ask(
        lambda row: customers_pb2.UpdateCustomerRequest(
            customer=customers_pb2.Customer(name=f"customers/{row}", region="North"),
            update_mask=FieldMask(paths=["region"]),
        )
    ),
    "DeleteCustomer": Ask(lambda row: customers_pb2.DeleteCustomerRequest(name=f"customers/{row}")),
    "UndeleteCustomer": Ask(
        lambda row: customers_pb2.UndeleteCustomerRequest(name=f"customers/{row}")
    ),
    "CreateContact": Ask(contact),
    "BatchCreateContacts": Ask(
        lambda row: contacts_pb2.BatchCreateContactsRequest(requests=[contact(row)])
    ),
    "GetContact": Ask(lambda row: contacts_pb2.GetContactRequest(name=lee(row))),
    "BatchGetContacts": Ask(lambda row: contacts_pb2.BatchGetContactsRequest(names=[lee(row)])),
    "ListContacts": Ask(
        lambda row: contacts_pb2.ListContactsRequest(
            parent="customers/-", filter=f'name = "{lee(row)}"'
        )
    ),
    "UpdateContact": Ask(
        lambda row: contacts_pb2.UpdateContactRequest(
            contact=contacts_pb2.Contact(name=lee(row), job_title="Buyer"),
            update_mask=FieldMask(paths=["job_title"]),
        )
    ),
    "DeleteContact": Ask(lambda row: contacts_pb2.DeleteContactRequest(name=lee(row))),
    "DeactivateContact": Ask(lambda row: contacts_pb2.DeactivateContactRequest(name=lee(row))),
    "ReactivateContact": Ask(lambda row: contacts_pb2.ReactivateContactRequest(name=lee(row))),
    "ApproveContact": Ask(lambda row: contacts_pb2.ApproveContactRequest(name=lee(row))),
    "UnapproveContact": Ask(lambda row: contacts_pb2.UnapproveContactRequest(name=lee(row))),
    "GetDecisionChain": Ask(lambda row: contacts_pb2.GetDecisionChainRequest(name=chain(row))),
    "RestartDecisionChain": Ask(
        lambda row: contacts_pb2.RestartDecisionChainRequest(name=chain(row))
    ),
    "LogTouchpoint": Ask(touch),
    "BatchLogTouchpoints": Ask(
        lambda row: touchpoints_pb2.BatchLogTouchpointsRequest(requests=[touch(row)])
    ),
    "ListTouchpoints": Ask(lambda _: touchpoints_pb2.ListTouchpointsRequest(parent="customers/-")),
    "CreateView": Ask(create_view),
    "GetView": Ask(lambda row: views_pb2.GetViewRequest(name=f"views/{row}")),
    "ListViews": Ask(lambda row: views_pb2.ListViewsRequest(filter=f'name = "views/{row}"')),
    "UpdateView": Ask(
        lambda row: views_pb2.UpdateViewRequest(
            view=views_pb2.View(name=f"views/{row}", display_name="To visit"),
            update_mask=FieldMask(paths=["display_name"]),
        )
    ),
    "DeleteView": Ask(lambda row: views_pb2.DeleteViewRequest(name=f"views/{row}")),
}


def field_of(row: str) -> str:
    return f"customFields/customer-{row}"


def create_field(row: str) -> fields_pb2.CreateCustomFieldRequest:
    declared = fields_pb2.CustomField(
        resource=fields_pb2.CustomField.CUSTOMER,
        key=row.replace("-", "_"),
        type=fields_pb2.CustomField.TEXT,
        display_name="Motto",
    )
    return fields_pb2.CreateCustomFieldRequest(custom_field=declared)


SHARED = {
    "CreateCustomField": Ask(create_field),
    "UpdateCustomField": Ask(
        lambda row: fields_pb2.UpdateCustomFieldRequest(
            custom_field=fields_pb2.CustomField(name=field_of(row), display_name="Our motto")
        )
    ),
    "ArchiveCustomField": Ask(lambda row: fields_pb2.ArchiveCustomFieldRequest(name=field_of(row))),
    "RestoreCustomField": Ask(lambda row: fields_pb2.RestoreCustomFieldRequest(name=field_of(row))),
}
# Of those, which change one that there is.
CHANGES_FIELDS = ("UpdateCustomField", "ArchiveCustomField", "RestoreCustomField")


async def keep_views(owner: Desk, rows: Mapping[str, Sequence[str]]) -> None:
    """Keeps the views that are asked about."""
    asked = ("GetView", "ListViews", "UpdateView", "DeleteView")
    for row in ids_of({method: rows[method] for method in asked}):
        await owner.views.CreateView(create_view(row))


@asynccontextmanager
async def customer_world(databases: Databases) -> AsyncIterator[World]:
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url, roles=ANY_SCOPE) as service:

        async def delete(rows: Sequence[str]) -> None:
            desk = await Office(service).desk()
            for row in rows:
                name = f"customers/{row}"
                await desk.customers.DeleteCustomer(customers_pb2.DeleteCustomerRequest(name=name))

        async def prepare(rows: Mapping[str, Sequence[str]]) -> None:
            desk = await Office(service).desk()
            for row in ids_of(rows):
                await desk.create(
                    row,
                    kind=customers_pb2.Customer.ORGANIZATION,
                    owner=OWNER,
                    team=TEAM,
                    emails=emails(address_of(row)),
                )
                await desk.contacts.CreateContact(
                    contacts_pb2.CreateContactRequest(
                        parent=f"customers/{row}",
                        contact=contacts_pb2.Contact(display_name="Lee", approval_order=1),
                        contact_id="lee",
                    )
                )
            for row in rows["ReactivateContact"]:
                left = contacts_pb2.DeactivateContactRequest(name=lee(row))
                await desk.contacts.DeactivateContact(left)
            for row in (*rows["UnapproveContact"], *rows["RestartDecisionChain"]):
                await desk.contacts.ApproveContact(
                    contacts_pb2.ApproveContactRequest(name=lee(row))
                )
            if READ_ROW in ids_of(rows):
                await desk.touchpoints.LogTouchpoint(touch(READ_ROW))
            for row in {row for method in CHANGES_FIELDS for row in rows[method]}:
                await desk.fields.CreateCustomField(create_field(row))
            for row in rows["RestoreCustomField"]:
                archived = fields_pb2.ArchiveCustomFieldRequest(name=field_of(row))
                await desk.fields.ArchiveCustomField(archived)
            await keep_views(await Office(service).desk(OWNER, role="own"), rows)
            await delete(rows["UndeleteCustomer"])
            await let_in(service, collaborators, ids_of(rows))

        yield World(service, ASKS, prepare, SHARED, delete)
