"""Who sees a view: its owner, and everybody where it is shared; who changes it; and whose customers
it shows."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1.customers_pb2 import ListCustomersRequest
from guanxi.customer.v1.fields_pb2 import CustomField
from guanxi.customer.v1.views_pb2 import (
    CreateViewRequest,
    DeleteViewRequest,
    GetViewRequest,
    ListViewsRequest,
    UpdateViewRequest,
    View,
)

from services.chassis.errors import DomainError, Kind
from tests.support.office import Desk, Office
from tests.support.refusals import expect_not_found, refusal

OWN, SHARED = "views/own", "views/shared"
ROLES = ("rep", "manager", "marketer", "support", "analyst", "app")


def asked(view_id: str, **fields: Any) -> CreateViewRequest:
    view = View(**{"resource": CustomField.CUSTOMER, "display_name": view_id, **fields})
    return CreateViewRequest(view=view, view_id=view_id)


async def get(desk: Desk, name: str) -> View:
    return await desk.views.GetView(GetViewRequest(name=name))


async def listed(desk: Desk, filter: str = "") -> list[str]:
    return [
        each.name for each in (await desk.views.ListViews(ListViewsRequest(filter=filter))).views
    ]


async def rename(desk: Desk, name: str) -> View:
    view, mask = View(name=name, display_name="Renamed"), FieldMask(paths=["display_name"])
    return await desk.views.UpdateView(UpdateViewRequest(view=view, update_mask=mask))


async def delete(desk: Desk, name: str) -> View:
    return await desk.views.DeleteView(DeleteViewRequest(name=name))


@pytest.fixture
async def kim(office: Office) -> Desk:
    """A rep with a view of her own, and one that she shares."""
    kim = await office.desk("users/kim", role="rep")
    await kim.views.CreateView(asked("own"))
    await kim.views.CreateView(asked("shared", shared=True, filter='region = "North"'))
    return kim


@pytest.mark.parametrize("role", ROLES)
async def test_of_others_views_one_sees_those_that_are_shared_and_changes_none(
    office: Office, kim: Desk, role: str
) -> None:
    """Also in her team, and with a role that sees every customer."""
    subject = "apps/shop" if role == "app" else "users/bob"
    bob = await office.desk(subject, role=role)
    assert await listed(bob) == [SHARED]
    assert await listed(bob, f'name = "{OWN}"') == []
    assert (await get(bob, SHARED)).owner == "users/kim"
    for call in (get, rename, delete):
        await expect_not_found(call(bob, OWN))
    for change in (rename, delete):
        error = await refusal(change(bob, SHARED))
        assert (error.kind, error.reason) == (Kind.PERMISSION_DENIED, "WORK_NEEDED")
    assert (await get(kim, SHARED)).display_name == "shared"
    mine = await bob.views.CreateView(asked("mine"))
    assert mine.owner == subject
    assert await listed(bob) == ["views/mine", SHARED]
    await rename(bob, "views/mine")
    assert await listed(kim) == [OWN, SHARED]


async def test_an_admin_sees_every_view_and_changes_it(office: Office, kim: Desk) -> None:
    admin = await office.desk("users/adele", role="admin")
    assert await listed(admin) == [OWN, SHARED]
    assert (await rename(admin, OWN)).owner == "users/kim"
    await delete(admin, SHARED)
    assert await listed(kim) == [OWN]


async def test_what_is_shared_no_more_is_seen_by_its_owner_alone(office: Office, kim: Desk) -> None:
    bob = await office.desk("users/bob", role="rep")
    alone = UpdateViewRequest(view=View(name=SHARED), update_mask=FieldMask(paths=["shared"]))
    await kim.views.UpdateView(alone)
    await expect_not_found(get(bob, SHARED))
    assert await listed(bob) == []
    assert (await get(kim, SHARED)).name == SHARED


async def test_a_taken_id_says_no_more_of_a_view_out_of_sight_than_that_it_is_taken(
    office: Office, kim: Desk
) -> None:
    async def taken(desk: Desk, request: CreateViewRequest) -> DomainError:
        error = await refusal(desk.views.CreateView(request))
        assert error.kind is Kind.ALREADY_EXISTS
        return error

    bob = await office.desk("users/bob", role="rep")
    same, other = await taken(bob, asked("own")), await taken(bob, asked("own", shared=True))
    assert "unchanged" not in same.metadata
    assert same == other
    assert (await taken(kim, asked("own"))).metadata["unchanged"] == "true"
    assert (await taken(bob, asked("shared"))).metadata["unchanged"] == "false"


async def test_a_shared_view_shows_each_their_own_customers(office: Office, kim: Desk) -> None:
    bob = await office.desk("users/bob", role="rep")
    await kim.create("hers", region="North")
    await bob.create("his", region="North")
    await bob.create("elsewhere", region="South")
    for desk, customers in ((kim, ["customers/hers"]), (bob, ["customers/his"])):
        view = await get(desk, SHARED)
        shown = await desk.customers.ListCustomers(ListCustomersRequest(filter=view.filter))
        assert [each.name for each in shown.customers] == customers
