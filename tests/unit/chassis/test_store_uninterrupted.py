"""How writers that met wait for each other, and work that nothing may cut short."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from services.chassis.errors import DomainError
from services.chassis.store import retry
from services.chassis.store.retry import Conflict, retry_conflicts, uninterrupted


async def test_writers_that_met_pause_up_to_5_milliseconds_then_twice_that_up_to_a_quarter_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[tuple[float, float]] = []

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    def uniform(least: float, most: float) -> float:
        pauses.append((least, most))
        return most

    async def meets_others() -> None:
        raise Conflict

    monkeypatch.setattr(retry, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=uniform))
    with pytest.raises(DomainError) as refused:
        await retry_conflicts(meets_others)
    grows = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16]
    assert [least for least, _ in pauses] == [0] * 19
    assert [most for _, most in pauses] == pytest.approx([*grows, *[0.25] * 13])
    assert refused.value.retry_after_seconds == 1


async def done(log: list[str], may_end: asyncio.Event, error: Exception | None = None) -> str:
    await may_end.wait()
    log.append("done")
    if error is not None:
        raise error
    return "result"


async def cancelled_on_the_way(log: list[str], error: Exception | None = None) -> BaseException:
    """What becomes of a task that is cancelled twice while it awaits work of this kind."""
    may_end = asyncio.Event()
    task = asyncio.create_task(uninterrupted(done(log, may_end, error)))
    for _ in range(2):
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    return cancelled.value


async def test_work_that_nobody_cancels_gives_its_result_or_its_error() -> None:
    may_end = asyncio.Event()
    may_end.set()
    assert await uninterrupted(done([], may_end)) == "result"
    with pytest.raises(ValueError, match="its own"):
        await uninterrupted(done([], may_end, ValueError("its own")))


async def test_cancelled_it_runs_to_its_end_before_that_is_told() -> None:
    log: list[str] = []
    error = await cancelled_on_the_way(log)
    assert log == ["done"]
    assert error.__cause__ is None


async def test_cancelled_it_tells_of_that_and_of_the_failure_as_its_cause() -> None:
    error = await cancelled_on_the_way([], ValueError("its own"))
    assert isinstance(error.__cause__, ValueError)


async def test_work_that_is_cancelled_by_itself_is_told_as_that() -> None:
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await uninterrupted(cancels_itself())
