"""What insight does when an event of the customer or sales service arrives."""

import asyncio
from collections.abc import Sequence
from typing import Final

from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.events.reaction import Reaction
from services.chassis.store import WriteTransaction
from services.insight.alerts.actions import follow_customers
from services.insight.engine.aside import Asides
from services.insight.engine.computing import refresh
from services.insight.engine.evaluation import Evaluation
from services.insight.feeds.store import (
    active_generation,
    hold_basis,
    mark_touched,
    owe_rules,
)
from services.insight.people.messages import USERS
from services.insight.rules.actions import follow_people
from services.insight.segments import store as segments
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.registered import READERS
from services.insight.sources.store import RECORDS, Few, Selection

__all__ = ["DeriveFacts"]


# Nobody makes that many changes at once but an import.
_BACKLOG_EVENTS: Final = 500
# What orders bring about among customers comes after them, in smaller batches.
_BACKLOG_SECONDS: Final = 2.0


class DeriveFacts(Reaction):
    """Keeps one generation's facts, and, while it is the active one, tags and alerts.

    Applying an event again changes nothing: records are written by name and position, and facts are
    computed anew from all records of the customers touched. Rules wait while a backlog is read:
    half a history fulfils conditions that the whole one doesn't. That they are owed is stored with
    what they wait for, so that some replica's sweep lets them follow, whatever becomes of this one.
    """

    def __init__(self, generation: int, evaluation: Evaluation, asides: Asides) -> None:
        self._asides = asides
        self.generation = generation
        self.applied = 0
        self.applied_at = 0.0
        self._backlog_until = 0.0
        self._evaluation = evaluation

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        await follow_people(tx, USERS.read(events))
        changes = READERS.read(events, self._evaluation.currency)
        touched = await RECORDS.touched_by(tx, self.generation, changes)
        now = asyncio.get_running_loop().time()
        if len(events) >= _BACKLOG_EVENTS:
            self._backlog_until = now + _BACKLOG_SECONDS
        rules_wait = now < self._backlog_until
        # Also what is nobody's now: an older event that says otherwise may come again.
        await RECORDS.keep(tx, self.generation, changes)
        active = await active_generation(tx) == self.generation
        if active and changes.of(CUSTOMERS):
            await follow_customers(tx, self.generation, Few(sorted(changes.of(CUSTOMERS))))
        if touched:
            await mark_touched(tx, self.generation, touched)
            await self._derive(tx, Few(touched), active=active, rules_wait=rules_wait)
        self.applied += len(events)
        self.applied_at = now

    async def _derive(
        self, tx: WriteTransaction, who: Few, *, active: bool, rules_wait: bool
    ) -> None:
        generation = self.generation
        run = await segments.latest(tx, generation)
        population = run.population if run else None

        async def derive_facts(some: Selection) -> None:
            await refresh(tx, generation, some, self._evaluation.day, population)

        async def derive_all(some: Selection) -> None:
            await derive_facts(some)
            await self._evaluation.follow(tx, generation, some, active=active, by_event=True)

        if rules_wait:
            await self._asides.attempt(tx, generation, who, derive_facts)
            await owe_rules(tx, generation)
        else:
            await self._asides.follow(tx, generation, who, derive_all)
        await hold_basis(tx)
