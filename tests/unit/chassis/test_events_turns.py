"""Pullers that share a turn apply their events one after the other."""

from __future__ import annotations

import asyncio

from tests.support.databases import Databases
from tests.support.feeds import applied_texts, reading
from tests.support.running import running


async def test_a_puller_waits_for_its_turn(databases: Databases) -> None:
    turn = asyncio.Lock()
    async with reading(databases) as this:
        await this.write("first")
        async with turn, running(this.puller(turn=turn).run):
            await asyncio.sleep(0.3)
            assert await applied_texts(this.store) == []
        async with running(this.puller(turn=turn).run):
            assert await this.until(lambda texts: texts == ["first"])
