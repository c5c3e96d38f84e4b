"""Keeps the right generations reading: the active one, and one that is being rebuilt beside it.

State is in the database, so that a rebuild goes on after a restart and replicas work together: all
of them read, and whichever sees first that the rebuild has caught up scores it and puts it in use.
"""

import asyncio

import structlog

from services.chassis.background import repeat
from services.chassis.caller import Caller
from services.chassis.events.reaction import passes_in_time
from services.chassis.store import Store, WriteTransaction
from services.insight.alerts.actions import follow_customers
from services.insight.engine import clearing
from services.insight.engine.aside import Asides
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.generations import Generations
from services.insight.engine.reactions import DeriveFacts
from services.insight.engine.reader import GenerationReader, ReadingPlan
from services.insight.engine.segmenting import Overtaken, Segmenting
from services.insight.feeds import actions, store
from services.insight.feeds.model import Rebuild
from services.insight.feeds.places import FeedPlaces
from services.insight.sources.store import EVERYONE

__all__ = ["Following"]

_LOOK_SECONDS = 0.25
# Other replicas notice a new generation well within it: those that look again after a failure do so
# seconds later, and a few failures may follow each other.
_CLEAR_AFTER_SECONDS = 60.0
_BOUND_TOUCHED_SECONDS = 60.0
_SYSTEM = Caller.system("following")

_log = structlog.get_logger("feeds")


class Following:
    """The background task that reads the feeds."""

    def __init__(
        self,
        database: Store,
        evaluation: Evaluation,
        asides: Asides,
        generations: Generations,
        segmenting: Segmenting,
        plan: ReadingPlan,
        places: FeedPlaces,
    ) -> None:
        self._store = database
        self._evaluation = evaluation
        self._asides = asides
        self._generations = generations
        self._segmenting = segmenting
        self._plan = plan
        self._places = places
        self._readers: dict[int, GenerationReader] = {}
        self._superseded_at: float | None = None
        self._touched_bounded_at = 0.0

    def reader(self, generation: int) -> GenerationReader | None:
        """What reads for a generation in this process."""
        return self._readers.get(generation)

    async def run(self) -> None:
        """Runs until cancelled."""
        try:
            await repeat("following", self.step, every_seconds=_LOOK_SECONDS)
        finally:
            for reader in self._readers.values():
                await reader.stop()
            self._readers.clear()

    async def step(self) -> None:
        """Looks once, and does what is to be done."""
        active = await self._generations.refresh()
        async with self._store.read(caller=_SYSTEM) as tx:
            rebuild = await store.last_rebuild(tx)
            newest = await store.newest_generation(tx, self._plan.derivation)
        rebuilding = rebuild.generation if rebuild and rebuild.running else None
        # What another version has begun after ours is for processes of that version: events that
        # we pass would be missing there. What it began before is followed until ours is in use.
        wanted = {each for each in (active, rebuilding) if each and each <= newest}
        await self._read_for(wanted, active)
        for reader in self._readers.values():
            reader.expect_running()
        if active in wanted:
            await self._bound_touched(active)
        ours = rebuild is not None and rebuild.derivation == self._plan.derivation
        if rebuild and rebuilding and ours and await self._places.has_caught_up(rebuilding):
            await self._finish_for_all(rebuild)
        elif rebuilding is None:
            await self._clear()

    async def _read_for(self, wanted: set[int], active: int) -> None:
        for generation, reader in tuple(self._readers.items()):
            # The metrics follow the active generation: its reader begins anew where they did not.
            if generation not in wanted or reader.shown != (generation == active):
                await self._readers.pop(generation).stop()
        for generation in wanted - set(self._readers):
            reaction = DeriveFacts(generation, self._evaluation, self._asides)
            self._readers[generation] = GenerationReader(
                self._store, self._plan, reaction, shown=generation == active
            )

    async def _finish_for_all(self, rebuild: Rebuild) -> None:
        """One replica scores it; another that comes after it finds it done."""
        async with self._store.alone("insight-rebuild") as alone:
            if not alone:
                return
            async with self._store.read(caller=_SYSTEM) as tx:
                last = await store.last_rebuild(tx)
            if last == rebuild:
                await self._finish(rebuild)

    async def _finish(self, rebuild: Rebuild) -> None:
        """Scores the new generation, puts it in use and lets the rules follow."""
        generation = rebuild.generation
        try:
            await self._segmenting.run(generation)
            async with self._store.read(caller=_SYSTEM) as tx:
                events = await store.applied_events(tx, generation)

            async def switch(tx: WriteTransaction) -> bool:
                switched = await actions.finish_rebuild(tx, generation, events)
                if switched:
                    await follow_customers(tx, generation, EVERYONE)
                    await store.owe_rules(tx, generation)  # alerts follow the one in use alone
                return switched

            switched = await self._store.write(switch, caller=_SYSTEM)
        except Overtaken:
            return  # by another replica, which ends the rebuild
        except Exception as error:
            if passes_in_time(error):
                raise  # it is tried again
            _log.error("rebuild failed, the old state stays in use", exc_info=error)
            message = f"{type(error).__name__}: {error}"

            async def give_up(tx: WriteTransaction) -> None:
                await actions.give_up_rebuild(tx, generation, message)

            await self._store.write(give_up, caller=_SYSTEM)
            return
        if switched:
            _log.info("rebuild in use", generation=generation, events=events)
            await self._generations.refresh()
            await self._segmenting.evaluate(generation)

    async def _clear(self) -> None:
        """Removes generations that nobody reads any more."""
        loop = asyncio.get_running_loop()
        async with self._store.read(caller=_SYSTEM) as tx:
            superseded = await store.superseded_generations(tx)
        if not superseded:
            self._superseded_at = None
        elif self._superseded_at is None:
            self._superseded_at = loop.time()
        elif loop.time() - self._superseded_at >= _CLEAR_AFTER_SECONDS:
            async with self._store.alone("insight-clearing") as alone:
                for generation in superseded if alone else ():
                    await clearing.clear(self._store, generation)

    async def _bound_touched(self, generation: int) -> None:
        """Keeps those names of touched customers that other days may still need."""
        now = asyncio.get_running_loop().time()
        if now - self._touched_bounded_at < _BOUND_TOUCHED_SECONDS:
            return
        self._touched_bounded_at = now

        async def forget(tx: WriteTransaction) -> None:
            await store.forget_older_touched(tx, generation)

        await self._store.write(forget, caller=_SYSTEM)
