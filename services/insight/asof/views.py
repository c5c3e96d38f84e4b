"""What answers are read from: the stored facts for today, or facts computed for another day.

Another day's facts go into a snapshot, so that the same statements, filters and scopes answer for
any day.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from google.type.date_pb2 import Date

from services.chassis.dates import from_date
from services.chassis.metrics import Metrics
from services.chassis.store import ReadTransaction, Store
from services.insight.asof.store import OtherDays, Snapshot
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.generations import Generations
from services.insight.facts.store import FilterTerms
from services.insight.numbers.business_days import Day
from services.insight.segments import store as segments
from services.insight.segments.model import Segmentation
from services.insight.segments.views import SegmentedView, SegmentedViews
from services.insight.sources.store import RECORDS

__all__ = ["DayViews"]


class DayViews(SegmentedViews):
    """Views of the stored facts, and of facts computed for an answer."""

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        generations: Generations,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._evaluation = evaluation
        self._generations = generations
        self._others = OtherDays(metrics)

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
            if customer and not await RECORDS.is_seen(tx, generation, customer):
                # Nothing is computed for an answer that is none; whoever reads finds nobody.
                yield SegmentedView(_reading(tx, await Snapshot.empty()), generation, terms)
                return
            matcher = await self._evaluation.matcher(tx, day)
            asked = (tx, generation, day, matcher)
            if customer:
                run = await self._others.segmentation(*asked)
                snapshot = await self._others.of_one(*asked, customer, run)
                yield SegmentedView(_reading(tx, snapshot), generation, terms, run)
                return
            async with self._others.of_everyone(*asked) as (snapshot, run):
                yield SegmentedView(_reading(tx, snapshot), generation, terms, run)

    async def segmentation(self, as_of: Date | None) -> Segmentation | None:
        """The cut points in force, or those of a day. Raises INVALID_ARGUMENT, DATE_INVALID."""
        generation = self._generations.active
        async with self._store.read() as tx:
            if as_of is None:
                return await segments.latest(tx, generation)
            day = Day(from_date(as_of, field="as_of"), self._evaluation.day.zone)
            matcher = await self._evaluation.matcher(tx, day)
            return await self._others.segmentation(tx, generation, day, matcher)


def _reading(tx: ReadTransaction, snapshot: Snapshot) -> ReadTransaction:
    return ReadTransaction(tx.caller, tx.now, snapshot)
