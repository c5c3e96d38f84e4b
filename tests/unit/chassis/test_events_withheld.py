"""An event of a type that the answering replica doesn't know: its producer was rolled back, or is
being rolled out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from guanxi.events.v1.event_feed_pb2 import PullRequest
from sqlalchemy import select, update

from services.chassis.background import Background
from services.chassis.events import Derivation
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import Reading, applied_texts, names, reading
from tests.support.notes import SYSTEM, NoteAdded, chassis
from tests.support.running import eventually, running

ADDED = NoteAdded.DESCRIPTOR.full_name
NEW = "guanxi.sales.v1.OrderShipped"


@pytest.fixture
async def sales(databases: Databases) -> AsyncIterator[Reading]:
    """A log of five events whose third is of a type that the producer doesn't know."""
    async with reading(databases) as sales:
        await sales.write(*names(0, 5), note="notes/one")
        await eventually(lambda: sales.log.head_position == 5)
        await call_the_third(sales, NEW)
        yield sales


async def call_the_third(sales: Reading, event_type: str) -> None:
    log = chassis.event_log

    async def work(tx: WriteTransaction) -> None:
        await tx.run(update(log).where(log.c.position == 3).values(type=event_type))

    await sales.producer.write(work, caller=SYSTEM)


async def test_nothing_of_it_leaves_the_feed_and_it_says_so(sales: Reading) -> None:
    answer = await sales.stub.Pull(PullRequest(consumer="insight", partition_count=1), timeout=5)
    assert [event.withheld for event in answer.events] == [False, False, True, False, False]
    assert [bool(event.payload) for event in answer.events] == [True, True, False, True, True]


async def test_a_reader_that_does_not_know_the_type_either_passes_it(sales: Reading) -> None:
    async with running(sales.puller(derivation=Derivation(1, {ADDED})).run):
        await sales.until(lambda found: found == ["000", "001", "", "003", "004"])


@pytest.mark.parametrize("knows", [{"derivation": Derivation(1, {ADDED, NEW})}, {"types": {NEW}}])
async def test_a_reader_that_knows_the_type_waits_for_a_replica_that_does_too(
    sales: Reading, knows: dict[str, object]
) -> None:
    background = Background()
    with background.watching():
        async with running(sales.puller(partitions=1, **knows).run):
            await eventually(lambda: any(NEW in each for each in background.complaints()))
            assert await applied_texts(sales.store) == ["000", "001"]
            assert background.fit  # it is the other's fault
            await call_the_third(sales, ADDED)
            await sales.until(lambda found: found == names(0, 5))
        async with sales.store.read(caller=SYSTEM) as tx:
            parked = await tx.all(select(chassis.parked_events.c.id))
    assert not parked
