"""Parking: an event that can't be applied is set aside with its reason, and replayed later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import text

from services.chassis.errors import DomainError, Kind
from services.chassis.events import Derivation, ParkedEvent, list_parked
from services.chassis.events.parking import park
from services.chassis.metrics import Metrics
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import KeepingReaction, Reading, applied_texts, names, reading
from tests.support.notes import SYSTEM, NoteAdded, chassis, count
from tests.support.running import eventually, running


@pytest.fixture
async def sales(databases: Databases) -> AsyncIterator[Reading]:
    async with reading(databases) as sales:
        yield sales


async def test_a_poisonous_event_is_parked_and_the_others_go_on(sales: Reading) -> None:
    sales.reaction.poison |= {"013", "014", "040"}
    told: list[ParkedEvent] = []

    async def on_parked(parked: ParkedEvent) -> None:
        told.append(parked)

    metrics = Metrics()
    await sales.write(*names(0, 50), note="notes/same")
    async with running(sales.puller(on_parked=on_parked, metrics=metrics).run):
        texts = await sales.until(lambda found: len(found) >= 47)
    assert texts == [text for text in names(0, 50) if text not in sales.reaction.poison]
    assert [parked.event.position for parked in told] == [14, 15, 41]
    async with sales.store.read(caller=SYSTEM) as tx:
        parked = await list_parked(tx, sales.store.tables)
    assert parked == told
    assert parked[0].error == "ValueError: can't apply 013"
    assert (parked[0].consumer, parked[0].feed) == ("insight", "sales")
    assert metrics.registry.get_sample_value("guanxi_events_parked_total", {"feed": "sales"}) == 3


async def test_a_parked_event_is_replayed_once_it_can_be_applied(sales: Reading) -> None:
    sales.reaction.poison.add("001")
    await sales.write(*names(0, 3))
    told: list[ParkedEvent] = []

    async def on_parked(parked: ParkedEvent) -> None:
        told.append(parked)

    reader = sales.puller(on_parked=on_parked)
    async with running(reader.run):
        await eventually(lambda: bool(told))
        await sales.until(lambda found: len(found) == 2)
    (parked,) = told

    with pytest.raises(ValueError, match="can't apply 001"):
        await reader.replay(parked.id)
    assert await count(sales.store, chassis.parked_events) == 1

    sales.reaction.poison.clear()
    await reader.replay(parked.id)
    assert sorted(await applied_texts(sales.store)) == names(0, 3)
    with pytest.raises(DomainError) as gone:
        await reader.replay(parked.id)
    assert gone.value.kind is Kind.NOT_FOUND


async def parked_texts(sales: Reading) -> list[str]:
    async with sales.store.read(caller=SYSTEM) as tx:
        parked = await list_parked(tx, sales.store.tables)
    return [NoteAdded.FromString(each.event.payload).text for each in parked]


async def test_what_was_parked_goes_when_the_log_is_replaced(sales: Reading) -> None:
    sales.reaction.poison.add("001")
    await sales.write(*names(0, 3))
    async with running(sales.puller().run):
        await sales.until(lambda found: len(found) == 2)
        while await parked_texts(sales) != ["001"]:  # noqa: ASYNC110 - rows have no event
            await asyncio.sleep(0.01)
        sales.reaction.poison.clear()
        await sales.log.renew_epoch()
        await sales.until(lambda found: sorted(found) == names(0, 3))
    assert await parked_texts(sales) == []


async def test_what_still_cannot_be_applied_is_parked_anew_in_the_new_log(sales: Reading) -> None:
    sales.reaction.poison.add("001")
    await sales.write(*names(0, 3))
    async with running(sales.puller(partitions=1).run):
        await sales.until(lambda found: found == ["000", "002"])
        await sales.log.renew_epoch()
        await sales.write("003")
        await sales.until(lambda found: "003" in found and len(found) == 3)
    assert await parked_texts(sales) == ["001"]


async def test_an_event_of_a_log_that_was_replaced_is_not_replayed(sales: Reading) -> None:
    """As the last replica of an older version may leave it: its position means nothing any more."""
    await sales.write(*names(0, 3))
    reader = sales.puller()
    async with running(reader.run):
        await sales.until(lambda found: len(found) == 3)
    old = Event(position=900, payload=NoteAdded(text="old").SerializeToString())

    async def set_aside(tx: WriteTransaction) -> ParkedEvent:
        reader = {"consumer": "insight", "feed": "sales", "epoch": "the-epoch-before"}
        return await park(tx, sales.store.tables, old, ValueError("x"), **reader)

    parked = await sales.store.write(set_aside, caller=SYSTEM)
    with pytest.raises(DomainError) as refused:
        await reader.replay(parked.id)
    assert (refused.value.kind, refused.value.reason) == (
        Kind.FAILED_PRECONDITION,
        "EVENT_OF_ANOTHER_LOG",
    )
    assert sorted(await applied_texts(sales.store)) == names(0, 3)


async def test_an_event_that_a_new_derivation_cannot_apply_either_is_parked_once(
    sales: Reading,
) -> None:
    sales.reaction.poison.add("001")
    await sales.write(*names(0, 3))
    for version, applied in ((1, 2), (2, 4)):
        async with running(sales.puller(partitions=1, derivation=Derivation(version, {"a"})).run):
            while len(await applied_texts(sales.store)) < applied:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
    assert await parked_texts(sales) == ["001"]


@pytest.mark.parametrize("statement", ["SELECT 1 FROM not_there_yet", "SELECT gone FROM applied"])
async def test_what_a_migration_is_missing_for_is_waited_for_and_parks_nothing(
    sales: Reading, statement: str
) -> None:
    """While a version is rolled out, its code and the tables may be of two."""
    tried = 0

    class Ahead(KeepingReaction):
        async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
            nonlocal tried
            tried += 1
            if tried < 3:
                await tx.unscoped().all(text(statement))
            await KeepingReaction.apply(self, tx, events)

    await sales.write(*names(0, 3))
    async with running(sales.puller(partitions=1, reaction=Ahead()).run):
        await sales.until(lambda found: found == names(0, 3))
    assert await parked_texts(sales) == []
