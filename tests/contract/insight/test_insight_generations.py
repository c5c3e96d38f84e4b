"""Generations: a rebuild that fails, one that a restored producer overtakes, what is cleared."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.message import Message
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.insight.v1 import facts_pb2, feeds_pb2, predictions_pb2, segments_pb2
from sqlalchemy import func, select

from services.chassis.caller import Caller
from services.chassis.clock import BusinessCalendar
from services.insight.engine import clearing, following
from services.insight.engine.aside import Asides
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.reactions import DeriveFacts
from services.insight.engine.segmenting import Segmenting
from services.insight.facts.store import facts
from services.insight.feeds import store
from services.insight.feeds.model import RebuildState, consumer_of, generation_of
from services.insight.feeds.store import touched
from services.insight.segments.model import Segmentation
from services.insight.segments.store import segmentations
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.orders import ORDERS
from services.insight.sources.registered import DERIVATION, SOURCES
from services.insight.sources.store import RECORDS
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event, touch, until
from tests.support.signers import signer
from tests.support.written_feed import full_name

SYSTEM = Caller.system("test")
OURS = DERIVATION.consumer("insight")
YESTERDAY = TODAY - timedelta(days=1)


async def test_a_rebuild_that_fails_leaves_the_old_state_in_use(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> Segmentation:
        raise ValueError("no such column")

    monkeypatch.setattr(Segmenting, "run", failing)
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

    async def has_ended() -> bool:
        found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        return found.state != feeds_pb2.Rebuild.RUNNING

    await until(has_ended)
    database = insight.service.store
    async with database.read(caller=SYSTEM) as tx:
        rebuild = await store.last_rebuild(tx)
        assert await store.active_generation(tx) == 1
    assert rebuild is not None
    assert rebuild.state is RebuildState.FAILED
    assert rebuild.error == "ValueError: no such column"


async def test_a_producer_restored_during_a_rebuild_begins_it_anew(insight: Insight) -> None:
    desk = await insight.desk()
    await insight.knows(
        customer_event("ada"), customer_event("bob"), confirmed("o1", "ada", YESTERDAY, 7)
    )
    insight.sales.reachable = False
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())
    insight.customer.replace("second", customer_event("ada", display_name="Ada II"))
    insight.sales.reachable = True

    async def begun_anew() -> bool:
        found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        return found.state == feeds_pb2.Rebuild.DONE and set(await desk.all_facts()) == {"ada"}

    await until(begun_anew)
    assert (await desk.facts_of("ada")).spend_total.units == 7


async def test_a_superseded_generation_is_cleared_and_no_other(insight: Insight) -> None:
    desk = await insight.desk()
    await insight.knows(
        customer_event("ada"),
        confirmed("o1", "ada", YESTERDAY),
        touch("t1", "ada", YESTERDAY, "CALL"),
        signer("kim", "ada", 1),
    )
    await desk.run()
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

    async def rebuilt() -> bool:
        found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        return found.state == feeds_pb2.Rebuild.DONE

    await until(rebuilt)
    await clearing.clear(insight.service.store, 1)
    for table in (*map(RECORDS.table, SOURCES), facts, segmentations, touched):
        assert await generations_in(insight, table) == [2]
    async with insight.service.store.read(caller=SYSTEM) as tx:
        assert await store.superseded_generations(tx) == []


async def test_no_list_shows_a_superseded_generation(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_CLEAR_AFTER_SECONDS", 600.0)
    desk = await insight.desk()
    for customer in ("ada", "bob"):
        await insight.knows(
            customer_event(customer),
            *(
                confirmed(f"{customer}{k}", customer, TODAY - timedelta(days=25 + 30 * k))
                for k in range(6)
            ),
        )
    await desk.run()
    before = await lists_of(desk)
    assert [len(names) for names in before] == [2, 2, 2]
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

    async def rebuilt() -> bool:
        found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
        return found.state == feeds_pb2.Rebuild.DONE

    await until(rebuilt)
    assert await generations_in(insight, facts) == [1, 2]
    assert await lists_of(desk) == before


async def lists_of(desk: Desk) -> list[list[str]]:
    """The names on the list of those due, of facts, and of a segment."""
    due = await desk.predictions.ListDueCustomers(predictions_pb2.ListDueCustomersRequest())
    known = await desk.facts.ListCustomerFacts(facts_pb2.ListCustomerFactsRequest())
    segment = segments_pb2.GetCustomerSegmentRequest(name="customers/ada/segment")
    found = facts_pb2.RfmSegment.Name((await desk.segments.GetCustomerSegment(segment)).segment)
    parent = f"segments/{found.lower().replace('_', '-')}"
    members = await desk.segments.ListSegmentCustomers(
        segments_pb2.ListSegmentCustomersRequest(parent=parent)
    )
    return [
        [each.name for each in due.predictions],
        [each.name for each in known.customer_facts],
        [each.name for each in members.customers],
    ]


async def generations_in(insight: Insight, table: Any) -> list[int]:
    statement = select(table.c.generation, func.count()).group_by(table.c.generation)
    async with insight.service.store.read(caller=SYSTEM) as tx:
        return sorted(row.generation for row in await tx.all(statement))


@pytest.mark.parametrize("name", ["insight-g7", "insight", "insight-gx"])
def test_a_generation_is_known_by_the_name_it_reads_under(name: str) -> None:
    known = generation_of(name)
    assert known == (7 if name == "insight-g7" else None)
    assert known is None or consumer_of(known) == name


async def test_what_is_being_rebuilt_is_not_superseded(insight: Insight) -> None:
    desk = await insight.desk()
    await insight.knows(customer_event("ada"))
    insight.sales.reachable = False
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

    async def reading() -> bool:
        return await generations_in(insight, RECORDS.table(CUSTOMERS)) == [1, 2]

    await until(reading)
    async with insight.service.store.read(caller=SYSTEM) as tx:
        assert await store.superseded_generations(tx) == []


async def test_an_order_taken_off_its_customer_stays_off_when_an_older_event_comes_again(
    insight: Insight,
) -> None:
    desk = await insight.desk()
    evaluation = Evaluation(BusinessCalendar(insight.clock, ZoneInfo("UTC")), "GBP", 2)
    reaction = DeriveFacts(1, evaluation, Asides())
    older = written(4, confirmed("o1", "ada", YESTERDAY, 7))
    for event in (written(5, confirmed("o1", "", YESTERDAY, 7)), older):
        await insight.service.store.write(partial(reaction.apply, events=[event]), caller=SYSTEM)
    assert (await desk.facts_of("ada")).orders_total == 0


async def test_walk_ins_of_a_generation_without_customers_are_cleared(insight: Insight) -> None:
    evaluation = Evaluation(BusinessCalendar(insight.clock, ZoneInfo("UTC")), "GBP", 2)
    reaction = DeriveFacts(7, evaluation, Asides())
    await insight.service.store.write(
        lambda tx: reaction.apply(tx, [written(1, confirmed("o1", "", YESTERDAY, 7))]),
        caller=SYSTEM,
    )
    assert await generations_in(insight, RECORDS.table(ORDERS)) == [7]
    await clearing.clear(insight.service.store, 7)
    assert await generations_in(insight, RECORDS.table(ORDERS)) == []


def written(position: int, message: Message) -> Event:
    """An event as a feed has it."""
    return Event(position=position, type=full_name(message), payload=message.SerializeToString())
