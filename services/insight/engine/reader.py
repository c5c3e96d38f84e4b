"""Reads all feeds for one generation: one puller each, one reaction for all."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from services.chassis.clock import Clock
from services.chassis.events.puller import FeedStub, Puller
from services.chassis.metrics import Metrics
from services.chassis.store import Store, WriteTransaction
from services.insight.engine.reactions import DeriveFacts
from services.insight.feeds.actions import start_over
from services.insight.feeds.model import consumer_of
from services.insight.people import FEED as PEOPLE
from services.insight.people.store import users

__all__ = ["GenerationReader", "ReadingPlan"]


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """How feeds are read: where from, by which derivation, which types of events, in how many
    partitions, how much at a time."""

    feeds: Mapping[str, FeedStub]
    derivation: str
    types: Collection[str]
    partitions: int
    batch_events: int
    clock: Clock
    metrics: Metrics | None = None


class GenerationReader:
    """One generation, reading until it is stopped."""

    def __init__(
        self, store: Store, plan: ReadingPlan, reaction: DeriveFacts, *, shown: bool
    ) -> None:
        """`shown` says whether the metrics tell its lag: one generation has the gauges."""
        self.reaction = reaction
        self.shown = shown
        turn = asyncio.Lock()  # orders and what follows from them are of the same customers
        pullers = [
            Puller(
                store,
                feed,
                stub,
                consumer=consumer_of(reaction.generation),
                partitions=plan.partitions,
                reaction=reaction,
                on_epoch_change=self._start_over(feed, plan.derivation),
                metrics=plan.metrics if shown else None,
                clock=plan.clock,
                max_events=plan.batch_events,
                turn=turn,
                types=plan.types,
            )
            for feed, stub in plan.feeds.items()
        ]
        self._tasks = [asyncio.create_task(puller.run()) for puller in pullers]

    def expect_running(self) -> None:
        """Raises what ended a puller, StartRefused for one."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _start_over(
        self, feed: str, derivation: str
    ) -> Callable[[WriteTransaction], Awaitable[None]]:
        async def begin(tx: WriteTransaction) -> None:
            await start_over(tx, self.reaction.generation, feed, derivation)
            if feed == PEOPLE:
                # Who isn't told of again stays as they were: nobody is ever taken out of the
                # directory, and no generation knows when another has told all of it.
                await users.mirror.take_as_untold(tx)

        return begin
