"""Every event says who made the change, so that the log is a record and reactions act for them,
and can do no more than they can."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from guanxi.events.v1.event_feed_pb2 import Actor, Event

from services.chassis.access import Authorizer, Roles
from services.chassis.access.roles import Grant, Pattern
from services.chassis.actors import actor_message, actor_text
from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind
from services.chassis.events import actor_of
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import KeepingReaction, reading
from tests.support.notes import emit
from tests.support.running import running

WRITE = "customer.customers.write"
AUTHORIZER = Authorizer(
    Roles(
        {
            "rep": (Grant(Pattern.parse("*.*.write"), Scope.OWN),),
            "manager": (Grant(Pattern.parse("customer.*.*"), Scope.TEAM),),
            "app": (Grant(Pattern.parse("*.*.*"), Scope.ALL),),
        }
    )
)
ANN = Caller("users/ann", ("rep", "manager"), ("teams/north",), Scope.TEAM, "request-7", "key1")
SHOP = Caller(
    "users/shop",
    ("app",),
    (),
    Scope.ALL,
    "request-8",
    "key2",
    importing=True,
    permissions=("customer.*.write", "customer.*.import"),
)


class Listening(KeepingReaction):
    """Notes for whom it would act."""

    def __init__(self) -> None:
        super().__init__()
        self.actors: list[Caller] = []

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        self.actors += [actor_of(event, WRITE, AUTHORIZER) for event in events]
        await KeepingReaction.apply(self, tx, events)


def event_of(caller: Caller) -> Event:
    return Event(actor=actor_message(actor_text(caller)), request_id=caller.request_id)


async def test_a_reaction_learns_who_made_each_change_and_what_they_may_do(
    databases: Databases,
) -> None:
    reaction = Listening()
    async with reading(databases) as sales:
        for caller in (ANN, SHOP, Caller.system("sweep")):

            async def work(tx: WriteTransaction) -> None:
                emit(tx, "notes/1")

            await sales.producer.write(work, caller=caller)
        async with running(sales.puller(reaction=reaction, partitions=1).run):
            await sales.until(lambda found: len(found) == 3)
    assert reaction.actors == [ANN, SHOP, Caller.system("sweep")]


def test_a_change_to_what_is_everybodys_gives_nobody_the_sight_of_everybody() -> None:
    """A manager's new product, say: its method works on all rows, and they on their team's."""
    product = replace(ANN, scope=Scope.ALL, granted=Scope.TEAM)
    assert json.loads(actor_text(product))["scope"] == "TEAM"
    assert actor_of(event_of(product), WRITE, AUTHORIZER).scope is Scope.TEAM


@pytest.mark.parametrize("permissions", [("sales.*.*",), ()])
def test_what_a_key_does_not_allow_no_reaction_does_for_it(permissions: tuple[str, ...]) -> None:
    with pytest.raises(DomainError) as refused:
        actor_of(event_of(replace(ANN, permissions=permissions)), WRITE, AUTHORIZER)
    assert refused.value.kind is Kind.PERMISSION_DENIED


def test_what_no_role_allows_no_reaction_does_either() -> None:
    with pytest.raises(DomainError) as refused:
        actor_of(event_of(replace(ANN, roles=("rep",))), "customer.pools.read", AUTHORIZER)
    assert refused.value.kind is Kind.PERMISSION_DENIED


def test_what_follows_from_an_import_is_not_the_importers_own_doing() -> None:
    importing = actor_of(event_of(replace(ANN, importing=True)), WRITE, AUTHORIZER)
    assert not importing.in_person
    assert actor_of(event_of(ANN), WRITE, AUTHORIZER).in_person


def test_an_actor_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    text = json.dumps({"subject": "users/ann", "scope": "REGION", "mood": "fine"})
    assert actor_message(text) == Actor(subject="users/ann")
