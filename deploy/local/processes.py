"""Processes that end with whoever started them, and work that ends when the user says so."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any


@asynccontextmanager
async def python(*arguments: str, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """A Python process that has ended when the block has.

    It has a session of its own: Ctrl-C reaches it only through us, once and as SIGTERM.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=dict(environment), start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def until_told_to_stop(work: Coroutine[Any, Any, None]) -> None:
    """Runs the work until it ends, or until Ctrl-C, SIGTERM or the end of the terminal cancels it.

    Returns when what the work began is ended, too.
    """
    task = asyncio.create_task(work)

    def stop() -> None:
        if not task.cancelling():  # a second Ctrl-C would cancel the orderly end
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task
