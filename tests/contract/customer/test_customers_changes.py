"""UpdateCustomer, DeleteCustomer, UndeleteCustomer: every answer and every refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from guanxi.customer.v1 import customers_pb
from guanxi.customer.v1.customers_pb2 import (
    Customer,
    DeleteCustomerRequest,
    GetCustomerRequest,
    UndeleteCustomerRequest,
    UpdateCustomerRequest,
)

from gateway.transcode.masks import mask_fields
from services.chassis.errors import DomainError, Kind
from tests.support.contact_points import emails
from tests.support.in_turn import in_turn
from tests.support.office import Desk, Office

NAME = "customers/ann"


@pytest.fixture
async def ann(desk: Desk) -> Customer:
    return await desk.create(
        "ann", "Ann", region="South", labels={"tier": "a"}, temperature=Customer.WARM
    )


async def update(desk: Desk, *paths: str, etag: str = "", **fields: Any) -> Customer:
    customer = Customer(name=NAME, etag=etag, **fields)
    mask = FieldMask(paths=paths) if paths else None
    return await desk.customers.UpdateCustomer(
        UpdateCustomerRequest(customer=customer, update_mask=mask)
    )


async def delete(desk: Desk, name: str = NAME, etag: str = "") -> Customer:
    return await desk.customers.DeleteCustomer(DeleteCustomerRequest(name=name, etag=etag))


async def undelete(desk: Desk, name: str = NAME, etag: str = "") -> Customer:
    return await desk.customers.UndeleteCustomer(UndeleteCustomerRequest(name=name, etag=etag))


async def get(desk: Desk) -> Customer:
    return await desk.customers.GetCustomer(GetCustomerRequest(name=NAME))


async def test_without_a_mask_the_fields_that_are_set_change(
    office: Office, desk: Desk, ann: Customer
) -> None:
    office.clock.move(days=1)
    changed = await update(desk, region="North", industry="retail")
    assert (changed.region, changed.industry) == ("North", "retail")
    assert (changed.display_name, changed.temperature) == ("Ann", Customer.WARM)
    assert changed.etag != ann.etag
    assert changed.update_time.seconds > changed.create_time.seconds
    assert await get(desk) == changed


async def test_a_mask_empties_what_it_names_and_leaves_the_rest(desk: Desk, ann: Customer) -> None:
    changed = await update(desk, "region", "labels", "temperature", industry="not named")
    assert (changed.region, changed.industry) == ("", "")
    assert not changed.labels
    assert changed.temperature == Customer.TEMPERATURE_UNSPECIFIED
    assert changed.display_name == "Ann"


async def test_a_star_replaces_all_but_what_an_update_can_not_take_away(
    desk: Desk, ann: Customer
) -> None:
    changed = await update(desk, "*", display_name="Anna")
    assert (changed.display_name, changed.region, dict(changed.labels)) == ("Anna", "", {})
    assert (changed.owner, changed.team) == (ann.owner, ann.team)
    assert changed.lifecycle_stage == ann.lifecycle_stage


async def test_a_subscriber_who_leaves_an_email_address_becomes_a_lead(
    desk: Desk, ann: Customer
) -> None:
    assert ann.lifecycle_stage == Customer.SUBSCRIBER
    changed = await update(desk, emails=emails("ann@EXAMPLE.org"))
    assert changed.lifecycle_stage == Customer.LEAD
    assert [each.canonical_address for each in changed.emails] == ["ann@example.org"]


async def test_a_change_that_says_nothing_new_keeps_the_etag(desk: Desk, ann: Customer) -> None:
    assert await update(desk, region="South") == ann


async def test_the_etag_guards_every_change(desk: Desk, ann: Customer) -> None:
    changed = await update(desk, etag=ann.etag, region="North")
    attempts: tuple[Callable[[], Awaitable[Customer]], ...] = (
        lambda: update(desk, etag=ann.etag, region="East"),
        lambda: delete(desk, etag=ann.etag),
        lambda: undelete(desk, etag=ann.etag),
    )
    for attempt in attempts:
        with pytest.raises(DomainError) as refused:
            await attempt()
        assert (refused.value.kind, refused.value.reason) == (Kind.ABORTED, "ETAG_MISMATCH")
    assert (await delete(desk, etag=changed.etag)).HasField("delete_time")


async def test_of_those_who_change_the_same_version_at_once_one_succeeds(
    desk: Desk, ann: Customer
) -> None:
    attempts = [update(desk, etag=ann.etag, region=f"region {number}") for number in range(5)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, DomainError)]
    assert [error.reason for error in refused] == ["ETAG_MISMATCH"] * 4
    assert await get(desk) in outcomes


async def test_a_customer_is_changed_in_the_form_that_was_read(desk: Desk, ann: Customer) -> None:
    body = MessageToDict(ann)
    ann.region = "North"
    paths = mask_fields(customers_pb.Customer.desc()).paths_of_body(body)
    changed = await desk.customers.UpdateCustomer(
        UpdateCustomerRequest(customer=ann, update_mask=FieldMask(paths=paths))
    )
    assert (changed.region, changed.lifecycle_stage) == ("North", ann.lifecycle_stage)


@in_turn(
    ("paths", "fields", "reason"),
    [
        (["nonsense"], {}, "UPDATE_MASK_UNKNOWN_FIELD"),
        (["next_follow_up_time.seconds"], {}, "UPDATE_MASK_UNKNOWN_FIELD"),
        (["create_time"], {}, "UPDATE_MASK_FIXED_FIELD"),
        (["lifecycle_stage"], {"lifecycle_stage": Customer.LOST}, "UPDATE_MASK_FIXED_FIELD"),
        (["first_seen_time"], {}, "UPDATE_MASK_FIXED_FIELD"),
        ([], {"lifecycle_stage": Customer.LOST}, "UPDATE_MASK_FIXED_FIELD"),
        (["*", "region"], {"display_name": "Ann"}, "UPDATE_MASK_WILDCARD"),
        (["display_name"], {}, "DISPLAY_NAME_MISSING"),
        (["display_name"], {"display_name": " "}, "DISPLAY_NAME_MISSING"),
        ([], {"referred_by": "customers/none"}, "REFERRED_BY_NOT_FOUND"),
        ([], {"referred_by": NAME}, "REFERRED_BY_ITSELF"),
        ([], {"emails": emails("nonsense")}, "VALIDATION_FAILED"),
        ([], {"parent_organization": "customers/none"}, "PARENT_ORGANIZATION_NOT_FOUND"),
    ],
)
async def test_a_change_that_can_not_be_made_is_refused(
    desk: Desk, ann: Customer, paths: list[str], fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await update(desk, *paths, **fields)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert await get(desk) == ann


async def test_a_rep_changes_their_customer_but_hands_it_to_nobody(office: Office) -> None:
    rep = await office.desk("users/rep", role="rep")
    await rep.create("ann")
    assert (await update(rep, region="North")).region == "North"
    for fields in ({"owner": "users/bob"}, {"team": "teams/south"}):
        with pytest.raises(DomainError) as refused:
            await update(rep, **fields)
        assert refused.value.kind is Kind.PERMISSION_DENIED


async def test_a_manager_hands_a_customer_to_a_colleague_of_the_team(
    office: Office, desk: Desk, ann: Customer
) -> None:
    manager = await office.desk("users/mia", role="manager")
    assert (await update(manager, owner="users/bob")).owner == "users/bob"
    bob = await office.desk("users/bob", role="rep")
    assert (await get(bob)).owner == "users/bob"
    with pytest.raises(DomainError) as refused:
        await update(manager, team="teams/south")
    assert refused.value.reason == "TEAM_NOT_ALLOWED"


async def test_a_customer_out_of_sight_is_not_found_whatever_is_tried(
    office: Office, ann: Customer
) -> None:
    manager = await office.desk("users/max", role="manager", team="teams/south")
    attempts: tuple[Callable[[], Awaitable[Customer]], ...] = (
        lambda: update(manager, region="North"),
        lambda: delete(manager),
        lambda: undelete(manager),
    )
    for attempt in attempts:
        with pytest.raises(DomainError) as refused:
            await attempt()
        assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "NOT_FOUND")


async def test_a_deleted_customer_is_still_read_and_comes_back_as_it_was(
    desk: Desk, ann: Customer
) -> None:
    deleted = await delete(desk)
    assert deleted.HasField("delete_time")
    assert await get(desk) == deleted
    restored = await undelete(desk)
    assert not restored.HasField("delete_time")
    restored.etag = ann.etag
    assert restored == ann


async def test_a_deleted_customer_is_neither_changed_nor_deleted_again(
    desk: Desk, ann: Customer
) -> None:
    await delete(desk)
    with pytest.raises(DomainError) as refused:
        await update(desk, region="North")
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "CUSTOMER_DELETED",
    )
    with pytest.raises(DomainError) as refused:
        await delete(desk)
    assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "CUSTOMER_DELETED")


async def test_a_living_customer_is_not_brought_back(desk: Desk, ann: Customer) -> None:
    with pytest.raises(DomainError) as refused:
        await undelete(desk)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.ALREADY_EXISTS,
        "CUSTOMER_NOT_DELETED",
    )


async def test_a_repeated_change_is_answered_with_the_first_result(
    desk: Desk, ann: Customer
) -> None:
    change = UpdateCustomerRequest(
        customer=Customer(name=NAME, region="North", etag=ann.etag), request_id="r-1"
    )
    first = await desk.customers.UpdateCustomer(change)
    assert await desk.customers.UpdateCustomer(change) == first
    deletion = DeleteCustomerRequest(name=NAME, request_id="r-1")
    gone = await desk.customers.DeleteCustomer(deletion)
    assert await desk.customers.DeleteCustomer(deletion) == gone
    return_ = UndeleteCustomerRequest(name=NAME, request_id="r-1")
    back = await desk.customers.UndeleteCustomer(return_)
    assert await desk.customers.UndeleteCustomer(return_) == back


async def test_a_rep_deletes_no_customer(office: Office) -> None:
    rep = await office.desk("users/rep", role="rep")
    await rep.create("ann")
    for attempt in (delete, undelete):
        with pytest.raises(DomainError) as refused:
            await attempt(rep)
        assert (refused.value.kind, refused.value.reason) == (
            Kind.PERMISSION_DENIED,
            "PERMISSION_DENIED",
        )


async def organizations(desk: Desk, *parents: tuple[str, str]) -> None:
    for name, parent in parents:
        above = f"customers/{parent}" if parent else ""
        await desk.create(name, kind=Customer.ORGANIZATION, parent_organization=above)


async def part_of(desk: Desk, name: str, parent: str) -> Customer:
    change = Customer(name=f"customers/{name}", parent_organization=f"customers/{parent}")
    return await desk.customers.UpdateCustomer(UpdateCustomerRequest(customer=change))


async def test_an_organization_is_part_of_none_of_its_parts(desk: Desk) -> None:
    await organizations(desk, ("holding", ""), ("firm", "holding"), ("branch", "firm"))
    for parent in ("firm", "branch"):
        with pytest.raises(DomainError) as refused:
            await part_of(desk, "holding", parent)
        assert refused.value.reason == "PARENT_OF_ITSELF"
        assert refused.value.violations[0].field == "customer.parent_organization"
    moved = await part_of(desk, "branch", "holding")
    assert moved.parent_organization == "customers/holding"
    await part_of(desk, "firm", "branch")


async def test_nobody_is_part_of_a_person(desk: Desk, ann: Customer) -> None:
    await organizations(desk, ("firm", ""))
    with pytest.raises(DomainError) as refused:
        await part_of(desk, "firm", "ann")
    assert refused.value.reason == "PARENT_NOT_ORGANIZATION"


async def test_of_two_who_make_each_other_a_part_at_once_one_does(desk: Desk) -> None:
    for number in range(5):
        one, other = f"one-{number}", f"other-{number}"
        await organizations(desk, (one, ""), (other, ""))
        made = await asyncio.gather(
            part_of(desk, one, other), part_of(desk, other, one), return_exceptions=True
        )
        refused = [each.reason for each in made if isinstance(each, DomainError)]
        assert refused == ["PARENT_OF_ITSELF"]
