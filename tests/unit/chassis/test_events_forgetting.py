"""Erasing takes along what the chassis keeps for a while: replies to request ids, parked events."""

from __future__ import annotations

from typing import Any

import pytest
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import select

from services.chassis.caller import Caller, acting_as
from services.chassis.errors import DomainError, Kind
from services.chassis.events import erase, forget, list_parked
from services.chassis.events.parking import park
from services.chassis.store import Store, WriteTransaction
from services.chassis.store.idempotency import KEPT
from tests.support.contact_points import phones
from tests.support.notes import SYSTEM, AddNote, Note, NoteAdded, StoppedClock, chassis, opened

ANN = "customers/ann"
ANN_OF_OLD = "customers/ann-of-old"
PHONE = "+49 30 901820"


def customer(name: str, **fields: Any) -> customers_pb2.Customer:
    return customers_pb2.Customer(
        name=name, display_name=f"Named {name}", phones=phones(PHONE), **fields
    )


def batch(*names: str) -> customers_pb2.BatchCreateCustomersResponse:
    return customers_pb2.BatchCreateCustomersResponse(customers=[customer(each) for each in names])


def touchpoint(of: str) -> touchpoints_pb2.Touchpoint:
    return touchpoints_pb2.Touchpoint(name=f"{of}/touchpoints/1", content="her divorce")


class Answering:
    """A service that answers each request with what it is given, and counts how often it works."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.worked = 0

    async def give(self, request_id: str, reply: Any, *, text: str = "") -> Any:
        async def work(tx: WriteTransaction) -> Any:
            self.worked += 1
            return reply

        request = AddNote(request_id=request_id, text=text)
        return await self.store.answer(request, type(reply), work, caller=SYSTEM)

    async def is_refused(self, request_id: str, reply: Any, *, text: str = "") -> None:
        before = self.worked
        with pytest.raises(DomainError) as refused:
            await self.give(request_id, reply, text=text)
        assert (refused.value.kind, refused.value.reason) == (
            Kind.FAILED_PRECONDITION,
            "REPLY_ERASED",
        )
        assert self.worked == before


async def erase_ann(store: Store, *also: str) -> None:
    async def work(tx: WriteTransaction) -> None:
        await erase(
            tx,
            chassis,
            NoteAdded(name=ANN),
            aggregate_type="customer",
            aggregate_id=ANN,
            partition_key=ANN,
            also=also,
        )

    await store.write(work, caller=SYSTEM, snapshot=False)


async def kept(store: Store) -> bytes:
    """All that is kept of requests, as it is stored."""
    keys = chassis.idempotency_keys
    async with store.read(caller=SYSTEM) as tx:
        return b"".join(row.reply or b"" for row in await tx.all(select(keys.c.reply)))


@pytest.mark.parametrize(
    "reply",
    [
        customer(ANN),
        batch("customers/bob", ANN, "customers/carl"),
        customer("customers/bob", referred_by=ANN),
        touchpoint(ANN),
    ],
    ids=["alone", "among others", "as who referred", "a record beneath her"],
)
async def test_a_reply_that_tells_of_who_is_erased_is_gone_and_its_request_refused(
    database_url: str, reply: Any
) -> None:
    async with opened(database_url) as store:
        service = Answering(store)
        await service.give("request-1", reply)
        await erase_ann(store)
        assert await kept(store) == b""
        await service.is_refused("request-1", reply)
        # Of the request nothing is kept either that could tell another from it.
        await service.is_refused("request-1", reply, text="another body")


@pytest.mark.parametrize(
    "reply",
    [
        customer("customers/anna"),
        customer("customers/joann"),
        customer(ANN_OF_OLD),
        touchpoint("customers/anna"),
        batch("customers/bob", "customers/an"),
        Note(name="notes/1", text=f"who knows {ANN}?"),
    ],
    ids=lambda reply: str(reply.DESCRIPTOR.name),
)
async def test_replies_of_others_stay_and_are_given_again(database_url: str, reply: Any) -> None:
    async with opened(database_url) as store:
        service = Answering(store)
        await service.give("request-1", reply)
        await erase_ann(store)
        assert await service.give("request-1", reply) == reply
    assert service.worked == 1


async def test_names_from_before_a_merge_are_forgotten_with_her(database_url: str) -> None:
    async with opened(database_url) as store:
        service = Answering(store)
        await service.give("request-1", customer(ANN_OF_OLD))
        await erase_ann(store, ANN_OF_OLD)
        await service.is_refused("request-1", customer(ANN_OF_OLD))


async def test_a_name_longer_than_one_byte_of_length_is_found(database_url: str) -> None:
    name = "customers/" + "a" * 290
    async with opened(database_url) as store:
        service = Answering(store)
        await service.give("request-1", customer(name))
        await store.write(lambda tx: forget(tx, chassis, [name]), caller=SYSTEM, snapshot=False)
        await service.is_refused("request-1", customer(name))


async def test_work_that_asks_others_first_learns_of_it_before_it_asks(database_url: str) -> None:
    async with opened(database_url) as store:
        await Answering(store).give("request-1", customer(ANN))
        await erase_ann(store)
        asked: list[str] = []

        async def ask() -> None:
            asked.append("others")

        async def work(tx: WriteTransaction, _: None) -> customers_pb2.Customer:
            raise AssertionError("it is not carried out again")

        request = AddNote(request_id="request-1")
        with acting_as(SYSTEM), pytest.raises(DomainError) as refused:
            await store.answer_asking(request, customers_pb2.Customer, ask, work)
    assert (refused.value.reason, asked) == ("REPLY_ERASED", [])


async def test_an_erasing_that_fails_leaves_the_replies(database_url: str) -> None:
    async def fail(tx: WriteTransaction) -> None:
        await forget(tx, chassis, [ANN])
        raise ValueError("after all")

    async with opened(database_url) as store:
        service = Answering(store)
        await service.give("request-1", customer(ANN))
        with pytest.raises(ValueError, match="after all"):
            await store.write(fail, caller=SYSTEM, snapshot=False)
        assert await service.give("request-1", customer(ANN)) == customer(ANN)


async def test_the_id_is_free_again_when_its_day_is_over(database_url: str) -> None:
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store:
        service = Answering(store)
        await service.give("request-1", customer(ANN))
        await erase_ann(store)
        clock.advance(KEPT)
        await service.give("request-1", customer("customers/bob"))
    assert service.worked == 2


async def test_a_request_that_erases_keeps_its_own_reply(database_url: str) -> None:
    async def work(tx: WriteTransaction) -> Any:
        await erase(
            tx, chassis, NoteAdded(), aggregate_type="c", aggregate_id=ANN, partition_key=ANN
        )
        return Note(name=ANN)

    async with opened(database_url) as store:
        request = AddNote(request_id="erasing", name=ANN)
        for _ in range(2):
            reply = await store.answer(request, Note, work, caller=SYSTEM, snapshot=False)
            assert reply.name == ANN


async def test_parked_events_that_tell_of_her_are_forgotten(database_url: str) -> None:
    async def park_of(tx: WriteTransaction, position: int, name: str) -> None:
        payload = customers_pb2.CustomerUpdated(customer=customer(name)).SerializeToString()
        event = Event(position=position, payload=payload)
        error = ValueError(f"can't apply {PHONE}")
        await park(tx, chassis, event, error, consumer="sales", feed="customer", epoch="1")

    async def work(tx: WriteTransaction) -> None:
        await park_of(tx, 1, ANN)
        await park_of(tx, 2, "customers/anna")

    async with opened(database_url) as store:
        await store.write(work, caller=SYSTEM)
        hears = Caller.system("hears")
        await store.write(lambda tx: forget(tx, chassis, [ANN]), caller=hears, snapshot=False)
        async with store.read(caller=SYSTEM) as tx:
            assert [each.event.position for each in await list_parked(tx, chassis)] == [2]
