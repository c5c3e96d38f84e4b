"""Full runs: everyone's facts for today, cut points over all, every score and rule anew.

A run makes a segmentation; the runs that are stored with changed rules are `stored_runs`' affair.

What a run leaves behind depends on the records and the day alone, not on how they came in. A run
that another one follows, on whichever replica, ends where it is: the later one does everyone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.store import ReadTransaction, Store, WriteTransaction
from services.insight.engine.aside import Asides
from services.insight.engine.computing import refresh
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.measuring import measure, spans
from services.insight.facts.store import left_behind
from services.insight.feeds.store import (
    active_generation,
    change_basis,
    hold_basis,
    next_aside,
    owed_rules,
    settle_rules,
)
from services.insight.numbers.business_days import Day
from services.insight.segments import store
from services.insight.segments.messages import ran
from services.insight.segments.model import Segmentation
from services.insight.sources.store import Few, Selection, Span, known_names

__all__ = ["Overtaken", "Segmenting", "alone_for_everyone"]

_TRIED_AT_ONCE = 100
_RESCORED_AT_ONCE = 500
_LEFT_ALONE = timedelta(minutes=15)
_NEXT = timedelta(microseconds=1)
_SYSTEM = Caller.system("run")


class Overtaken(Exception):
    """A later run is in force, and scores everyone."""


def alone_for_everyone(generation: int) -> str:
    """The name of what one replica does for all (`Store.alone`)."""
    return f"insight-everyone-{generation}"


class Segmenting:
    """Makes segmentations, one after the other."""

    def __init__(self, store: Store, evaluation: Evaluation, asides: Asides, edition: str) -> None:
        """`edition` is this process's: what was run in another one is run again."""
        self._store = store
        self._edition = edition
        self._asides = asides
        self._evaluation = evaluation
        self.one_at_a_time = asyncio.Lock()

    async def run(self, generation: int) -> None:
        """Runs now. Raises Overtaken."""
        async with self.one_at_a_time:
            await self.run_in_turn(generation)

    async def run_of_today(self, generation: int) -> None:
        """Today's run, unless one is done already, whichever replica has made it: then for those
        alone whom a replica to which today has come later, as it may have to this one, has left at
        an earlier day since."""
        async with self.one_at_a_time:
            today = self._evaluation.day.date
            async with self._store.read(caller=_SYSTEM) as tx:
                done = await store.is_done(tx, generation, today, self._edition)
            if done:
                await self._bring_to_today(generation)
                return
            with suppress(Overtaken):  # by one that was asked for, which does today's
                await self.run_in_turn(generation)

    async def _bring_to_today(self, generation: int) -> None:
        # What was begun yesterday and isn't committed yet begins again, and is of today.
        await self._store.write(change_basis, caller=_SYSTEM)
        after, day = "", self._evaluation.day
        while True:
            async with self._store.read(caller=_SYSTEM) as tx:
                names = await left_behind(tx, generation, day.date, after, _RESCORED_AT_ONCE)
            if not names:
                return
            some = partial(self._rescore, generation, Few(names), day)
            await self._store.write(some, caller=_SYSTEM)
            after = names[-1]

    async def is_due_anew(self, generation: int) -> bool:
        """Whether the run in force is not today's of this edition, done with everyone, though it
        was made long ago: what made it may be no more. Two versions beside each other would
        otherwise each undo what the other one does."""
        async with self._store.read(caller=_SYSTEM) as tx:
            made = await store.made(tx, generation)
            if made is None or made.stands_for(self._evaluation.day.date, self._edition):
                return False
            return tx.now - made.run_time >= _LEFT_ALONE

    async def run_anew(self, generation: int) -> None:
        """Today's run, where it is due anew."""
        async with self.one_at_a_time:
            if await self.is_due_anew(generation):
                with suppress(Overtaken):
                    await self.run_in_turn(generation)

    async def run_in_turn(self, generation: int, go_on: Callable[[], None] = lambda: None) -> None:
        """A run, for whoever holds `one_at_a_time`.

        Raises Overtaken, and what `go_on` raises; once it has changed anything it is not asked.
        """
        day = self._evaluation.day
        async with self._store.read(caller=_SYSTEM) as tx:
            population = await measure(tx, generation, day, go_on)
        go_on()

        async def put_in_force(tx: WriteTransaction) -> Segmentation:
            run = Segmentation(population, await self._after_the_last(tx, generation))
            await store.save(tx, generation, run, self._edition)
            await change_basis(tx)
            if await active_generation(tx) == generation:
                tx.emit(
                    ran(run, self._evaluation.currency),
                    aggregate_type="segmentation",
                    aggregate_id="segmentation",
                    partition_key="segmentation",
                )
            return run

        run = await self._store.write(put_in_force, caller=_SYSTEM)
        async with self._making_up(generation):
            async for span in self._spans(generation):
                await self._rescore_span(generation, span, day, run)
        await self._store.write(lambda tx: store.finish(tx, generation, run), caller=_SYSTEM)

    async def _after_the_last(self, tx: ReadTransaction, generation: int) -> datetime:
        """Now, but later than the run in force: it may be of a clock that is ahead."""
        last = await store.latest(tx, generation)
        if last is None or last.run_time is None:
            return tx.now
        return max(tx.now, last.run_time + _NEXT)

    async def evaluate(self, generation: int) -> None:
        """Every rule for everyone, on the facts as they are."""
        async with self._making_up(generation):
            async for span in self._spans(generation):
                await self._store.write(partial(self._evaluate, generation, span), caller=_SYSTEM)

    async def _evaluate(self, generation: int, span: Span, tx: WriteTransaction) -> None:
        active = await active_generation(tx) == generation
        follow = partial(self._evaluation.follow, tx, generation, active=active, by_event=False)
        await self._asides.attempt(tx, generation, span, follow, however_many=True)
        await hold_basis(tx)

    @asynccontextmanager
    async def _making_up(self, generation: int) -> AsyncIterator[None]:
        """Whoever has been through all the rules makes up for what they were owed before."""
        async with self._store.read(caller=_SYSTEM) as tx:
            owed = await owed_rules(tx, generation)
        yield
        if owed.ids:
            await self._store.write(lambda tx: settle_rules(tx, generation, owed), caller=_SYSTEM)

    async def try_again(self, generation: int) -> None:
        """Those who are set aside, once more, a few at a time."""
        async with self._store.read(caller=_SYSTEM) as tx:
            await self._asides.show(tx, generation)
        async for some in self._set_aside(generation):
            await self._store.write(
                partial(self._rescore, generation, some, self._evaluation.day), caller=_SYSTEM
            )

    async def _set_aside(self, generation: int) -> AsyncIterator[Few]:
        after = ""
        while True:
            async with self._store.read(caller=_SYSTEM) as tx:
                names = await next_aside(tx, generation, after, _TRIED_AT_ONCE)
            if not names:
                return
            yield Few(names)
            after = names[-1]

    async def _rescore(
        self, generation: int, who: Selection, day: Day, tx: WriteTransaction
    ) -> None:
        """Facts, scores and rules of some customers, by the cut points in force."""
        await self._rescore_by(await store.latest(tx, generation), generation, who, day, tx)

    async def _rescore_for(
        self, run: Segmentation, generation: int, who: Selection, day: Day, tx: WriteTransaction
    ) -> None:
        """As `_rescore`, for a run. Raises Overtaken where it isn't in force any more: held to the
        end of the transaction, so that nothing of it comes after the scores of the later one."""
        in_force = await store.latest(tx, generation)
        if in_force is None or in_force.run_time != run.run_time:
            raise Overtaken
        await self._rescore_by(in_force, generation, who, day, tx)

    async def _rescore_by(
        self,
        run: Segmentation | None,
        generation: int,
        who: Selection,
        day: Day,
        tx: WriteTransaction,
    ) -> None:
        active = await active_generation(tx) == generation
        population = run.population if run else None

        async def rescore(some: Selection) -> None:
            await refresh(tx, generation, some, day, population)
            await self._evaluation.follow(tx, generation, some, active=active, by_event=False)

        await self._asides.follow(tx, generation, who, rescore, however_many=True)
        await hold_basis(tx)

    async def _rescore_span(self, generation: int, span: Span, day: Day, run: Segmentation) -> None:
        try:
            await self._store.write(
                partial(self._rescore_for, run, generation, span, day), caller=_SYSTEM
            )
        except DomainError as error:
            # Events keep changing customers of this span; of fewer they change fewer.
            middle = await self._middle(generation, span)
            if error.kind is not Kind.ABORTED or middle is None:
                raise
            await self._rescore_span(generation, Span(span.after, middle), day, run)
            await self._rescore_span(generation, Span(middle, span.last), day, run)

    async def _middle(self, generation: int, span: Span) -> str | None:
        """A name that halves the span; None where it has but one customer."""
        async with self._store.read(caller=_SYSTEM) as tx:
            names = await known_names(tx, generation, span)
        return names[(len(names) - 1) // 2] if len(names) > 1 else None

    async def _spans(self, generation: int) -> AsyncIterator[Span]:
        async with self._store.read(caller=_SYSTEM) as tx:
            async for span in spans(tx, generation):
                yield span
