"""The background task of every process that writes events: keeps the log sequenced."""

import asyncio

from services.chassis.background import repeat
from services.chassis.events.log import EventLog

__all__ = ["Sequencer"]

# After a commit of this process the sequencer is woken at once; the poll finds the events of other
# replicas, and those of a process that was killed between commit and sequencing.
_POLL_SECONDS = 0.1


class Sequencer:
    """Sequences one log; any number of replicas may run one, a lock keeps them apart."""

    def __init__(self, log: EventLog, *, poll_seconds: float = _POLL_SECONDS) -> None:
        self._log = log
        self._emitted = log.store.emitted
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Runs until cancelled."""
        await repeat("sequencer", self._step)

    async def _step(self) -> bool:
        self._emitted.clear()
        given = await self._log.sequence()
        await self._log.refresh()
        await self._woken()
        return given > 0

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._emitted.wait()
        except TimeoutError:
            return
