"""The background task of every process that writes events: keeps the log sequenced."""

import asyncio

import structlog

from services.chassis.errors import DomainError
from services.chassis.events.log import EventLog

__all__ = ["Sequencer"]

# After a commit of this process the sequencer is woken at once; the poll finds the events of other
# replicas, and those of a process that was killed between commit and sequencing.
_POLL_SECONDS = 0.1
_PAUSE_AFTER_ERROR_SECONDS = 1.0

_log = structlog.get_logger("sequencer")


class Sequencer:
    """Sequences one log; any number of replicas may run one, a lock keeps them apart."""

    def __init__(self, log: EventLog, *, poll_seconds: float = _POLL_SECONDS) -> None:
        self._log = log
        self._emitted = log.store.emitted
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Runs until cancelled; a database that is away is waited for."""
        while True:
            self._emitted.clear()
            try:
                await self._log.sequence()
                await self._log.refresh()
            except DomainError as error:
                _log.warning("events are not sequenced", reason=error.reason)
                await asyncio.sleep(_PAUSE_AFTER_ERROR_SECONDS)
            await self._woken()

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._emitted.wait()
        except TimeoutError:
            return
