"""Loops of background tasks: they outlive what goes wrong, say so, and never spin."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.background import Background, PeerFailed, jittered, keep_running, repeat
from services.chassis.errors import DomainError, Kind, StartRefused
from services.chassis.metrics import Metrics
from tests.support.running import eventually, running

AWAY = DomainError(Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "the database is not reachable")


class Step:
    """A step that raises what it is told to, as long as it is told to."""

    def __init__(self, error: Exception | None = None, *, more: bool = False) -> None:
        self.error = error
        self.more = more
        self.times: list[float] = []

    async def __call__(self) -> bool:
        self.times.append(asyncio.get_running_loop().time())
        if self.error is not None:
            raise self.error
        return self.more

    async def run(self) -> None:
        await repeat("sweep", self)


async def test_pauses_between_failures_grow_up_to_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.background._FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("services.chassis.background._LONGEST_PAUSE_SECONDS", 0.08)
    step = Step(AWAY)
    async with running(step.run):
        await eventually(lambda: len(step.times) == 14)
    pauses = [after - before for before, after in zip(step.times, step.times[1:], strict=False)]
    for pause, at_least in zip(pauses, [0.005, 0.01, 0.02, *[0.04] * 10], strict=True):
        assert pause >= at_least


def test_a_pause_is_never_longer_than_it_may_be_nor_under_half_and_no_two_are_alike() -> None:
    pauses = [jittered(4) for _ in range(200)]
    assert 2 <= min(pauses) < 2.5
    assert 3.5 < max(pauses) <= 4
    assert len(set(pauses)) > 100


async def test_after_a_success_pauses_are_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.background._FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("services.chassis.background._LONGEST_PAUSE_SECONDS", 0.3)
    step = Step(AWAY)
    async with running(step.run):
        await eventually(lambda: len(step.times) == 7)
        step.error = None
        await eventually(lambda: len(step.times) > 8)
        step.error = AWAY
        await eventually(lambda: len(step.times) > 12)
    assert step.times[-1] - step.times[-3] < 0.3


async def test_a_step_that_finds_nothing_to_do_never_spins() -> None:
    step = Step()
    async with running(step.run):
        await asyncio.sleep(0.2)
    assert 2 <= len(step.times) <= 21


async def test_a_step_with_more_to_do_goes_on_at_once_and_lets_others_run() -> None:
    step = Step(more=True)
    async with running(step.run):
        await asyncio.sleep(0.1)
    assert len(step.times) > 100


async def test_a_task_that_goes_on_failing_makes_its_process_unfit_until_it_works() -> None:
    metrics = Metrics()
    background, step = Background(metrics), Step(AWAY)
    with background.watching():
        async with running(step.run):
            await eventually(lambda: len(step.times) == 1)
            assert background.fit, "a first failure is often over with the next try"
            await eventually(lambda: not background.fit)
            assert background.complaints() == ["sweep: the database is not reachable"]
            step.error = None
            await eventually(lambda: background.fit)
            assert background.complaints() == []
    labels = {"task": "sweep"}
    failures = metrics.registry.get_sample_value("guanxi_background_failures_total", labels)
    assert failures is not None
    assert failures >= 2


async def test_another_service_that_is_away_is_told_and_makes_nobody_unfit() -> None:
    background, step = Background(), Step(PeerFailed("the feed of sales can't be read"))
    with background.watching():
        async with running(step.run):
            await eventually(lambda: bool(background.complaints()))
            assert background.fit


async def test_of_two_loops_of_one_name_each_answers_for_itself() -> None:
    background, failing, working = Background(), Step(AWAY), Step()
    with background.watching():
        async with running(failing.run, working.run):
            await eventually(lambda: not background.fit)
            seen = len(working.times)
            await eventually(lambda: len(working.times) > seen + 2)
            assert not background.fit


async def test_any_error_of_a_task_is_tried_again() -> None:
    step = Step(ValueError("of one row"))
    async with running(lambda: keep_running("task", step.run)):
        await eventually(lambda: len(step.times) == 3)


async def test_a_task_that_is_no_loop_is_run_again_where_it_fails() -> None:
    background, runs = Background(), 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise ValueError("not yet")

    with background.watching():
        await keep_running("task", run)
    assert runs == 4
    assert background.fit


async def test_a_task_that_refuses_to_start_is_not_tried_again() -> None:
    step = Step(StartRefused("4 partitions can't become 2"))
    with pytest.raises(StartRefused):
        await repeat("puller", step)
    with pytest.raises(StartRefused):
        await keep_running("puller", step.run)
    assert len(step.times) == 2
