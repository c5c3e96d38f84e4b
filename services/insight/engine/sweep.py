"""What only time brings about: a run on start, on every new business day and when the number of
buyers has changed by a tenth; snoozed alerts that open again; customers set aside, once more."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.store import Store
from services.insight.alerts.actions import wake_alerts
from services.insight.alerts.store import snoozed_until
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.following import Following
from services.insight.engine.generations import Generations
from services.insight.engine.runs import Runs
from services.insight.facts.store import count_buyers
from services.insight.feeds import store as feeds
from services.insight.feeds.places import FeedPlaces
from services.insight.segments import store as segments

__all__ = ["Sweep"]

_LOOK_SECONDS = 0.25
_CHANGED_BY = 10  # a tenth
_PER_EVENT = 2  # whom an order leaves, and whom it comes to
_RULES_WAIT = timedelta(seconds=30)
_TRY_AGAIN_SECONDS = 60.0
_SYSTEM = Caller.system("sweep")


@dataclass(frozen=True, slots=True)
class _Count:
    """How many buyers there were when the feeds were read so far."""

    generation: int
    read: int
    buyers: int


class Sweep:
    """The background task that watches the time."""

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        generations: Generations,
        runs: Runs,
        following: Following,
        places: FeedPlaces,
        *,
        idle_seconds: float,
    ) -> None:
        self._store = store
        self._evaluation = evaluation
        self._generations = generations
        self._runs = runs
        self._following = following
        self._places = places
        self._idle_seconds = idle_seconds
        self._swept: tuple[int, date] | None = None
        self._looked_at = 0
        self._last_count: _Count | None = None
        self._tried_again_at = 0.0

    async def run(self) -> None:
        """Runs until cancelled."""
        await repeat("sweep", self.step, every_seconds=_LOOK_SECONDS)

    async def step(self) -> None:
        """Looks once, and does what is due."""
        generation = self._generations.kept
        if generation is not None:
            await self._keep(generation)
        await self._wake_alerts()

    async def _keep(self, generation: int) -> None:
        today = self._evaluation.day.date
        if self._swept != (generation, today):
            # Also after a start: the last process may have been killed in the middle of a run.
            await self._runs.run(generation)
            self._swept = (generation, today)
        else:
            await self._follow_events(generation)
            await self._try_again(generation)

    async def _follow_events(self, generation: int) -> None:
        """What has to wait until events leave time for it. What fails stays due."""
        reader = self._following.reader(generation)
        if reader is None:
            return
        async with self._store.read(caller=_SYSTEM) as tx:
            owed = await feeds.owed_since(tx, generation)
            overdue = owed is not None and tx.now - owed >= _RULES_WAIT
        applied = reader.reaction.applied
        idle = asyncio.get_running_loop().time() - reader.reaction.applied_at
        if applied == self._looked_at and owed is None:
            return
        if idle >= self._idle_seconds and not await self._places.has_a_backlog(generation):
            if await self._buyers_have_changed(generation):
                await self._runs.run(generation)
            elif owed is not None:
                await self._runs.evaluate(generation)
            self._looked_at = applied
        elif overdue:
            await self._runs.evaluate(generation)

    async def _try_again(self, generation: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._tried_again_at >= _TRY_AGAIN_SECONDS:
            await self._runs.try_again(generation)
            self._tried_again_at = now

    async def _wake_alerts(self) -> None:
        async with self._store.read(caller=_SYSTEM) as tx:
            slept_out = await snoozed_until(tx, tx.now)
        if slept_out:
            await self._store.write(wake_alerts, caller=_SYSTEM)

    async def _buyers_have_changed(self, generation: int) -> bool:
        """Whether there are as many more or fewer. Counting reads everybody's facts: it is left out
        while fewer events have come since the last time than that takes."""
        async with self._store.read(caller=_SYSTEM) as tx:
            run = await segments.latest(tx, generation)
            positions = await feeds.positions(tx, generation)
            before = run.population.buyer_count if run else 0
            enough = max(before, 1)
            read = sum(sum(feed.partitions) for feed in positions.values())
            if (last := self._last_count) is not None and last.generation == generation:
                at_most = abs(last.buyers - before) + _PER_EVENT * abs(read - last.read)
                if at_most * _CHANGED_BY < enough:
                    return False
            buyers = await count_buyers(tx, generation)
        self._last_count = _Count(generation, read, buyers)
        return abs(buyers - before) * _CHANGED_BY >= enough
