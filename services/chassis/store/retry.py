"""When a transaction is run again: after conflicts with other writers, with growing pauses."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.chassis.errors import DomainError, Kind

__all__ = ["Conflict", "ConflictOnce", "retry_conflicts", "uninterrupted"]

T = TypeVar("T")

_ATTEMPTS = 20
_MOST_ONCE = 5
_FIRST_PAUSE_SECONDS = 0.005
_LONGEST_PAUSE_SECONDS = 0.25


class Conflict(Exception):
    """Another writer was faster and nothing was committed; the same work may succeed again."""


class ConflictOnce(Conflict):
    """A conflict with one other, which the next try resolves; if a few do not, its cause is wrong.

    A few, for the next try may meet yet another: four imports of the same rows do.
    """


async def retry_conflicts(attempt: Callable[[], Awaitable[T]]) -> T:
    """Runs the attempt until it meets no conflict.

    Raises ABORTED after twenty conflicts, and the cause of a fifth ConflictOnce.
    """
    pause = _FIRST_PAUSE_SECONDS
    once = 0
    for _ in range(_ATTEMPTS - 1):
        try:
            return await attempt()
        except Conflict as conflict:
            once += isinstance(conflict, ConflictOnce)
            if once == _MOST_ONCE and conflict.__cause__ is not None:
                raise conflict.__cause__ from None
            # Full jitter: writers that collided must not come back together.
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - no secret rests on it
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    try:
        return await attempt()
    except Conflict as conflict:
        raise DomainError(
            Kind.ABORTED,
            "WRITE_CONFLICT",
            "too many others are changing the same rows; try again",
            retry_after_seconds=1.0,
        ) from conflict


async def uninterrupted(work: Awaitable[T]) -> T:
    """Awaits work that must run to its end, such as a rollback, even in a cancelled task."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:
            break  # the task's own failure: raised below, unless a cancellation outranks it
    if cancelled is not None:
        if not task.cancelled() and task.exception() is not None:
            raise cancelled from task.exception()
        raise cancelled
    return task.result()
