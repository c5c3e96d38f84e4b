"""What is asked for while a rebuild goes on reaches the state that it is meant for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import feeds_pb2, segments_pb2
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.store import ReadTransaction
from services.insight.engine import segmenting
from services.insight.engine.measuring import measure
from services.insight.feeds.model import consumer_of
from services.insight.feeds.places import FeedPlaces
from services.insight.sources import orders
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event, until

SYSTEM = Caller.system("test")
YESTERDAY = TODAY - timedelta(days=1)


async def test_an_event_that_a_rebuild_has_parked_is_replayed_into_what_is_rebuilt(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is in the log; the list shows it once the rebuild is in use."""
    desk = await insight.desk()
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY, 70))
    caught, held = FeedPlaces.has_caught_up, True

    async def but_not_yet(places: FeedPlaces, generation: int) -> bool:
        return not held and await caught(places, generation)

    monkeypatch.setattr(FeedPlaces, "has_caught_up", but_not_yet)
    with monkeypatch.context() as poison:
        poison.setattr(orders, "_read", unreadable)
        await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())
        await until(lambda: parked_by(insight, 2))
    (event,) = await parked_by(insight, 2)
    await desk.feeds.ReplayParkedEvent(
        feeds_pb2.ReplayParkedEventRequest(name=f"parkedEvents/{event}")
    )
    held = False
    await until(lambda: is_in_use(desk))
    assert (await desk.facts_of("ada")).orders_total == 1
    reply = await desk.feeds.ListParkedEvents(feeds_pb2.ListParkedEventsRequest())
    assert not reply.parked_events


async def test_an_event_that_nobody_reads_any_more_is_not_replayed(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await insight.desk()
    with monkeypatch.context() as poison:
        poison.setattr(orders, "_read", unreadable)
        await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    (event,) = await parked_by(insight, 1)
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())
    await until(lambda: is_in_use(desk))
    with pytest.raises(DomainError) as refused:
        await desk.feeds.ReplayParkedEvent(
            feeds_pb2.ReplayParkedEventRequest(name=f"parkedEvents/{event}")
        )
    assert refused.value.kind is Kind.NOT_FOUND


async def test_a_run_that_waits_for_a_rebuilds_end_is_of_what_was_rebuilt(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await insight.desk()
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    await desk.run()
    measured: list[int] = []
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(tx: ReadTransaction, generation: int, *rest: Any) -> Any:
        measured.append(generation)
        begun.set()
        await go.wait()
        return await measure(tx, generation, *rest)

    monkeypatch.setattr(segmenting, "measure", slow)
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())
    await begun.wait()
    asked = asyncio.create_task(desk.run())
    await asyncio.sleep(0.2)
    go.set()
    told = await asked
    assert measured[-1] == 2
    await until(lambda: is_in_use(desk))
    assert await desk.segments.GetSegmentation(segments_pb2.GetSegmentationRequest()) == told


def unreadable(*_: Any) -> Any:
    raise ValueError("for a while")


async def parked_by(insight: Insight, generation: int) -> list[str]:
    table = insight.service.store.tables.parked_events
    async with insight.service.store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(table.c.id).where(table.c.consumer == consumer_of(generation)))
    return [row.id for row in rows]


async def is_in_use(desk: Desk) -> bool:
    found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
    return found.state == feeds_pb2.Rebuild.DONE
