"""What only time brings about: a run on every new business day, on the start of another edition and
when the number of buyers has changed by a tenth; rules that were owed; snoozed alerts that open
again; customers set aside, once more.

What is for everyone one replica does for all. Another one looks again after it, and finds it done;
of one that is killed the next takes the place.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
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
from services.insight.engine.segmenting import Overtaken, Segmenting, alone_for_everyone
from services.insight.facts.store import count_buyers
from services.insight.feeds import store as feeds
from services.insight.feeds.places import FeedPlaces
from services.insight.segments import store as segments

__all__ = ["Sweep"]

_LOOK_SECONDS = 0.25
_CHANGED_BY = 10  # a tenth
_PER_EVENT = 2  # whom an order leaves, and whom it comes to
_RULES_WAIT = timedelta(seconds=30)
# What another replica owes that is no more is seen by no event of ours.
_ASK_SECONDS = 2.0
_OTHERS_TURN_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 60.0
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
        segmenting: Segmenting,
        following: Following,
        places: FeedPlaces,
        *,
        idle_seconds: float,
    ) -> None:
        self._store = store
        self._evaluation = evaluation
        self._generations = generations
        self._segmenting = segmenting
        self._following = following
        self._places = places
        self._idle_seconds = idle_seconds
        self._swept: tuple[int, date] | None = None
        self._looked_again_at = 0.0
        self._looked_at = 0
        self._owed = False
        self._ask_again_at = 0.0
        self._our_turn_at = 0.0
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
            if await self._for_all(generation, self._segmenting.run_of_today):
                self._swept = (generation, today)
        else:
            await self._look_again(generation)
            await self._follow_events(generation)
            await self._try_again(generation)

    async def _look_again(self, generation: int) -> None:
        """Another version, which may be gone by now, may have made the day's run after ours."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_again_at < _LOOK_AGAIN_SECONDS:
            return
        if not await self._segmenting.is_due_anew(generation) or await self._for_all(
            generation, self._segmenting.run_anew
        ):
            self._looked_again_at = now

    async def _for_all(self, generation: int, work: Callable[[int], Awaitable[None]]) -> bool:
        """Does what one replica does for all; False while another one is at it."""
        if asyncio.get_running_loop().time() < self._our_turn_at:
            return False
        async with self._store.alone(alone_for_everyone(generation)) as alone:
            if alone:
                await work(generation)
            else:
                self._our_turn_at = asyncio.get_running_loop().time() + _OTHERS_TURN_SECONDS
        return alone

    async def _follow_events(self, generation: int) -> None:
        """What has to wait until events leave time for it. What fails stays due."""
        reader = self._following.reader(generation)
        if reader is None:
            return
        applied = reader.reaction.applied
        now = asyncio.get_running_loop().time()
        if applied == self._looked_at and not self._owed and now < self._ask_again_at:
            return
        owed = await self._owed_for(generation)
        self._owed, self._ask_again_at = owed is not None, now + _ASK_SECONDS
        if applied == self._looked_at and owed is None:
            return
        idle = now - reader.reaction.applied_at
        if idle >= self._idle_seconds and not await self._places.has_a_backlog(generation):
            if await self._for_all(generation, self._follow_all):
                self._looked_at = applied
        elif owed is not None and owed >= _RULES_WAIT:
            await self._for_all(generation, self._follow_overdue)

    async def _follow_all(self, generation: int) -> None:
        if await self._buyers_have_changed(generation):
            with suppress(Overtaken):
                await self._segmenting.run(generation)
        elif await self._owed_for(generation) is not None:
            await self._segmenting.evaluate(generation)

    async def _follow_overdue(self, generation: int) -> None:
        """Another replica may have done so a moment ago."""
        owed = await self._owed_for(generation)
        if owed is not None and owed >= _RULES_WAIT:
            await self._segmenting.evaluate(generation)

    async def _owed_for(self, generation: int) -> timedelta | None:
        """For how long rules are owed; None where they are not."""
        async with self._store.read(caller=_SYSTEM) as tx:
            since = await feeds.owed_since(tx, generation)
            return None if since is None else tx.now - since

    async def _try_again(self, generation: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._tried_again_at >= _TRY_AGAIN_SECONDS:
            await self._segmenting.try_again(generation)
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
