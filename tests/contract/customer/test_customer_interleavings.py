"""What two do to one customer at the same moment, neither of whom sees the other's change yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from guanxi.customer.v1.customers_pb2 import Customer, GetCustomerRequest

from services.chassis.caller import Caller
from services.chassis.creation import New
from services.chassis.people.known import People
from services.chassis.store import Store, WriteTransaction
from services.customer.customers import actions
from services.customer.customers.model import CustomerKind, Draft, OrderNews
from tests.support.office import Desk, Office

ANN = "customers/ann"
SYSTEM = Caller.system("tests")

Work = Callable[[WriteTransaction], Awaitable[object]]


async def is_created(tx: WriteTransaction) -> None:
    draft = Draft(kind=CustomerKind.PERSON, display_name="Ann")
    await actions.create_customers(tx, {0: New(ANN, draft, fingerprint=b"ann")}, People())


async def is_told_of(order: str, tx: WriteTransaction) -> None:
    await actions.follow_orders(tx, {order: OrderNews(ANN, counts=True)})


async def at_once(store: Store, first: Work, second: Work) -> None:
    """Before the first commits, the second is committed, or waits for the first."""
    done = asyncio.Event()

    async def held(tx: WriteTransaction) -> None:
        await first(tx)
        done.set()
        await asyncio.wait([following], timeout=0.3)

    async def follow() -> None:
        await done.wait()
        await store.write(second, caller=SYSTEM)

    following = asyncio.create_task(follow())
    await store.write(held, caller=SYSTEM)
    await following


@pytest.mark.parametrize("told_before", [False, True])
@pytest.mark.parametrize("created_first", [False, True])
async def test_an_order_told_while_its_customer_is_created_counts(
    office: Office, desk: Desk, *, created_first: bool, told_before: bool
) -> None:
    store = office.service.store
    if told_before:
        await store.write(partial(is_told_of, "orders/0"), caller=SYSTEM)
    told: Work = partial(is_told_of, "orders/1")
    await at_once(store, *((is_created, told) if created_first else (told, is_created)))
    ann = await desk.customers.GetCustomer(GetCustomerRequest(name=ANN))
    assert ann.lifecycle_stage == (Customer.REPEAT_CUSTOMER if told_before else Customer.CUSTOMER)
