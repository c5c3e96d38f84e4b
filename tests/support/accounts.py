"""What the customer service tells sales of its customers, and what sales keeps of them."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.events import Reaction
from services.chassis.store import AnyRow, Store, WriteTransaction
from services.sales.accounts.store import accounts
from services.sales.reactions import CustomerReaction

__all__ = ["SYSTEM", "account", "created", "deleted", "hear", "updated"]

SYSTEM = Caller.system("tests")


def created(name: str, **more: Any) -> customers_pb2.CustomerCreated:
    return customers_pb2.CustomerCreated(customer=customers_pb2.Customer(name=name, **more))


def updated(name: str, **more: Any) -> customers_pb2.CustomerUpdated:
    return customers_pb2.CustomerUpdated(customer=customers_pb2.Customer(name=name, **more))


def deleted(name: str) -> customers_pb2.CustomerDeleted:
    customer = customers_pb2.Customer(name=name, delete_time=Timestamp(seconds=1))
    return customers_pb2.CustomerDeleted(customer=customer)


async def hear(store: Store, *events: Event, reaction: Reaction | None = None) -> None:
    """The events arrive."""

    async def work(tx: WriteTransaction) -> None:
        await (reaction or CustomerReaction()).apply(tx, events)

    await store.write(work, caller=SYSTEM)


async def account(store: Store, customer: str) -> AnyRow | None:
    async with store.read(caller=SYSTEM) as tx:
        return await tx.first(select(accounts).where(accounts.c.customer == customer))
