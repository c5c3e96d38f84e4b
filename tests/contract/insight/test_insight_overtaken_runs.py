"""Everyone is scored by the cut points in force, whichever runs were at work beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import segments_pb2

from services.chassis.store.migrate import migrate
from services.insight.engine import measuring, sweep
from services.insight.engine.segmenting import Segmenting
from services.insight.rules.texts import FactTexts
from services.insight.sources.store import Few
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    confirmed,
    customer_event,
    replicas,
)
from tests.support.rule_runs import create

YESTERDAY = TODAY - timedelta(days=1)
NAMES = [f"c{number:02}" for number in range(20)]
SMALL = NAMES[:10]


def twenty_buyers() -> list[Any]:
    orders = (confirmed(f"o{k}", name, YESTERDAY, 100 * (k + 1)) for k, name in enumerate(NAMES))
    return [*map(customer_event, NAMES), *orders]


def much_of_the_small_ones() -> list[Any]:
    return [confirmed(f"p{k}", name, YESTERDAY, 50_000) for k, name in enumerate(SMALL)]


async def scores(desk: Desk) -> dict[str, int]:
    return {name: facts.m_score for name, facts in (await desk.all_facts()).items()}


async def expect_of_the_cut_points_in_force(desk: Desk) -> None:
    """Another run, since which nothing has come, scores nobody otherwise."""
    found = await scores(desk)
    await desk.run()
    assert found == await scores(desk)


class Held:
    """The first run that scores a second span waits there until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        rescore = Segmenting._rescore_span

        async def slow(segmenting: Segmenting, generation: int, span: Any, *rest: Any) -> None:
            if span.after and not self.begun.is_set():
                self.begun.set()
                await self.go.wait()
            await rescore(segmenting, generation, span, *rest)

        monkeypatch.setattr(Segmenting, "_rescore_span", slow)


@pytest.fixture
async def pair(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Insight]]:
    """Two replicas that know twenty buyers; only PostgreSQL has writers side by side."""
    await migrate(postgres_url, "services.insight")
    monkeypatch.setattr(measuring, "CHUNK_CUSTOMERS", 5)
    async with replicas(postgres_url, idle_seconds=3600) as running:
        await running[0].knows(*twenty_buyers())
        await (await running[0].desk()).run()
        yield running


async def test_a_run_ends_where_a_later_one_of_another_replica_is_in_force(
    pair: list[Insight], monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = [await each.desk() for each in pair]
    held = Held(monkeypatch)
    slow = asyncio.create_task(desks[0].run())
    await held.begun.wait()
    await pair[0].knows(*much_of_the_small_ones())
    later = await desks[1].run()
    held.go.set()
    assert await slow == later
    assert await desks[0].segments.GetSegmentation(segments_pb2.GetSegmentationRequest()) == later
    await expect_of_the_cut_points_in_force(desks[1])


async def test_a_later_run_is_in_force_though_its_clock_is_behind(pair: list[Insight]) -> None:
    desks = [await each.desk() for each in pair]
    pair[0].clock.move(days=1)
    await desks[0].run()
    await pair[0].knows(*much_of_the_small_ones())
    later = await desks[1].run()
    assert await desks[0].segments.GetSegmentation(segments_pb2.GetSegmentationRequest()) == later
    await expect_of_the_cut_points_in_force(desks[1])


async def test_who_is_tried_again_is_scored_by_the_cut_points_in_force_then(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is set aside still has scores, which a run brings up to date."""
    desk = await insight.desk()
    await insight.knows(*twenty_buyers())
    await desk.run()
    fill = FactTexts.fill

    def poisoned(texts: FactTexts, text: str, row: Mapping[Any, Any]) -> str:
        if row["customer"] == "customers/c15":
            raise OverflowError("date value out of range")
        return fill(texts, text, row)

    monkeypatch.setattr(FactTexts, "fill", poisoned)
    await create(desk, filter="orders_total >= 1")
    await desk.rules_followed()
    asking, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    set_aside, try_again = Segmenting._set_aside, Segmenting.try_again

    async def slow(segmenting: Segmenting, generation: int) -> AsyncIterator[Few]:
        async for some in set_aside(segmenting, generation):
            asking.set()
            await go.wait()
            yield some

    async def told(segmenting: Segmenting, generation: int) -> None:
        await try_again(segmenting, generation)
        if go.is_set():
            done.set()

    monkeypatch.setattr(Segmenting, "_set_aside", slow)
    monkeypatch.setattr(Segmenting, "try_again", told)
    monkeypatch.setattr(sweep, "_TRY_AGAIN_SECONDS", 0.0)
    await asking.wait()
    await insight.knows(*much_of_the_small_ones())
    await desk.run()
    go.set()
    await asyncio.wait_for(done.wait(), 30)
    await expect_of_the_cut_points_in_force(desk)
