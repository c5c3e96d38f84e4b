"""Segmentations: one at a time, for all who ask, and for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import segments_pb2

from services.chassis.store import ReadTransaction
from services.insight.engine import segmenting
from services.insight.engine.measuring import measure
from services.insight.facts.store import count_buyers
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event, until

YESTERDAY = TODAY - timedelta(days=1)


class Held:
    """Measurings wait until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.measured = 0
        self.go = asyncio.Event()
        monkeypatch.setattr(segmenting, "measure", self._measure)

    async def _measure(self, *arguments: Any) -> Any:
        self.begun += 1
        await self.go.wait()
        population = await measure(*arguments)
        self.measured += 1
        return population

    def have_begun(self, count: int) -> Callable[[], Any]:
        async def so() -> bool:
            return self.begun >= count

        return so


@pytest.fixture
async def held(insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Held:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    await desk.run()
    return Held(monkeypatch)


async def test_twenty_who_ask_while_one_runs_share_the_next(held: Held, desk: Desk) -> None:
    first = asyncio.create_task(desk.run())
    await until(held.have_begun(1))
    others = [asyncio.create_task(desk.run()) for _ in range(20)]
    await asyncio.sleep(0.3)
    held.go.set()
    answers = await asyncio.gather(first, *others)
    assert held.measured == 2
    assert {answer.buyer_count for answer in answers} == {1}


async def test_a_run_is_not_made_for_callers_who_have_gone(held: Held, desk: Desk) -> None:
    first = asyncio.create_task(desk.run())
    await until(held.have_begun(1))
    others = [asyncio.create_task(desk.run()) for _ in range(20)]
    await asyncio.sleep(0.3)
    for task in (first, *others):
        task.cancel()
    await asyncio.gather(first, *others, return_exceptions=True)
    await asyncio.sleep(0.3)
    held.go.set()
    assert (await desk.run()).buyer_count == 1
    assert held.measured == 1


async def test_a_run_that_fails_is_told_to_who_asked_and_the_next_one_runs(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> None:
        raise RuntimeError("no such column")

    await insight.knows(customer_event("ada"))
    await desk.run()
    with monkeypatch.context() as broken:
        broken.setattr(segmenting, "measure", failing)
        with pytest.raises(Exception, match=r"."):
            await desk.run()
    assert (await desk.run()).customer_count == 1


async def test_buyers_are_counted_when_enough_events_have_come_for_a_tenth_of_them(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting reads everybody's facts, and there is a quiet spell after each event."""
    names = [f"b{number}" for number in range(40)]
    await insight.knows(
        *(customer_event(name) for name in names),
        *(confirmed(f"o-{name}", name, TODAY - timedelta(days=9)) for name in names),
    )

    async def measured(buyers: int) -> bool:
        run = await desk.segments.GetSegmentation(segments_pb2.GetSegmentationRequest())
        return bool(run.buyer_count == buyers)

    await until(lambda: measured(40))
    await asyncio.sleep(0.6)  # it looks four times a second
    counted = 0

    async def noted(tx: ReadTransaction, generation: int) -> int:
        nonlocal counted
        counted += 1
        return await count_buyers(tx, generation)

    monkeypatch.setattr("services.insight.engine.sweep.count_buyers", noted)
    await insight.knows(confirmed("one-more", "b1", TODAY))
    await asyncio.sleep(0.6)
    assert counted == 0
    await insight.knows(*(confirmed(f"o-n{number}", f"n{number}", TODAY) for number in range(4)))
    await until(lambda: measured(44))
    assert counted
