"""Runs of rules over seven buyers, in slices of two: held, counted, asked for and watched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import rules_pb2, runs_pb2

from services.chassis.store import WriteTransaction
from services.insight.engine import stored_runs
from services.insight.engine.stored_runs import StoredRuns
from services.insight.runs import model as runs
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event

__all__ = [
    "CUSTOMERS",
    "SLICES",
    "Run",
    "Work",
    "alerted",
    "create",
    "get",
    "is_in",
    "listed",
    "seven_buyers",
    "watched",
]

YESTERDAY = TODAY - timedelta(days=1)
CUSTOMERS = [f"c{number}" for number in range(7)]
SLICE = 2
# Four of customers, and one behind the last of them.
SLICES = 5
Run = runs_pb2.Run


class Work:
    """The work on runs: held before it begins, or in the middle of a slice; counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = asyncio.Event()
        self.stop_in: int | None = None
        self.stopped = asyncio.Event()
        self.fails = False
        # What a slice is of: one that was in another's way, and is done again, is the same.
        self._slices: set[tuple[str, int, str]] = set()
        monkeypatch.setattr(stored_runs, "CHUNK_CUSTOMERS", SLICE)
        work, step, work_slice = self, StoredRuns.step, StoredRuns._work_slice

        async def held(each: StoredRuns) -> bool:
            await work.go.wait()
            return await step(each)

        async def counted(
            each: StoredRuns, tx: WriteTransaction, generation: int, at_work: list[runs.Run]
        ) -> None:
            if work.fails:
                raise RuntimeError("no such column\nand more")
            await work_slice(each, tx, generation, at_work)
            await work._count((at_work[0].name, generation, at_work[0].through))

        monkeypatch.setattr(StoredRuns, "step", held)
        monkeypatch.setattr(StoredRuns, "_work_slice", counted)

    @property
    def slices(self) -> int:
        return len(self._slices)

    def forget(self) -> None:
        self._slices.clear()
        self.stop_in = None

    async def _count(self, key: tuple[str, int, str]) -> None:
        self._slices.add(key)
        if self.slices == self.stop_in:
            self.stopped.set()
            await asyncio.Event().wait()


async def seven_buyers(insight: Insight) -> None:
    await insight.knows(
        *(customer_event(each) for each in CUSTOMERS),
        *(confirmed(f"o-{each}", each, YESTERDAY) for each in CUSTOMERS),
    )


async def create(desk: Desk, rule_id: str = "mine", **fields: Any) -> rules_pb2.Rule:
    chosen = {
        "kind": rules_pb2.Rule.ALERT,
        "filter": "orders_total >= 1",
        "enabled": True,
        "severity": rules_pb2.NOTICE,
        **fields,
    }
    return await desk.rules.CreateRule(
        rules_pb2.CreateRuleRequest(rule=rules_pb2.Rule(**chosen), rule_id=rule_id)
    )


async def get(desk: Desk, name: str) -> Run:
    return await desk.runs.GetRun(runs_pb2.GetRunRequest(name=name))


async def listed(desk: Desk, **arguments: Any) -> list[Run]:
    return list((await desk.runs.ListRuns(runs_pb2.ListRunsRequest(**arguments))).runs)


async def alerted(desk: Desk, rule: str = "rules/mine") -> set[str]:
    return {alert.customer[10:] for alert in await desk.open_alerts(f'rule = "{rule}"')}


async def watched(desk: Desk, name: str, then: Callable[[], None] = lambda: None) -> list[Run]:
    """What a watch tells to its end; `then` follows its first message."""
    watch: Callable[..., Any] = desk.runs.WatchRun
    told = []
    async with desk.channel.stream(watch, runs_pb2.WatchRunRequest(name=name)) as replies:
        async for run in replies:
            told.append(run)
            then()
    return told


def is_in(desk: Desk, name: str, state: Any) -> Callable[[], Any]:
    async def so() -> bool:
        run = await get(desk, name)
        return bool(run.state == state)

    return so
