"""Upserts and external ids across callers' sight: who isn't seen isn't found, and an external id is
one customer's all the same."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from guanxi.customer.v1.customers_pb2 import (
    EMAIL,
    Customer,
    GetCustomerRequest,
    UpdateCustomerRequest,
)

from services.chassis.errors import DomainError, Kind
from services.customer.customers.store import collaborators
from tests.support.contact_points import emails
from tests.support.office import Desk, Office
from tests.support.upserts import CREATED, refused, upsert
from tests.support.worlds.collaborating import let_in


async def test_whom_the_caller_does_not_see_is_not_found(office: Office) -> None:
    bob = await office.desk("users/bob", role="rep")
    theirs = await bob.create("theirs", emails=emails("ann@example.org"))
    ann = await office.desk("users/ann", role="rep")
    own = await upsert(ann, EMAIL, display_name="Ann", emails=emails("ann@example.org"))
    assert own.outcome == CREATED
    read = await bob.customers.GetCustomer(GetCustomerRequest(name="customers/theirs"))
    assert read == theirs


@pytest.mark.parametrize("sees", [True, False])
async def test_an_external_id_is_one_customers_and_whose_only_those_learn_who_see_them(
    office: Office, desk: Desk, *, sees: bool
) -> None:
    bob = await office.desk("users/bob", role="rep")
    await bob.create("theirs", "Theirs", external_ids={"shop": "C-1"})
    other = desk if sees else await office.desk("users/ann", role="rep")
    await other.create("mine", "Mine")
    change = Customer(name="customers/mine", external_ids={"shop": "C-1"})
    calls: list[Awaitable[Customer]] = [
        other.create(external_ids={"shop": "C-1"}),
        other.customers.UpdateCustomer(UpdateCustomerRequest(customer=change)),
    ]
    for call in calls:
        with pytest.raises(DomainError) as error:
            await call
        assert (error.value.kind, error.value.reason) == (Kind.ALREADY_EXISTS, "EXTERNAL_ID_TAKEN")
        assert error.value.violations[0].field == "customer.external_ids.shop"
        assert ("customers/theirs" in repr(error.value.metadata)) is sees
        assert ("customers/theirs" in error.value.message) is sees


async def test_who_may_only_read_a_customer_upserts_nothing_of_them(office: Office) -> None:
    desk = await office.desk("users/bob", role="rep")
    before = await desk.create("acme", "Acme", emails=emails("ann@example.org"))
    await let_in(office.service, collaborators, ["acme"])
    reader = await office.desk("users/rita", role="rep", team="teams/elsewhere")
    for fields in ({}, {"region": "South"}):
        error = await refused(reader, EMAIL, emails=emails("ann@example.org"), **fields)
        assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "WORK_NEEDED")
    read = await desk.customers.GetCustomer(GetCustomerRequest(name=before.name))
    assert read == before
