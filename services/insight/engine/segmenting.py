"""Full runs: everyone's facts for today, cut points over all, every score and rule anew.

A run makes a segmentation; the runs that are stored with changed rules are `stored_runs`' affair.

What a run leaves behind depends on the records and the day alone, not on how they came in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.store import Store, WriteTransaction
from services.insight.engine.aside import Asides
from services.insight.engine.computing import refresh
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.measuring import measure, spans
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
from services.insight.segments.model import Population, Segmentation
from services.insight.sources.store import Few, Selection, Span, known_names

__all__ = ["Segmenting"]

_TRIED_AT_ONCE = 100
_SYSTEM = Caller.system("run")

_log = structlog.get_logger("run")


@dataclass(slots=True)
class _Asked:
    """A run that was asked for, and how many wait for it."""

    generation: int
    answer: asyncio.Future[Segmentation]
    waiting: int = 0

    def go_on(self) -> None:
        """Raises NobodyWaits."""
        if not self.waiting:
            raise NobodyWaits


class NobodyWaits(Exception):
    """Those who asked for a run have gone."""


class Segmenting:
    """Makes segmentations, one after the other."""

    def __init__(self, store: Store, evaluation: Evaluation, asides: Asides, edition: str) -> None:
        """`edition` is this process's: what was run in another one is run again."""
        self._store = store
        self._edition = edition
        self._asides = asides
        self._evaluation = evaluation
        self._one_at_a_time = asyncio.Lock()
        self._next: _Asked | None = None
        self._asked = asyncio.Event()

    async def request(self, generation: int) -> Segmentation:
        """The next run, made by `answer_requests`. Whoever asks until it begins gets the same one;
        where they have all gone by then, it isn't made."""
        if self._next is None:
            self._next = _Asked(generation, asyncio.get_running_loop().create_future())
            self._asked.set()
        asked = self._next
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.answer)
        finally:
            asked.waiting -= 1

    async def answer_requests(self) -> None:
        """Makes the runs that are asked for, until cancelled."""
        while True:
            await self._asked.wait()
            async with self._one_at_a_time:
                asked, self._next = self._next, None
                self._asked.clear()
                if asked is not None:
                    await self._answer(asked)

    async def _answer(self, asked: "_Asked") -> None:
        try:
            asked.answer.set_result(await self._run(asked.generation, asked.go_on))
        except Exception as error:
            if asked.waiting:
                asked.answer.set_exception(error)
            else:
                _log.info("nobody waits for the run any more", error=repr(error))
                asked.answer.cancel()

    async def run(self, generation: int) -> Segmentation:
        """Runs now; returns what is in force from then on."""
        async with self._one_at_a_time:
            return await self._run(generation, lambda: None)

    async def run_of_today(self, generation: int) -> None:
        """Today's run, unless one is done already, whichever replica has made it."""
        async with self._one_at_a_time:
            today = self._evaluation.day.date
            async with self._store.read(caller=_SYSTEM) as tx:
                done = await store.is_done(tx, generation, today, self._edition)
            if not done:
                await self._run(generation, lambda: None)

    async def _run(self, generation: int, go_on: Callable[[], None]) -> Segmentation:
        """A run. Raises what `go_on` raises; once it has changed anything it is not asked."""
        day = self._evaluation.day
        async with self._store.read(caller=_SYSTEM) as tx:
            population = await measure(tx, generation, day, go_on)
        go_on()

        async def put_in_force(tx: WriteTransaction) -> Segmentation:
            run = Segmentation(population, tx.now)
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
                await self._rescore_span(generation, span, day, population)
        await self._store.write(lambda tx: store.finish(tx, generation, run), caller=_SYSTEM)
        return run

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
            run = await store.latest(tx, generation)
        day, population = self._evaluation.day, run.population if run else None
        async for some in self._set_aside(generation):
            await self._store.write(
                partial(self._rescore, generation, some, day, population), caller=_SYSTEM
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
        self,
        generation: int,
        who: Selection,
        day: Day,
        population: Population | None,
        tx: WriteTransaction,
    ) -> None:
        active = await active_generation(tx) == generation

        async def rescore(some: Selection) -> None:
            await refresh(tx, generation, some, day, population)
            await self._evaluation.follow(tx, generation, some, active=active, by_event=False)

        await self._asides.follow(tx, generation, who, rescore, however_many=True)
        await hold_basis(tx)

    async def _rescore_span(
        self, generation: int, span: Span, day: Day, population: Population
    ) -> None:
        try:
            await self._store.write(
                partial(self._rescore, generation, span, day, population), caller=_SYSTEM
            )
        except DomainError as error:
            # Events keep changing customers of this span; of fewer they change fewer.
            middle = await self._middle(generation, span)
            if error.kind is not Kind.ABORTED or middle is None:
                raise
            await self._rescore_span(generation, Span(span.after, middle), day, population)
            await self._rescore_span(generation, Span(middle, span.last), day, population)

    async def _middle(self, generation: int, span: Span) -> str | None:
        """A name that halves the span; None where it has but one customer."""
        async with self._store.read(caller=_SYSTEM) as tx:
            names = await known_names(tx, generation, span)
        return names[(len(names) - 1) // 2] if len(names) > 1 else None

    async def _spans(self, generation: int) -> AsyncIterator[Span]:
        async with self._store.read(caller=_SYSTEM) as tx:
            async for span in spans(tx, generation):
                yield span
