"""ApproveContact, UnapproveContact, GetDecisionChain, RestartDecisionChain: who decides at an
organization, who has, and who is next; and what others are told of contacts."""

from __future__ import annotations

import asyncio

import pytest
from guanxi.customer.v1.contacts_pb2 import (
    Contact,
    ContactCreated,
    ContactUpdated,
    DeactivateContactRequest,
    DecisionChain,
    DeleteContactRequest,
    GetDecisionChainRequest,
    RestartDecisionChainRequest,
    UnapproveContactRequest,
)
from guanxi.customer.v1.customers_pb2 import Customer, DeleteCustomerRequest
from guanxi.events.v1.event_feed_pb2 import Event, PullRequest
from guanxi.events.v1.event_feed_pb2_grpc import EventFeedStub

from services.chassis.errors import Kind
from tests.support.contact_points import emails
from tests.support.contacts import ACME, CHAIN, add, approve, chain, change, get, named
from tests.support.office import Desk, Office
from tests.support.refusals import expect_not_found, refusal


@pytest.fixture
async def board(desk: Desk) -> None:
    """kim and lee sign first, in any order, and zoe last; bo doesn't sign."""
    await desk.create("acme", "Acme", kind=Customer.ORGANIZATION)
    await add(desk, "zoe", approval_order=5, role=Contact.DECISION_MAKER, job_title="CEO")
    await add(desk, "lee", approval_order=1)
    await add(desk, "kim", approval_order=1, stance=Contact.CHAMPION)
    await add(desk, "bo", role=Contact.GATEKEEPER)


async def unapprove(desk: Desk, contact_id: str) -> Contact:
    return await desk.contacts.UnapproveContact(UnapproveContactRequest(name=named(contact_id)))


async def restart(desk: Desk) -> DecisionChain:
    return await desk.contacts.RestartDecisionChain(RestartDecisionChainRequest(name=CHAIN))


async def next_signers(desk: Desk) -> list[str]:
    return [each.rpartition("/")[2] for each in (await chain(desk)).next_signers]


async def test_the_chain_says_who_signs_at_which_level(desk: Desk, board: None) -> None:
    found = await chain(desk)
    assert found.name == CHAIN
    assert found.decision_chain_length == 2
    assert [
        (level.approval_order, [each.display_name for each in level.signers])
        for level in found.levels
    ] == [(1, ["Kim", "Lee"]), (5, ["Zoe"])]
    kim, zoe = found.levels[0].signers[0], found.levels[1].signers[0]
    assert (kim.contact, kim.stance) == (named("kim"), Contact.CHAMPION)
    assert (zoe.role, zoe.job_title) == (Contact.DECISION_MAKER, "CEO")
    assert not kim.HasField("approval_time")


async def test_who_signs_next_follows_what_has_been_approved(
    office: Office, desk: Desk, board: None
) -> None:
    assert await next_signers(desk) == ["kim", "lee"]
    signed = await approve(desk, "kim")
    assert signed.approval_time.ToDatetime(tzinfo=office.clock.now().tzinfo) == office.clock.now()
    assert await next_signers(desk) == ["lee"]
    await approve(desk, "zoe")  # as she comes
    assert await next_signers(desk) == ["lee"]
    assert [each.approved for each in (await chain(desk)).levels] == [False, True]
    await approve(desk, "lee")
    done = await chain(desk)
    assert done.approved
    assert list(done.next_signers) == []
    assert not (await unapprove(desk, "zoe")).HasField("approval_time")
    assert await next_signers(desk) == ["zoe"]


async def test_the_chain_begins_anew_for_the_next_deal(desk: Desk, board: None) -> None:
    for contact_id in ("kim", "lee", "zoe"):
        await approve(desk, contact_id)
    await desk.contacts.DeactivateContact(DeactivateContactRequest(name=named("lee")))
    restarted = await restart(desk)
    assert restarted == await chain(desk)
    assert (restarted.approved, await next_signers(desk)) == (False, ["kim"])
    # Also of who has left: they may come back.
    assert not (await get(desk, "lee")).HasField("approval_time")
    assert await restart(desk) == restarted


async def test_who_has_left_or_does_not_sign_is_no_part_of_the_chain(
    desk: Desk, board: None
) -> None:
    await desk.contacts.DeactivateContact(DeactivateContactRequest(name=named("zoe")))
    assert (await chain(desk)).decision_chain_length == 1
    error = await refusal(approve(desk, "zoe"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CONTACT_INACTIVE")
    await approve(desk, "kim")
    assert not (await change(desk, "kim", "approval_order")).HasField("approval_time")
    assert await next_signers(desk) == ["lee"]
    await desk.contacts.DeleteContact(DeleteContactRequest(name=named("lee")))
    empty = await chain(desk)
    assert empty == DecisionChain(name=CHAIN)


async def test_nobody_approves_who_does_not_sign_or_has_signed(desk: Desk, board: None) -> None:
    error = await refusal(approve(desk, "bo"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "NOT_A_SIGNER")
    error = await refusal(unapprove(desk, "kim"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "NOT_APPROVED")
    await approve(desk, "kim")
    error = await refusal(approve(desk, "kim"))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "APPROVED_ALREADY")


async def test_there_is_no_chain_of_an_organization_that_is_not_there(
    office: Office, desk: Desk, board: None
) -> None:
    nobody = "customers/nobody/decisionChain"
    request = GetDecisionChainRequest(name=nobody)
    await expect_not_found(desk.contacts.GetDecisionChain(request))
    restart_request = RestartDecisionChainRequest(name=nobody)
    await expect_not_found(desk.contacts.RestartDecisionChain(restart_request))
    await desk.customers.DeleteCustomer(DeleteCustomerRequest(name=ACME))
    assert (await chain(desk)).decision_chain_length == 2
    error = await refusal(restart(desk))
    assert (error.kind, error.reason) == (Kind.FAILED_PRECONDITION, "CUSTOMER_DELETED")


async def test_what_others_are_told_of_a_contact_says_what_changed_and_not_who_it_is(
    office: Office, desk: Desk
) -> None:
    await desk.create("acme", "Acme", kind=Customer.ORGANIZATION)
    await add(
        desk,
        "lee",
        given_name="Lee",
        emails=emails("lee@acme.example"),
        notes="tall",
        job_title="Buyer",
        department="Purchasing",
        stance=Contact.OPPONENT,
        approval_order=1,
    )
    changed = await change(desk, "lee", notes="small", approval_order=2)
    _, told, then = await events(office, 3)
    created = ContactCreated.FromString(told.payload).contact
    assert created == Contact(
        name=named("lee"),
        approval_order=1,
        active=True,
        create_time=created.create_time,
        update_time=created.update_time,
        etag=created.etag,
    )
    update = ContactUpdated.FromString(then.payload)
    assert update.contact.etag == changed.etag
    assert sorted(update.changed_fields.paths) == ["approval_order", "notes"]


async def events(office: Office, count: int) -> list[Event]:
    """The first events of the service's log, as insight gets them."""
    feed = EventFeedStub(await office.service.channel("services/insight", role="service", team=""))
    found: list[Event] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            after = found[-1].position if found else 0
            request = PullRequest(consumer="test", partition_count=1, after=after)
            request.wait.FromMilliseconds(200)
            found += (await feed.Pull(request)).events
    return found
