"""The background task that deletes what a store keeps for a while only."""

import asyncio

import structlog

from services.chassis.errors import DomainError
from services.chassis.store.store import Store

__all__ = ["Purging"]

_EVERY_SECONDS = 3_600.0

_log = structlog.get_logger("purging")


class Purging:
    """Deletes request ids that are over, hour by hour."""

    def __init__(self, store: Store, *, every_seconds: float = _EVERY_SECONDS) -> None:
        self._store = store
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Runs until cancelled; a database that is away is tried again the next time."""
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                await self._store.purge()
            except DomainError as error:
                _log.warning("request ids are not purged", reason=error.reason)
