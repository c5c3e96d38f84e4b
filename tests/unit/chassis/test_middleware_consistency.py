"""A read that asks for it waits for what was written before, whatever its service reads."""

from __future__ import annotations

import pytest

from services.chassis.errors import DomainError
from tests.support import echo
from tests.support.chassis import echo_server
from tests.support.echo_calls import shout


class CountedWaits:
    """Has caught up at once, and knows how often it was asked to."""

    def __init__(self) -> None:
        self.waits = 0

    async def wait(self) -> None:
        self.waits += 1


async def test_a_read_waits_for_what_was_written_before_only_where_its_caller_asks() -> None:
    caught_up = CountedWaits()
    asked = (("guanxi-consistency", "caught-up"),)
    async with (
        echo_server(shout, caught_up=caught_up) as running,
        running.connect() as channel,
    ):
        stub = echo.echo_stub(channel)
        await stub.Say(echo.said("hi"))
        assert caught_up.waits == 0
        await stub.Say(echo.said("hi"), metadata=asked)
        assert caught_up.waits == 1
        await stub.Book(echo.said("hi"), metadata=asked)
        assert caught_up.waits == 1, "a change waits for nobody"
        with pytest.raises(DomainError) as unknown:
            await stub.Say(echo.said("hi"), metadata=(("guanxi-consistency", "strong"),))
    assert unknown.value.reason == "CONSISTENCY_UNKNOWN"
