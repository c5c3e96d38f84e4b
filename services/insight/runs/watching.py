"""A run as it goes on, read again and again: its rows have no event of their own to wait for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from services.chassis.store import Store
from services.insight.runs.model import Run, RunState
from services.insight.runs.store import runs

__all__ = ["watch"]

_LOOK_SECONDS: Final = 0.25


async def watch(database: Store, name: str) -> AsyncIterator[Run]:
    """The run as it stands, and after each change, to its end. Raises NOT_FOUND."""
    told: Run | None = None
    while told is None or told.state is not RunState.DONE:
        async with database.read() as tx:
            run = await runs.get(tx, name)
        if run == told:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            told = run
            yield run
