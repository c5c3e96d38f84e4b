"""What the customer service gives to services that call for themselves: to whoever has stolen the
key of one, no more."""

from __future__ import annotations

import pytest
from guanxi.customer.v1.customers_pb2 import (
    BatchGetCustomersRequest,
    BatchGetCustomersResponse,
    Customer,
    GetCustomerRequest,
)

from services.chassis.client import Channel
from services.chassis.descriptors import Method, load_catalogue
from services.chassis.errors import DomainError
from tests.support.contact_points import emails, phones
from tests.support.office import Desk, Office

SERVED = [
    method
    for method in load_catalogue().methods.values()
    if method.service.startswith(("guanxi.customer.", "guanxi.events."))
]
FEED = {"Pull", "GetHead"}


async def answers(channel: Channel, method: Method) -> bool:
    """Whether the method is theirs to call; an empty request may be wrong, but is read."""
    call = channel.unary_unary(
        method.path, request_serializer=bytes, response_deserializer=lambda data: data
    )
    try:
        await call(b"", timeout=5)
    except DomainError as error:
        return error.reason != "PERMISSION_DENIED"
    return True


@pytest.mark.parametrize(
    ("service", "methods"),
    [("insight", FEED), ("sales", FEED | {"BatchGetCustomers"}), ("customer", FEED)],
)
async def test_a_service_is_answered_what_it_needs_and_refused_all_else(
    office: Office, service: str, methods: set[str]
) -> None:
    channel = await office.service.channel(f"services/{service}", role="service")
    assert {each.name for each in SERVED if await answers(channel, each)} == methods


async def test_a_service_that_asks_for_customers_learns_nothing_personal(
    office: Office, desk: Desk
) -> None:
    ann = await desk.create(
        "ann",
        "Ann",
        phones=phones("+49 30 1"),
        emails=emails("a@x.example"),
        labels={"born": "1970"},
        region="N",
    )
    sales = await office.desk("services/sales", role="service")
    found: BatchGetCustomersResponse = await sales.customers.BatchGetCustomers(
        BatchGetCustomersRequest(names=[ann.name])
    )
    (told,) = found.customers
    assert (told.display_name, list(told.phones), dict(told.labels)) == ("", [], {})
    impersonal = Customer()
    impersonal.CopyFrom(ann)
    impersonal.ClearField("display_name")
    impersonal.ClearField("phones")
    impersonal.ClearField("emails")
    impersonal.ClearField("labels")
    assert told == impersonal
    assert await desk.customers.GetCustomer(GetCustomerRequest(name=ann.name)) == ann
