"""The customer service: customers, and a journey of the one that all reads are about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import contact_points_pb2, customers_pb2, search_pb2, touchpoints_pb2

from services.customer.customers.store import collaborators
from tests.support.asks import Ask, Takes, World, ids_of
from tests.support.contact_points import emails
from tests.support.databases import Databases
from tests.support.office import Office
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


def upsert(row: str) -> customers_pb2.UpsertCustomerRequest:
    """Says something new of the customer who has this email address."""
    customer = customers_pb2.Customer(
        emails=[contact_points_pb2.EmailAddress(address=address_of(row))], region="North"
    )
    return customers_pb2.UpsertCustomerRequest(customer=customer, match_by=[customers_pb2.EMAIL])


def address_of(row: str) -> str:
    return f"{row}@rows.example"


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
    "LogTouchpoint": Ask(touch),
    "BatchLogTouchpoints": Ask(
        lambda row: touchpoints_pb2.BatchLogTouchpointsRequest(requests=[touch(row)])
    ),
    "ListTouchpoints": Ask(lambda _: touchpoints_pb2.ListTouchpointsRequest(parent="customers/-")),
}


@asynccontextmanager
async def customer_world(databases: Databases) -> AsyncIterator[World]:
    url = await migrated_database(databases, "customer")
    async with running_service("customer", url, roles=ANY_SCOPE) as service:

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
            if READ_ROW in ids_of(rows):
                await desk.touchpoints.LogTouchpoint(touch(READ_ROW))
            for row in rows["UndeleteCustomer"]:
                name = f"customers/{row}"
                await desk.customers.DeleteCustomer(customers_pb2.DeleteCustomerRequest(name=name))
            await let_in(service, collaborators, ids_of(rows))

        yield World(service, ASKS, prepare)
