"""What answers are read from: the stored facts for today, or facts computed for another day.

Another day's facts go into a snapshot, so that the same statements, filters and scopes answer for
any day. The last snapshot of everyone is kept for a while, for lists are read page by page.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from google.type.date_pb2 import Date

from services.chassis.dates import from_date
from services.chassis.store import ReadTransaction, Store
from services.insight.asof.store import Snapshot
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.generations import Generations
from services.insight.engine.measuring import measure
from services.insight.facts.store import FilterTerms
from services.insight.feeds.model import FeedPosition
from services.insight.feeds.store import positions
from services.insight.numbers.business_days import Day
from services.insight.rules.store import Matcher
from services.insight.segments import store as segments
from services.insight.segments.model import Segmentation
from services.insight.segments.views import SegmentedView, SegmentedViews

__all__ = ["DayViews"]

_KEPT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _State:
    """All that another day's facts depend on: what was applied or parked, the day, the rules."""

    generation: int
    applied: tuple[tuple[str, FeedPosition], ...]
    day: Day
    rules: tuple[tuple[str, int], ...]


class DayViews(SegmentedViews):
    """Views of the stored facts, and of facts computed for an answer."""

    def __init__(self, store: Store, evaluation: Evaluation, generations: Generations) -> None:
        self._store = store
        self._evaluation = evaluation
        self._generations = generations
        self._computing = asyncio.Lock()
        self._kept: tuple[_State, Snapshot] | None = None
        self._measured: tuple[_State, Segmentation] | None = None
        self._forgetting: asyncio.TimerHandle | None = None

    @property
    def today(self) -> FilterTerms:
        return self._evaluation.terms(self._evaluation.day)

    @asynccontextmanager
    async def of(self, as_of: Date | None, *, customer: str = "") -> AsyncIterator[SegmentedView]:
        """The view of a day, today if not stated; of one customer alone, if named.

        Raises INVALID_ARGUMENT, DATE_INVALID on `as_of`.
        """
        today = self._evaluation.day
        day = today if as_of is None else Day(from_date(as_of, field="as_of"), today.zone)
        terms = self._evaluation.terms(day)
        generation = self._generations.active
        async with self._store.read() as tx:
            if day == today:
                yield SegmentedView(tx, generation, terms)
                return
            snapshot = await self._snapshot(tx, generation, day, customer)
            past = ReadTransaction(tx.caller, tx.now, snapshot)
            yield SegmentedView(past, generation, terms, snapshot.scored_by)

    async def segmentation(self, as_of: Date | None) -> Segmentation | None:
        """The cut points in force, or those of a day. Raises INVALID_ARGUMENT, DATE_INVALID."""
        generation = self._generations.active
        async with self._store.read() as tx:
            if as_of is None:
                return await segments.latest(tx, generation)
            day = Day(from_date(as_of, field="as_of"), self._evaluation.day.zone)
            state, _ = await self._state(tx, generation, day)
            return await self._run_of(tx, state)

    async def _snapshot(
        self, tx: ReadTransaction, generation: int, day: Day, customer: str
    ) -> Snapshot:
        state, matcher = await self._state(tx, generation, day)
        if customer:
            run = await self._run_of(tx, state)
            return await Snapshot.of_one(tx, generation, day, customer, run, matcher)
        async with self._computing:  # who asks for the same meanwhile gets it then
            if self._kept is None or self._kept[0] != state:
                stored = await segments.of_day(tx, generation, day.date)
                snapshot = await Snapshot.of_everyone(tx, generation, day, stored, matcher)
                self._kept = (state, snapshot)
            self._forget_later()
            return self._kept[1]

    async def _run_of(self, tx: ReadTransaction, state: _State) -> Segmentation:
        """The run of a day; measured now, if there was none then."""
        stored = await segments.of_day(tx, state.generation, state.day.date)
        if stored is not None:
            return stored
        async with self._computing:
            if self._measured is None or self._measured[0] != state:
                population = await measure(tx, state.generation, state.day)
                self._measured = (state, Segmentation(population, None))
            return self._measured[1]

    async def _state(
        self, tx: ReadTransaction, generation: int, day: Day
    ) -> tuple[_State, Matcher]:
        applied = tuple((await positions(tx, generation)).items())
        matcher = await self._evaluation.matcher(tx, day)
        rules = tuple((each.rule.name, each.rule.version) for each in matcher.tags)
        return _State(generation, applied, day, rules), matcher

    def _forget_later(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(_KEPT_SECONDS, self._forget)

    def _forget(self) -> None:
        self._kept = None
