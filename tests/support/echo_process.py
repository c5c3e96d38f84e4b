"""A whole process around the echo service, for tests that start, signal and watch one.

Takes what is odd about it as words: `slow` calls take 30 s, `broken` has no store that answers,
`failing` has a background task that fails, `refusing` one that refuses to start.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from services.chassis.access import Verifier, load_roles
from services.chassis.errors import StartRefused
from services.chassis.logging import configure_logging
from services.chassis.process import server
from services.chassis.store.connections import PoolUse
from tests.support import echo
from tests.support.chassis import EchoSettings


class NoisyStore:
    """Says when it is closed."""

    def __init__(self, works: bool) -> None:
        self._works = works

    async def check(self) -> None:
        if not self._works:
            raise ConnectionError("no database")

    async def close(self) -> None:
        print("store closed", flush=True)

    def use(self) -> PoolUse:
        return PoolUse(readers=4, readers_busy=1, writers=1, writers_busy=0, writers_waiting=0)


async def answer(text: str, _: Any) -> str:
    if text == "slow":
        await asyncio.sleep(30)
    if text == "finish":
        await asyncio.sleep(1)
    return text


async def background() -> None:
    try:
        if "refusing" in sys.argv:
            raise StartRefused("the task refuses these settings")
        if "failing" in sys.argv:
            await asyncio.sleep(0.2)
            raise RuntimeError("the task cannot go on")
        await asyncio.sleep(3600)
    finally:
        print("task ended", flush=True)


async def main() -> None:
    settings = EchoSettings.load()
    configure_logging(settings.log_level, settings.log_format, process="sales")
    echo.file()
    await server.serve(
        settings,
        domain="sales",
        servicers=[(echo.add_echo, echo.EchoServicer(answer))],
        token_verifier=Verifier(settings.token_public_keys, "sales"),
        roles=load_roles(),
        store=NoisyStore(works="broken" not in sys.argv),
        tasks=[background],
    )


if __name__ == "__main__":
    sys.exit(server.run(main))
