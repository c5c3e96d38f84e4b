"""How many the company has is told to callers who see them all, and to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from guanxi.insight.v1 import rules_pb2, runs_pb2

from services.insight.engine import stored_runs
from services.insight.engine.stored_runs import StoredRuns
from services.insight.runs import watching
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event
from tests.support.rule_runs import create, watched

YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize("role", ["rep", "manager"])
async def test_of_a_run_whoever_does_not_see_everyone_learns_how_it_stands_and_no_number(
    insight: Insight, desk: Desk, role: str
) -> None:
    await insight.knows(
        *(customer_event(f"c{n}") for n in range(3)), confirmed("o", "c1", YESTERDAY)
    )
    rule = await desk.rules.CreateRule(
        rules_pb2.CreateRuleRequest(
            rule=rules_pb2.Rule(
                kind=rules_pb2.Rule.TAG, filter="orders_total >= 1", enabled=True, tag="buyer"
            )
        )
    )
    await desk.rules_followed()
    eve = await insight.desk("users/eve", role=role, team="teams/south")
    asked = runs_pb2.GetRunRequest(name=rule.run)
    listed = runs_pb2.ListRunsRequest(filter=f'rule = "{rule.name}"')
    request = runs_pb2.WatchRunRequest(name=rule.run)
    watch: Callable[..., Any] = eve.runs.WatchRun
    async with eve.channel.stream(watch, request) as replies:
        watched = [each async for each in replies]
    told = [await eve.runs.GetRun(asked), *(await eve.runs.ListRuns(listed)).runs, *watched]
    assert len(told) == 3
    for run in told:
        assert run.state == runs_pb2.Run.DONE
        assert not run.HasField("customers_done")
        assert not run.HasField("customers_total")
    assert (await desk.runs.GetRun(asked)).customers_total == 3


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs go on in slices of two customers, with time between to look at them."""
    monkeypatch.setattr(stored_runs, "CHUNK_CUSTOMERS", 2)
    monkeypatch.setattr(watching, "_LOOK_SECONDS", 0.02)
    step = StoredRuns.step

    async def slow_step(runs: StoredRuns) -> bool:
        await asyncio.sleep(0.1)
        return await step(runs)

    monkeypatch.setattr(StoredRuns, "step", slow_step)


@pytest.mark.usefixtures("slowly")
async def test_a_watch_of_a_run_counts_nobody_by_its_messages(insight: Insight, desk: Desk) -> None:
    await insight.knows(*(customer_event(f"c{n}") for n in range(12)))
    max_ = await insight.desk("users/max", role="manager", team="teams/south")
    rule = await create(desk)
    seen, counted = await asyncio.gather(watched(max_, rule.run), watched(desk, rule.run))
    assert len({run.customers_done for run in counted}) > 3
    assert seen[-1].state == runs_pb2.Run.DONE
    assert all(before != after for before, after in pairwise(seen))
