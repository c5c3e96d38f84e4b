"""How long an organization's decision chain is: a fact, as its contacts come, sign, leave and go;
and who is tagged by it."""

from __future__ import annotations

from datetime import timedelta

from guanxi.customer.v1.contacts_pb2 import (
    Contact,
    ContactCreated,
    ContactDeactivated,
    ContactDeleted,
    ContactReactivated,
    ContactUpdated,
)
from sqlalchemy import select

from services.chassis.caller import Caller
from services.insight.sources.contacts import CONTACTS
from services.insight.sources.store import RECORDS
from tests.support.insight import TODAY, Desk, Insight, customer_event
from tests.support.signers import signer


async def length(desk: Desk) -> int:
    return (await desk.facts_of("acme")).decision_chain_length


async def test_the_length_follows_whoever_signs(insight: Insight, desk: Desk) -> None:
    await insight.knows(customer_event("acme"))
    assert await length(desk) == 0
    await insight.knows(
        signer("kim", "acme", 1),
        signer("lee", "acme", 1),
        signer("mei", "acme", 4),
        signer("bo", "acme"),
    )
    assert await length(desk) == 2
    await insight.knows(signer("bo", "acme", 2, event=ContactUpdated))
    assert await length(desk) == 3
    await insight.knows(signer("mei", "acme", 4, active=False, event=ContactDeactivated))
    assert await length(desk) == 2
    await insight.knows(signer("mei", "acme", 4, event=ContactReactivated))
    assert await length(desk) == 3
    await insight.knows(signer("bo", "acme", 2, event=ContactDeleted))
    assert await length(desk) == 2
    await insight.knows(signer("bo", "acme", 9))
    assert await length(desk) == 3


async def test_of_another_day_the_chain_is_as_it_is_now(insight: Insight, desk: Desk) -> None:
    before = TODAY - timedelta(days=3)
    await insight.knows(customer_event("acme", first_seen=before), signer("kim", "acme", 1))
    assert (await desk.facts_of("acme", before)).decision_chain_length == 1


async def test_who_has_three_levels_or_more_is_tagged_and_loses_the_tag_with_them(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(
        customer_event("acme"),
        *(signer(f"c{order}", "acme", order) for order in (1, 2)),
    )
    assert list((await desk.facts_of("acme")).tags) == []
    await insight.knows(signer("c3", "acme", 3))
    assert list((await desk.facts_of("acme")).tags) == ["long-decision-chain"]
    found = await desk.all_facts(filter="decision_chain_length >= 3")
    assert set(found) == {"acme"}
    await insight.knows(signer("c3", "acme", event=ContactUpdated))
    assert list((await desk.facts_of("acme")).tags) == []


async def test_nothing_is_kept_of_a_contact_but_where_they_sign(insight: Insight) -> None:
    contact = Contact(
        name="customers/acme/contacts/kim", display_name="Kim", notes="tall", approval_order=1
    )
    await insight.knows(customer_event("acme"), ContactCreated(contact=contact))
    table = RECORDS.table(CONTACTS)
    async with insight.service.store.read(caller=Caller.system("test")) as tx:
        (row,) = await tx.all(select(table))
    assert "Kim" not in str(row)
    assert "tall" not in str(row)
