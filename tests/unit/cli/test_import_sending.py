"""Two kinds of items are sent at the same time, and end together."""

from __future__ import annotations

import asyncio

import pytest

from cli.connection import CommandError
from cli.imports.sending import side_by_side


async def test_both_results_come_back_in_their_places() -> None:
    met = asyncio.Barrier(2)

    async def one() -> int:
        await met.wait()
        return 1

    async def other() -> str:
        await met.wait()
        return "two"

    assert await side_by_side(one(), other()) == (1, "two")


async def test_where_one_fails_the_other_is_ended_and_the_sentence_is_told() -> None:
    ended = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def refused() -> None:
        raise CommandError("The gateway says no.")

    with pytest.raises(CommandError, match="says no"):
        await side_by_side(endless(), refused())
    assert ended.is_set()
