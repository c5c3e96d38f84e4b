"""The heaviest batches there may be: nobody else waits for all of them."""

from __future__ import annotations

from typing import Any

import pytest
from guanxi.customer.v1.contacts_pb2 import (
    BatchCreateContactsRequest,
    Contact,
    CreateContactRequest,
    ListContactsRequest,
)
from guanxi.customer.v1.customers_pb2 import (
    BatchCreateCustomersRequest,
    CreateCustomerRequest,
    Customer,
    ListCustomersRequest,
)
from guanxi.customer.v1.touchpoints_pb2 import (
    BatchLogTouchpointsRequest,
    LogTouchpointRequest,
    Touchpoint,
)

from tests.support.contact_points import phones
from tests.support.held import held_ms
from tests.support.office import Desk, Office

# A caller waits 50 ms at most; more here, for the machine that tests may be a slow one. All of
# them at once took 150 to 400 ms.
MOST_MS = 80
DECOMPOSED = "e\u0301"


@pytest.mark.parametrize("validate_only", [True, False])
@pytest.mark.parametrize(
    ("count", "fields"),
    [
        (1000, {"phones": phones(*(f"+49{10**58 + number}" for number in range(20)))}),
        (1000, {"phones": phones(*(f"{'1a' * 30}{number}" for number in range(20)))}),
        (1000, {"labels": {str(number): DECOMPOSED * 20 for number in range(45)}}),
        (700, {"labels": {f"k{number}": "v" for number in range(64)}}),
    ],
    ids=["digits", "letters", "decomposed", "labels"],
)
async def test_a_full_batch_of_customers_lets_others_in(
    office: Office, count: int, fields: dict[str, Any], validate_only: bool
) -> None:
    item = CreateCustomerRequest(customer=Customer(display_name="x", **fields))
    request = BatchCreateCustomersRequest(requests=[item] * count, validate_only=validate_only)
    path = "/guanxi.customer.v1.CustomerService/BatchCreateCustomers"
    assert await held_ms(office.service, path, request) < MOST_MS


async def test_a_batch_and_a_page_of_contacts_let_others_in(office: Office, desk: Desk) -> None:
    await desk.create("acme", kind=Customer.ORGANIZATION)
    contact = Contact(
        display_name="x", phones=phones(*(f"+49{10**58 + number}" for number in range(20)))
    )
    item = CreateContactRequest(parent="customers/acme", contact=contact)
    path = "/guanxi.customer.v1.ContactService"
    batch = BatchCreateContactsRequest(requests=[item] * 1000)
    assert await held_ms(office.service, f"{path}/BatchCreateContacts", batch) < MOST_MS
    page = ListContactsRequest(parent="customers/-", page_size=1000)
    assert await held_ms(office.service, f"{path}/ListContacts", page) < MOST_MS


async def test_a_full_page_of_customers_lets_others_in(office: Office, desk: Desk) -> None:
    labels = {str(number): "\u00e9" * 20 for number in range(45)}
    items = [CreateCustomerRequest(customer=Customer(display_name="x", labels=labels))] * 1000
    await desk.customers.BatchCreateCustomers(BatchCreateCustomersRequest(requests=items))
    path = "/guanxi.customer.v1.CustomerService/ListCustomers"
    assert await held_ms(office.service, path, ListCustomersRequest(page_size=1000)) < MOST_MS


async def test_long_texts_in_another_composition_let_others_in(office: Office) -> None:
    touchpoint = Touchpoint(type=Touchpoint.CALL, content="a\u0323\u0307" * 1300)
    item = LogTouchpointRequest(parent="customers/ann", touchpoint=touchpoint)
    request = BatchLogTouchpointsRequest(requests=[item] * 600)
    path = "/guanxi.customer.v1.TouchpointService/BatchLogTouchpoints"
    assert await held_ms(office.service, path, request) < MOST_MS
