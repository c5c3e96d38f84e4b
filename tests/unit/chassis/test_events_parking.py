"""Parking: an event that can't be applied is set aside with its reason, and replayed later."""

from collections.abc import AsyncIterator

import pytest

from services.chassis.errors import DomainError, Kind
from services.chassis.events import ParkedEvent, list_parked
from services.chassis.metrics import Metrics
from tests.support.databases import Databases
from tests.support.feeds import Reading, applied_texts, names, reading
from tests.support.notes import SYSTEM, chassis, count
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
