"""The background task that deletes what a store keeps for a while only."""

from services.chassis.background import repeat
from services.chassis.store.store import Store

__all__ = ["Purging"]

_EVERY_SECONDS = 3_600.0


class Purging:
    """Deletes request ids that are over, at the start and hour by hour."""

    def __init__(self, store: Store, *, every_seconds: float = _EVERY_SECONDS) -> None:
        self._store = store
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Runs until cancelled."""
        await repeat("purging", self._purge, every_seconds=self._every_seconds)

    async def _purge(self) -> None:
        await self._store.purge()
