"""Long work of one request, in slices that others wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from services.chassis.turns import taking_turns


def slow(count: int, seconds: float) -> Iterator[int]:
    for number in range(count):
        time.sleep(seconds)
        yield number


async def test_all_items_come_in_their_order_and_others_get_their_turn_in_between() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    assert [each async for each in taking_turns(slow(60, 0.002))] == list(range(60))
    waiting.cancel()
    assert 5 <= turns <= 20


async def test_short_work_is_done_in_one_go() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        turns += 1

    waiting = asyncio.create_task(others())
    assert [each async for each in taking_turns(range(100))] == list(range(100))
    assert turns == 0
    await waiting
