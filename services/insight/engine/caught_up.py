"""Waits until insight has followed: events are applied, the rules that waited for them, too, and
answers are of the logs that there are."""

import asyncio
from typing import Final

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.events.caught_up import CaughtUp, waits_until
from services.chassis.store import Store
from services.insight.engine.generations import Generations
from services.insight.feeds.store import active_generation, is_outdated, owed_since

__all__ = ["CaughtUpWithRules"]

_PAUSE_SECONDS: Final = 0.05
_SYSTEM: Final = Caller.system("caught-up")
_RULES: Final = "the events are applied; rules are yet to follow them, tags and alerts with them"
_SWITCHED: Final = "another state has just come into use"
_REBUILT: Final = (
    "the events of a service come from another log than before; what was derived is being rebuilt"
)


class CaughtUpWithRules:
    """What a read waits for that asks for it: tags and alerts are of the facts as they are."""

    def __init__(self, store: Store, feeds: CaughtUp, generations: Generations) -> None:
        self._store = store
        self._feeds = feeds
        self._generations = generations

    async def wait(self) -> None:
        """Returns once every event is applied, no rules are owed, and what answers are given from
        was derived from the logs as they are: after one was replaced, that is a rebuild's end, of
        which this process may be the last to hear.

        Raises UNAVAILABLE (NOT_CAUGHT_UP) where that takes longer than the caller waits.
        """
        until = waits_until()
        generation = await self._applied()
        while (waits_for := await self._waits_for(generation)) is not None:
            if asyncio.get_running_loop().time() + _PAUSE_SECONDS >= until:
                raise DomainError(
                    Kind.UNAVAILABLE, "NOT_CAUGHT_UP", waits_for, retry_after_seconds=1.0
                )
            await asyncio.sleep(_PAUSE_SECONDS)
            if self._generations.active != generation:
                generation = await self._applied()

    async def _applied(self) -> int:
        """Waits until every event is applied; returns the generation that answers are given from,
        of which that was asked."""
        generation = self._generations.active
        await self._feeds.wait()
        return generation

    async def _waits_for(self, generation: int) -> str | None:
        async with self._store.read(caller=_SYSTEM) as tx:
            if await is_outdated(tx):
                return _REBUILT
            if await active_generation(tx) != generation:
                await self._generations.learn(tx)
                return _SWITCHED
            owed = await owed_since(tx, generation)
        return None if owed is None else _RULES
