"""A reader that hears who is erased forgets them in its turn: replies, parked events, and what it
told of them in a log of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import select

from services.chassis.events import Reaction, erase, forget, list_parked
from services.chassis.events.parking import park, replay
from services.chassis.store import Store, WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import Reading, reading
from tests.support.notes import SYSTEM, AddNote, Note, NoteAdded, chassis, count, emit, opened
from tests.support.running import running

ANN = "customers/ann"
TOLD = NoteAdded(name=ANN, text="erased")


@pytest.fixture
async def customers(databases: Databases) -> AsyncIterator[Reading]:
    """A reader of customers, which has told of ann and bob in its own log."""
    async with reading(databases) as customers:

        async def tell(tx: WriteTransaction) -> None:
            emit(tx, "alerts/1", "Ann Lee is late", key=ANN)
            emit(tx, "alerts/2", "Bob is late", key="customers/bob")

        await customers.store.write(tell, caller=SYSTEM)
        yield customers


class Erasing(Reaction):
    """Erases ann, whatever it hears; a test holds it up after its first statement."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.may_go_on.set()

    def needs_snapshot(self, events: Sequence[Event]) -> bool:
        return False

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        await tx.all(select(chassis.feed_cursors.c.feed))
        self.begun.set()
        await self.may_go_on.wait()
        await erase(tx, chassis, TOLD, aggregate_type="c", aggregate_id=ANN, partition_key=ANN)


async def told(store: Store) -> list[str]:
    log = chassis.event_log
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(log.c.aggregateid).order_by(log.c.sequence))
    return [row.aggregateid for row in rows]


async def until_erased(store: Store) -> None:
    async with asyncio.timeout(10):
        while await told(store) != ["alerts/2", ANN]:  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.01)


async def test_a_reaction_erases_what_its_service_told_in_its_own_log(customers: Reading) -> None:
    await customers.write("erased")
    async with running(customers.puller(reaction=Erasing(), partitions=1).run):
        await until_erased(customers.store)
    assert await count(customers.store, chassis.parked_events) == 0


async def test_so_does_one_whose_event_was_parked_when_it_is_replayed(customers: Reading) -> None:
    store = customers.store

    async def set_aside(tx: WriteTransaction) -> str:
        reader: dict[str, Any] = {"consumer": "insight", "feed": "sales", "epoch": "1"}
        return (await park(tx, chassis, Event(position=1), ValueError("once"), **reader)).id

    parked = await store.write(set_aside, caller=SYSTEM)
    await replay(store, Erasing(), parked)
    assert await told(store) == ["alerts/2", ANN]
    async with store.read(caller=SYSTEM) as tx:
        assert not await list_parked(tx, chassis)


async def test_what_is_told_and_answered_while_the_reaction_is_at_it_goes_too(
    postgres_url: str,
) -> None:
    """On SQLite one writer waits for the other."""
    async with opened(postgres_url) as store:
        erasing = Erasing()
        erasing.may_go_on.clear()

        async def hears(tx: WriteTransaction) -> None:
            await erasing.apply(tx, [])

        async def answer(tx: WriteTransaction) -> Any:
            emit(tx, "alerts/3", "Ann Lee is late again", key=ANN)
            return Note(name=ANN)

        hearing = asyncio.create_task(store.write(hears, caller=SYSTEM, snapshot=False))
        await erasing.begun.wait()
        await store.answer(AddNote(request_id="r1"), Note, answer, caller=SYSTEM)
        erasing.may_go_on.set()
        await hearing
        assert await told(store) == [ANN]
        keys = chassis.idempotency_keys
        async with store.read(caller=SYSTEM) as tx:
            assert [row.reply for row in await tx.all(select(keys.c.reply))] == [None]


async def test_a_reaction_that_does_not_say_so_is_told_instead_of_leaving_something_behind(
    database_url: str,
) -> None:
    async with opened(database_url) as store:
        with pytest.raises(RuntimeError, match="needs_snapshot"):
            await store.write(lambda tx: forget(tx, chassis, [ANN]), caller=SYSTEM)
