"""An event of a customer that was parked, and a log of customers that was replaced since."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from guanxi.customer.v1.customers_pb2 import Customer, CustomerCreated, CustomerUpdated
from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.events import Puller, list_parked
from services.chassis.events.parking import replay_all
from services.chassis.store import WriteTransaction
from services.sales.reactions import FOLLOWS, CustomerReaction
from tests.support.accounts import SYSTEM, account
from tests.support.running import running
from tests.support.services import RunningService
from tests.support.written_feed import WrittenFeed

ANN = "customers/ann"


class Confused(CustomerReaction):
    """Of a version that doesn't understand customers of `users/old`."""

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        for event in events:
            if CustomerCreated.FromString(event.payload).customer.owner == "users/old":
                raise ValueError("who is that?")
        await CustomerReaction.apply(self, tx, events)


def ann(owner: str) -> Customer:
    return Customer(name=ANN, owner=owner)


async def test_replayed_after_the_log_was_replaced_it_keeps_no_account_from_following(
    sales: RunningService,
) -> None:
    """Its position is of the longer log of before: it would be the newest for ever."""
    feed, reaction = WrittenFeed(), Confused()
    others = [CustomerCreated(customer=Customer(name=f"customers/{n}")) for n in range(5)]
    feed.write(*others, CustomerCreated(customer=ann("users/old")))
    puller = Puller(
        sales.store,
        "customer",
        feed,
        consumer="sales",
        partitions=1,
        reaction=reaction,
        on_epoch_change=reaction.log_renewed,
        on_log_read=reaction.log_read,
        derivation=FOLLOWS.derivation,
        wait_seconds=0.1,
    )
    async with running(puller.run):
        await until_parked(sales, 1)
        feed.replace("second", CustomerCreated(customer=ann("users/new")))
        await until_owned_by(sales, "users/new")
        await replay_all(sales.store, CustomerReaction())
        feed.write(CustomerUpdated(customer=ann("users/newest")))
        await until_owned_by(sales, "users/newest")
        await until_parked(sales, 0)


async def until_parked(sales: RunningService, count: int) -> None:
    async with asyncio.timeout(10):
        while True:
            async with sales.store.read(caller=SYSTEM) as tx:
                if len(await list_parked(tx, sales.store.tables)) == count:
                    return
            await asyncio.sleep(0.01)


async def until_owned_by(sales: RunningService, owner: str) -> None:
    async with asyncio.timeout(10):
        while True:
            row = await account(sales.store, ANN)
            if row is not None and row.owner == owner:
                return
            await asyncio.sleep(0.01)
