"""Who collaborates on a customer sees them and their journey as the owner does, and changes them
where they are named to WORK; to whoever isn't named nothing is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1.customers_pb2 import (
    Customer,
    DeleteCustomerRequest,
    GetCustomerRequest,
    ListCustomersRequest,
    UndeleteCustomerRequest,
    UpdateCustomerRequest,
)
from guanxi.customer.v1.touchpoints_pb2 import (
    BatchLogTouchpointsRequest,
    ListTouchpointsRequest,
    LogTouchpointRequest,
    Touchpoint,
)
from sqlalchemy import insert

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_status
from services.chassis.store import WriteTransaction
from services.customer.customers.store import collaborators
from tests.support.office import Desk, Office

ANN, GONE = "customers/ann", "customers/gone"


@pytest.fixture
async def named(office: Office) -> Office:
    """ann and the deleted gone are dan's; rita reads them, wes works on them."""
    desk = await office.desk()
    await desk.create("ann", owner="users/dan", team="teams/south")
    await desk.create("gone", owner="users/dan", team="teams/south")
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name=GONE))
    await desk.touchpoints.LogTouchpoint(touch())

    async def work(tx: WriteTransaction) -> None:
        for subject, access in (("users/rita", "READ"), ("users/wes", "WORK")):
            for customer in (ANN, GONE):
                row = {"customer": customer, "subject": subject, "access": access}
                await tx.run(insert(collaborators).values(row))

    await office.service.store.write(work, caller=Caller.system("tests"))
    return office


def touch() -> LogTouchpointRequest:
    touchpoint = Touchpoint(type=Touchpoint.CALL, subject="A call")
    return LogTouchpointRequest(parent=ANN, touchpoint=touchpoint)


CHANGES: Final[dict[str, Callable[[Desk], Awaitable[object]]]] = {
    "update": lambda desk: desk.customers.UpdateCustomer(
        UpdateCustomerRequest(
            customer=Customer(name=ANN, region="North"), update_mask=FieldMask(paths=["region"])
        )
    ),
    "log": lambda desk: desk.touchpoints.LogTouchpoint(touch()),
    "delete": lambda desk: desk.customers.DeleteCustomer(DeleteCustomerRequest(name=ANN)),
    "undelete": lambda desk: desk.customers.UndeleteCustomer(UndeleteCustomerRequest(name=GONE)),
}


async def rep(office: Office, name: str) -> Desk:
    return await office.desk(f"users/{name}", role="rep", team="teams/north")


async def manager(office: Office, name: str) -> Desk:
    """Of a team that the customers are not of; managers may delete and import."""
    return await office.desk(f"users/{name}", role="manager", team="teams/north")


@pytest.mark.parametrize("name", ["rita", "wes"])
async def test_whoever_is_named_reads_the_customer_and_the_journey(
    named: Office, name: str
) -> None:
    desk = await rep(named, name)
    assert (await desk.customers.GetCustomer(GetCustomerRequest(name=ANN))).name == ANN
    listed = await desk.customers.ListCustomers(ListCustomersRequest())
    assert [each.name for each in listed.customers] == [ANN]
    for parent in (ANN, "customers/-"):
        journey = await desk.touchpoints.ListTouchpoints(ListTouchpointsRequest(parent=parent))
        assert [each.subject for each in journey.touchpoints] == ["A call"]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_takes_work(named: Office, change: str) -> None:
    call = CHANGES[change]
    with pytest.raises(DomainError) as refused:
        await call(await manager(named, "rita"))
    assert (refused.value.kind, refused.value.reason) == (Kind.PERMISSION_DENIED, "WORK_NEEDED")
    with pytest.raises(DomainError) as unseen:
        await call(await manager(named, "eve"))
    assert (unseen.value.kind, unseen.value.reason) == (Kind.NOT_FOUND, "NOT_FOUND")
    await call(await manager(named, "wes"))


async def test_in_a_batch_what_is_only_read_is_refused_by_itself(named: Office) -> None:
    desk = await manager(named, "rita")
    own = await desk.create("own")
    other = touch()
    other.parent = own.name
    reply = await desk.touchpoints.BatchLogTouchpoints(
        BatchLogTouchpointsRequest(requests=[touch(), other])
    )
    assert list(reply.failed_requests) == [0]
    assert from_status(reply.failed_requests[0]).reason == "WORK_NEEDED"
    assert len(reply.touchpoints) == 1


@pytest.mark.parametrize(
    ("role", "owner", "team", "reason"),
    [
        (rep, "users/eve", "", "OWNER_NOT_ALLOWED"),
        (rep, "users/wes", "teams/north", "OWNER_NOT_ALLOWED"),
        (manager, "users/wes", "teams/north", "TEAM_NOT_ALLOWED"),
        (manager, "", "teams/north", "TEAM_NOT_ALLOWED"),
    ],
)
async def test_collaborators_hand_nothing_on_and_take_nothing(
    named: Office,
    role: Callable[[Office, str], Awaitable[Desk]],
    owner: str,
    team: str,
    reason: str,
) -> None:
    wes = await role(named, "wes")
    given = [field for field, value in {"owner": owner, "team": team}.items() if value]
    with pytest.raises(DomainError) as refused:
        await wes.customers.UpdateCustomer(
            UpdateCustomerRequest(
                customer=Customer(name=ANN, owner=owner, team=team),
                update_mask=FieldMask(paths=given),
            )
        )
    assert (refused.value.kind, refused.value.reason) == (Kind.PERMISSION_DENIED, reason)
    dan = await named.desk("users/dan", role="rep", team="teams/south")
    kept = await dan.customers.GetCustomer(GetCustomerRequest(name=ANN))
    assert (kept.owner, kept.team) == ("users/dan", "teams/south")
