"""A run as it goes on, read again and again: its rows have no event of their own to wait for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from guanxi.insight.v1 import runs_pb2

from services.chassis.store import Store
from services.insight.runs.messages import for_caller
from services.insight.runs.model import Run, RunState
from services.insight.runs.store import runs

__all__ = ["watch"]

_LOOK_SECONDS: Final = 0.25


async def watch(database: Store, name: str) -> AsyncIterator[runs_pb2.Run]:
    """The run as it stands, and after each change that the caller sees, to its end: how often it
    changes says how many customers the company has. Raises NOT_FOUND."""
    told: runs_pb2.Run | None = None
    run: Run | None = None
    while run is None or run.state is not RunState.DONE:
        async with database.read() as tx:
            run = await runs.get(tx, name)
            shown = for_caller(run, tx.caller)
        if shown == told:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            told = shown
            yield shown
