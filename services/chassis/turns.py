"""Long work of one request in slices: no caller waits for all of another's items."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

__all__ = ["taking_turns"]

_TURN_SECONDS: Final = 0.010

T = TypeVar("T")


async def taking_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items; whatever else there is to do gets its turn whenever they took 10 ms.

    What is lazy in them counts: `[each async for each in taking_turns(map(to_message, rows))]`.
    """
    clock = time.monotonic
    until = clock() + _TURN_SECONDS
    for item in items:
        yield item
        if clock() > until:
            await asyncio.sleep(0)
            until = clock() + _TURN_SECONDS
