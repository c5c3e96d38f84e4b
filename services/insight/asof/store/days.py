"""Facts of other days than today; of days asked for lately they are kept true, event by event.

A kept day remembers up to which mark it is true. When it is asked for again, the facts of the
customers touched since are computed anew and put in the place of the old ones; where that moves the
cut points, scores follow, and tags where scores or rules differ. The mark is read before anything
that is computed from, so that whoever is touched meanwhile is computed again the next time.

One day is computed at a time. Whoever asked for it may go: it is computed to its end, for the next
one to ask, or a day that takes longer than callers wait would never be there.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from prometheus_client import Counter

from services.chassis.metrics import Metrics
from services.chassis.store import ReadTransaction
from services.insight.asof.columns import Everyone, day_rows
from services.insight.asof.store.snapshot import Snapshot
from services.insight.engine.computing import Computed, compute, compute_all
from services.insight.engine.measuring import spans
from services.insight.engine.model import score
from services.insight.engine.rows import score_columns
from services.insight.feeds.store import current_mark, touched_since
from services.insight.numbers.business_days import Day
from services.insight.rules.model import Rule
from services.insight.rules.store import Matcher
from services.insight.segments import store as segments
from services.insight.segments.model import Segmentation
from services.insight.sources.store import EVERYONE, Few, Selection, load

__all__ = ["OtherDays"]

T = TypeVar("T")

_KEPT_SECONDS: Final = 60.0
# Two are compared often; each takes about a kilobyte for a customer.
_MOST_DAYS: Final = 2
_MOST_NAMED: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """A day of a generation, and the rules as they are on it."""

    generation: int
    day: Day
    matcher: Matcher

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(each.rule for each in self.matcher.tags)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A day, true up to a mark; with the facts themselves, once somebody has asked for them."""

    mark: int
    everyone: Everyone
    scored_by: Segmentation
    rules: tuple[Rule, ...]
    snapshot: Snapshot | None


class OtherDays:
    """Computes facts of other days; the last days of everyone are kept for a while."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._turn = asyncio.Lock()  # who asks for the same meanwhile gets it then
        self._kept: OrderedDict[tuple[int, Day], _Kept] = OrderedDict()
        self._forgetting: asyncio.TimerHandle | None = None
        self._computed = (
            Counter(
                "guanxi_insight_as_of_customers_computed_total",
                "Customers whose facts were computed for another day than today.",
                registry=metrics.registry,
            )
            if metrics
            else None
        )

    async def segmentation(
        self, tx: ReadTransaction, generation: int, day: Day, matcher: Matcher
    ) -> Segmentation:
        """The run of a day; measured now, if there was none then."""
        stored = await segments.of_day(tx, generation, day.date)
        if stored is not None:
            return stored
        asked = _Asked(generation, day, matcher)
        work = await self._begin(lambda: self._now(tx, asked, with_facts=False))
        return (await asyncio.shield(work)).scored_by

    async def of_one(
        self,
        tx: ReadTransaction,
        generation: int,
        day: Day,
        matcher: Matcher,
        customer: str,
        scored_by: Segmentation,
    ) -> Snapshot:
        """The facts of one customer on a day."""
        snapshot = await Snapshot.empty()
        who = Few([customer])
        kept = await load(tx, generation, who)
        computed = compute(kept, day, scored_by.population)
        self._count(len(kept.customers))
        await snapshot.insert(day_rows(generation, kept.customers, computed))
        await snapshot.tag(tx, generation, who, matcher)
        return snapshot

    @asynccontextmanager
    async def of_everyone(
        self, tx: ReadTransaction, generation: int, day: Day, matcher: Matcher
    ) -> AsyncIterator[tuple[Snapshot, Segmentation]]:
        """The facts of everyone on a day, by its stored cut points or by those they have now.

        They stay as they are while they are read.
        """
        asked = _Asked(generation, day, matcher)
        work = await self._begin(lambda: self._read(tx, asked))
        try:
            yield await asyncio.shield(work)
        finally:
            work.add_done_callback(_read_no_more)

    async def _begin(self, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Begins some work when its turn has come; it ends whoever waits for it."""
        await self._turn.acquire()
        begun = asyncio.create_task(work())
        begun.add_done_callback(self._ended)
        return begun

    def _ended(self, work: asyncio.Task[Any]) -> None:
        self._turn.release()
        if not work.cancelled():
            work.exception()  # told to whoever still waits

    async def _read(self, tx: ReadTransaction, asked: _Asked) -> tuple[Snapshot, Segmentation]:
        kept = await self._now(tx, asked, with_facts=True)
        snapshot = kept.snapshot or await Snapshot.empty()
        snapshot.readers += 1
        return snapshot, kept.scored_by

    async def _now(self, tx: ReadTransaction, asked: _Asked, *, with_facts: bool) -> _Kept:
        which = (asked.generation, asked.day)
        # Taken out: what an error leaves in the middle is kept no more.
        kept = self._kept.pop(which, None)
        mark = await current_mark(tx, asked.generation)
        if kept is not None and kept.snapshot is None and with_facts:
            kept = None
        touched = None if kept is None else await touched_since(tx, asked.generation, kept.mark)
        if kept is None or touched is None:
            now = await self._whole(tx, asked, mark, with_facts=with_facts)
        else:
            now = await self._brought_up(tx, asked, mark, kept, sorted(touched))
        self._kept[which] = now
        while len(self._kept) > _MOST_DAYS:
            self._kept.popitem(last=False)
        self._forget_later()
        return now

    async def _whole(
        self, tx: ReadTransaction, asked: _Asked, mark: int, *, with_facts: bool
    ) -> _Kept:
        parts: list[Computed] = []
        async for span in spans(tx, asked.generation):
            parts += await self._compute(tx, asked, span)
        everyone = await asyncio.to_thread(Everyone.of, parts)
        scored_by = await _scored_by(tx, asked, everyone)
        if not with_facts:
            return _Kept(mark, everyone, scored_by, asked.rules, None)
        snapshot = await Snapshot.empty()
        await _insert(snapshot, asked.generation, parts, scored_by)
        await snapshot.tag(tx, asked.generation, EVERYONE, asked.matcher)
        return _Kept(mark, everyone, scored_by, asked.rules, snapshot)

    async def _brought_up(
        self, tx: ReadTransaction, asked: _Asked, mark: int, kept: _Kept, touched: Sequence[str]
    ) -> _Kept:
        parts: list[Computed] = []
        everyone = kept.everyone
        if touched:
            parts = await self._compute(tx, asked, Few(touched))
            everyone = await asyncio.to_thread(everyone.replaced, frozenset(touched), parts)
        scored_by = await _scored_by(tx, asked, everyone)
        now = _Kept(mark, everyone, scored_by, asked.rules, kept.snapshot)
        same = (kept.scored_by, kept.rules) == (now.scored_by, now.rules) and not touched
        if now.snapshot is None or same:
            return now
        snapshot = await now.snapshot.copy() if now.snapshot.readers else now.snapshot
        await snapshot.remove(asked.generation, touched)
        await _insert(snapshot, asked.generation, parts, scored_by)
        rescored = await _rescore(asked, snapshot, everyone, kept.scored_by, scored_by)
        who: Selection = EVERYONE
        if kept.rules == now.rules and len(touched) + len(rescored) <= _MOST_NAMED:
            who = Few([*touched, *rescored])
        await snapshot.tag(tx, asked.generation, who, asked.matcher)
        return replace(now, snapshot=snapshot)

    async def _compute(self, tx: ReadTransaction, asked: _Asked, who: Selection) -> list[Computed]:
        parts = await compute_all(tx, asked.generation, who, asked.day)
        self._count(sum(len(customers) for customers, _ in parts))
        return parts

    def _count(self, customers: int) -> None:
        if self._computed is not None:
            self._computed.inc(customers)

    def _forget_later(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(_KEPT_SECONDS, self._kept.clear)


def _read_no_more(work: asyncio.Task[tuple[Snapshot, Segmentation]]) -> None:
    if not work.cancelled() and work.exception() is None:
        work.result()[0].readers -= 1


async def _scored_by(tx: ReadTransaction, asked: _Asked, everyone: Everyone) -> Segmentation:
    stored = await segments.of_day(tx, asked.generation, asked.day.date)
    if stored is not None:
        return stored
    return Segmentation(await asyncio.to_thread(everyone.population, asked.day.date), None)


async def _insert(
    snapshot: Snapshot, generation: int, parts: Sequence[Computed], scored_by: Segmentation
) -> None:
    for customers, computed in parts:
        scored = score(computed, scored_by.population)
        await snapshot.insert(await asyncio.to_thread(day_rows, generation, customers, scored))


async def _rescore(
    asked: _Asked, snapshot: Snapshot, everyone: Everyone, before: Segmentation, now: Segmentation
) -> list[str]:
    """Scores everyone by other cut points, and says for whom that makes a difference."""
    if before.population == now.population:
        return []
    names, predictions, scored = await asyncio.to_thread(
        everyone.scored_differently, before.population, now.population
    )
    if names:
        await snapshot.set_columns(asked.generation, names, score_columns(predictions, scored))
    return names
