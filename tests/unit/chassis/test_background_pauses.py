"""How long background tasks pause, when they are told to be failing, and what they log of it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from services.chassis import background as module
from services.chassis.background import Background, PeerFailed, keep_running, repeat
from services.chassis.errors import DomainError, Kind, StartRefused
from tests.support.running import eventually, running

AWAY = DomainError(Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "the database is not reachable")
OVER = StartRefused("this was the last time")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long tasks have paused, in seconds, without chance; nobody waits for it."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)
        await asyncio.sleep(0)

    replaced = SimpleNamespace(sleep=sleep, get_running_loop=asyncio.get_running_loop)
    monkeypatch.setattr(module, "asyncio", replaced)
    monkeypatch.setattr(module, "jittered", lambda seconds: seconds)
    return taken


class Outcomes:
    """A step that has these outcomes, one after the other, and then refuses to go on."""

    def __init__(self, *outcomes: Exception | bool) -> None:
        self._left = [*outcomes, OVER]
        self.found_fit: list[bool] = []

    async def __call__(self) -> bool:
        watching = module._current.get()
        self.found_fit.append(watching is None or watching.fit)
        outcome = self._left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def run(self) -> None:
        await self()

    async def repeated(self, *, every_seconds: float = 0.0) -> None:
        with pytest.raises(StartRefused):
            await repeat("sweep", self, every_seconds=every_seconds)


async def test_it_pauses_a_tenth_of_a_second_then_twice_as_long_up_to_five_seconds(
    pauses: list[float],
) -> None:
    await Outcomes(*[AWAY] * 8).repeated()
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5])


async def test_what_is_run_to_its_end_pauses_alike(pauses: list[float]) -> None:
    with pytest.raises(StartRefused):
        await keep_running("task", Outcomes(*[AWAY] * 7).run)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5])


async def test_after_a_success_it_begins_with_a_tenth_of_a_second_again(
    pauses: list[float],
) -> None:
    await Outcomes(AWAY, AWAY, True, AWAY).repeated()
    assert pauses == pytest.approx([0.1, 0.2, 0, 0.1])


async def test_with_nothing_to_do_it_rests_as_long_as_it_is_told_to_and_a_moment_at_least(
    pauses: list[float],
) -> None:
    await Outcomes(False).repeated()
    await Outcomes(False).repeated(every_seconds=3_600)
    await Outcomes(True).repeated(every_seconds=3_600)
    moment, hour, at_once = pauses
    assert 0 < moment <= 0.01
    assert (hour, at_once) == (3_600, 0)


async def test_a_step_that_took_its_time_to_find_nothing_is_followed_at_once(
    pauses: list[float],
) -> None:
    async def waits() -> bool:
        if pauses:
            raise OVER
        await asyncio.sleep(0.02)
        return False

    with pytest.raises(StartRefused):
        await repeat("sweep", waits)
    assert pauses == [0]


async def test_a_second_failure_in_a_row_makes_the_process_unfit(pauses: list[float]) -> None:
    step = Outcomes(AWAY, AWAY, True, AWAY, True)
    with Background().watching():
        await step.repeated()
    #                       first, once failed, twice, well again, once failed, well again
    assert step.found_fit == [True, True, False, True, True, True]


async def test_a_task_that_is_over_makes_nobody_unfit(pauses: list[float]) -> None:
    background = Background()
    with background.watching():
        await Outcomes(AWAY, AWAY).repeated()
        with pytest.raises(StartRefused):
            await keep_running("task", Outcomes(AWAY, AWAY).run)
    assert background.fit
    assert background.complaints() == []


@pytest.mark.parametrize(
    ("error", "complaint"),
    [
        (ValueError("one line\nand another"), "sweep: one line"),
        (ValueError("only one"), "sweep: only one"),
        (ValueError(), "sweep: ValueError"),
    ],
)
async def test_a_complaint_is_one_line_that_names_task_and_error(
    pauses: list[float], error: Exception, complaint: str
) -> None:
    background = Background()
    heard: list[str] = []

    async def step() -> bool:
        if heard or background.complaints():
            heard.extend(background.complaints())
            raise OVER
        raise error

    with background.watching(), pytest.raises(StartRefused):
        await repeat("sweep", step)
    assert heard == [complaint]


async def test_the_log_tells_of_each_failure_and_once_that_it_works_again(
    pauses: list[float],
) -> None:
    with capture_logs() as logs:
        await Outcomes(True, AWAY, AWAY, True, True).repeated()
    told = [(each["log_level"], each["event"], each.get("failures")) for each in logs]
    assert told == [
        ("warning", "a background task fails, trying again", 1),
        ("warning", "a background task fails, trying again", 2),
        ("info", "a background task works again", None),
    ]
    assert {each["task"] for each in logs} == {"sweep"}
    assert logs[0]["error"] == "the database is not reachable"


@pytest.mark.parametrize(
    ("error", "explains_itself"),
    [
        (AWAY, True),
        (PeerFailed("away"), True),
        (OSError("reset"), True),
        (KeyError("of our own making"), False),
    ],
)
async def test_only_an_error_that_does_not_explain_itself_is_logged_with_where_it_was_raised(
    pauses: list[float], error: Exception, explains_itself: bool
) -> None:
    with capture_logs() as logs:
        await Outcomes(error).repeated()
    assert logs[0]["exc_info"] is (None if explains_itself else error)


async def test_a_task_that_has_run_for_a_while_is_fit_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "_STEADY_SECONDS", 0.5)
    background, runs = Background(), 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise AWAY
        await asyncio.sleep(60)

    with background.watching():
        async with running(lambda: keep_running("task", run)):
            await eventually(lambda: runs == 4)
            assert not background.fit, "it has only begun"
            await eventually(lambda: background.fit)
            assert runs == 4


async def test_a_task_that_fails_at_once_is_not_fit_while_it_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(module, "_STEADY_SECONDS", 0.01)
    step = Outcomes(*[AWAY] * 3)
    with Background().watching(), pytest.raises(StartRefused):
        await keep_running("task", step.run)
    assert step.found_fit == [True, True, False, False]


async def test_a_task_that_failed_after_a_long_run_is_run_again_soon(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    monkeypatch.setattr(module, "_LONGEST_PAUSE_SECONDS", 0.5)
    outcomes = iter([0, 0, 0, 0.5, 0])

    async def run() -> None:
        seconds = next(outcomes, None)
        if seconds is None:
            raise OVER
        await asyncio.sleep(seconds)
        raise AWAY

    with pytest.raises(StartRefused):
        await keep_running("task", run)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.1, 0.2])
