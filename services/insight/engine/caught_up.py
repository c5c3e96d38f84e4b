"""Waits until insight has followed: events are applied, and the rules that waited for them, too."""

import asyncio
from typing import Final

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.events.caught_up import CaughtUp, waits_until
from services.chassis.store import Store
from services.insight.engine.generations import Generations
from services.insight.feeds.store import owed_since

__all__ = ["CaughtUpWithRules"]

_PAUSE_SECONDS: Final = 0.05
_SYSTEM: Final = Caller.system("caught-up")


class CaughtUpWithRules:
    """What a read waits for that asks for it: tags and alerts are of the facts as they are."""

    def __init__(self, store: Store, feeds: CaughtUp, generations: Generations) -> None:
        self._store = store
        self._feeds = feeds
        self._generations = generations

    async def wait(self) -> None:
        """Returns once every event is applied, and no rules are owed.

        Raises UNAVAILABLE (NOT_CAUGHT_UP) where that takes longer than the caller waits.
        """
        until = waits_until()
        await self._feeds.wait()
        while await self._are_rules_owed():
            if asyncio.get_running_loop().time() + _PAUSE_SECONDS >= until:
                raise DomainError(
                    Kind.UNAVAILABLE,
                    "NOT_CAUGHT_UP",
                    "the events are applied; rules are yet to follow them, tags and alerts with "
                    "them",
                    retry_after_seconds=1.0,
                )
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _are_rules_owed(self) -> bool:
        async with self._store.read(caller=_SYSTEM) as tx:
            return await owed_since(tx, self._generations.active) is not None
