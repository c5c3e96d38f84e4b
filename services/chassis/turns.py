"""Long work of one request in slices: no caller waits for all of another's items."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, TypeVar

__all__ = ["made_in_turns", "taking_turns"]

_TURN_SECONDS: Final = 0.010

T = TypeVar("T")
M = TypeVar("M")


async def taking_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items; whatever else there is to do gets its turn whenever they took 10 ms."""
    clock = time.monotonic
    until = clock() + _TURN_SECONDS
    for item in items:
        yield item
        if clock() > until:
            await asyncio.sleep(0)
            until = clock() + _TURN_SECONDS


async def made_in_turns(make: Callable[[T], M], items: Iterable[T]) -> list[M]:
    """What is made of each item: `await made_in_turns(to_message, page.rows)`."""
    return [each async for each in taking_turns(map(make, items))]
