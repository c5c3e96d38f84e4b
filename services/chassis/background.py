"""The loops of background tasks: none ends its process for an error of a row, a connection or a
failover, and none goes round without a pause.

What fails is tried again after a pause that grows, counted, logged, and told to whoever asks
whether the process is fit. StartRefused alone ends a task, for nothing but another setting helps.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn

import structlog

from services.chassis.errors import DomainError, StartRefused
from services.chassis.metrics import Metrics

__all__ = ["Background", "PeerFailed", "jittered", "keep_running", "repeat"]

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
# A step that found nothing to do takes this long at least, whatever it waits for.
_LEAST_IDLE_SECONDS = 0.01
# A first failure is often a lost connection, which the next try doesn't meet.
_TELL_FROM_FAILURE = 2
_STEADY_SECONDS = 2.0

_log = structlog.get_logger("background")


class PeerFailed(Exception):
    """Another service does not answer, or not as it should: this process is fit all the same, or
    one that is down would take all others with it."""


class Background:
    """What the background tasks of one process say of themselves."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._metrics = metrics
        self._failing: dict[_Tries, Exception] = {}

    @property
    def fit(self) -> bool:
        """Whether no task fails for a reason of this process or its store."""
        return all(isinstance(error, PeerFailed) for error in self._failing.values())

    def complaints(self) -> list[str]:
        """A line for each task that fails now."""
        return [f"{tries.task}: {_text(error)}" for tries, error in self._failing.items()]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hears of every task that is started within the block."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def failed(self, tries: "_Tries", error: Exception) -> None:
        if self._metrics is not None:
            self._metrics.background_failures.labels(tries.task).inc()
        if tries.failures >= _TELL_FROM_FAILURE:
            self._failing[tries] = error

    def works(self, tries: "_Tries") -> None:
        self._failing.pop(tries, None)


# Per task, like the caller of a request: a loop within a loop finds it too.
_current: ContextVar[Background | None] = ContextVar("guanxi_background", default=None)


async def repeat(
    task: str, step: Callable[[], Awaitable[bool | None]], *, every_seconds: float = 0.0
) -> NoReturn:
    """Runs the step again and again, until cancelled.

    A step that returns True has got on and left more to do: the next follows at once. After any
    other comes a pause. Raises StartRefused where the step does.
    """
    loop = asyncio.get_running_loop()
    tries = _Tries(task)
    try:
        while True:
            began = loop.time()
            try:
                more = await step()
            except StartRefused:
                raise
            except Exception as error:
                await asyncio.sleep(tries.failed(error))
                continue
            tries.went_well()
            rest = max(every_seconds, _LEAST_IDLE_SECONDS - (loop.time() - began), 0.0)
            await asyncio.sleep(0 if more else rest)
    finally:
        tries.went_well()


async def keep_running(task: str, run: Callable[[], Awaitable[None]]) -> None:
    """Runs to the end, and again from the beginning where it fails. Raises StartRefused."""
    loop = asyncio.get_running_loop()
    tries = _Tries(task)
    try:
        while True:
            began = loop.time()
            steady = loop.call_later(_STEADY_SECONDS, tries.went_well)
            try:
                return await run()
            except StartRefused:
                raise
            except Exception as error:
                steady.cancel()  # a pause is no steady run
                if loop.time() - began >= _LONGEST_PAUSE_SECONDS:
                    tries.went_well()
                await asyncio.sleep(tries.failed(error))
            finally:
                steady.cancel()
    finally:
        tries.went_well()


class _Tries:
    """The tries of one loop: how often it has failed in a row, and how long to pause for it."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.failures = 0
        self._pause = _FIRST_PAUSE_SECONDS
        self._background = _current.get() or Background()

    def failed(self, error: Exception) -> float:
        """Counts and tells a failure; returns how many seconds to pause."""
        self.failures += 1
        _log.warning(
            "a background task fails, trying again",
            task=self.task,
            failures=self.failures,
            error=_text(error),
            exc_info=None if _explains_itself(error) else error,
        )
        self._background.failed(self, error)
        pause = jittered(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        return pause

    def went_well(self) -> None:
        if self.failures:
            _log.info("a background task works again", task=self.task)
            self._background.works(self)
        self.failures = 0
        self._pause = _FIRST_PAUSE_SECONDS


def jittered(seconds: float) -> float:
    """Half of it at least, and all of it at most: replicas that lost the same database must not
    come back together."""
    return random.uniform(0.5 * seconds, seconds)  # noqa: S311 - no secret rests on it


def _explains_itself(error: Exception) -> bool:
    return isinstance(error, DomainError | PeerFailed | OSError)


def _text(error: Exception) -> str:
    """One line: some of the errors of databases have many."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
