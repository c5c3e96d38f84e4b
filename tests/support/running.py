"""Background tasks for the length of a block, and waiting for what they bring about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running(*tasks: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Runs the tasks beside the block and cancels them at its end; one that failed fails it."""
    started = [asyncio.create_task(task()) for task in tasks]
    try:
        yield
    finally:
        for each in started:
            each.cancel()
        for outcome in await asyncio.gather(*started, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def eventually(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    """Waits until it holds; raises TimeoutError where it never does."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)
