"""Every event says who made the change, so that the log is a record and reactions act for them."""

from __future__ import annotations

from collections.abc import Sequence

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.caller import Caller, Scope
from services.chassis.events import actor_of
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import KeepingReaction, reading
from tests.support.notes import emit
from tests.support.running import running

ANN = Caller("users/ann", ("rep", "app"), ("teams/north",), Scope.TEAM, "request-7", "key1")
SHOP = Caller("apps/shop", ("app",), (), Scope.ALL, "request-8")


class Listening(KeepingReaction):
    """Notes for whom it would act."""

    def __init__(self) -> None:
        super().__init__()
        self.actors: list[Caller] = []

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        self.actors += [actor_of(event) for event in events]
        await KeepingReaction.apply(self, tx, events)


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
