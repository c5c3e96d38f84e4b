"""Whatever happens, answers of a day that is kept are those of the day computed whole."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.message import Message
from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import orders_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.chassis.caller import Caller, acting_as
from services.chassis.clock import BusinessCalendar
from services.chassis.ids import Uuid7Ids
from services.chassis.store import AnyRow, Store
from services.insight.asof.views import DayViews
from services.insight.engine.aside import Asides
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.generations import Generations
from services.insight.engine.reactions import DeriveFacts
from services.insight.facts.store import facts
from services.insight.feeds.store import prepare
from services.insight.metadata import metadata
from services.insight.rules import defaults
from services.insight.segments import store as segments
from services.insight.segments.model import Population, Segmentation
from services.insight.sources.registered import DERIVATION
from tests.support.insight import TODAY, confirmed, customer_event, day, touch
from tests.support.services import AdjustableClock

THEN = date(2025, 6, 1)
CUSTOMERS = 6
SYSTEM = Caller.system("test")
OURS = DERIVATION.consumer("insight")


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of that day, with these cut points of spend."""

    monetary: tuple[float, ...]


Step = Message | Ran
WHO = st.integers(0, CUSTOMERS - 1).map(lambda n: f"c{n}")
WHEN = st.integers(-40, 500).map(lambda days: THEN - timedelta(days=days))
STEPS = st.one_of(
    st.builds(
        confirmed,
        st.integers(0, 9).map(str),  # the same order of somebody else: it has moved
        st.one_of(WHO, st.just("")),
        WHEN,
        st.integers(-50, 3_000),
        event=st.sampled_from(
            [orders_pb2.OrderConfirmed, orders_pb2.OrderConfirmed, orders_pb2.OrderCancelled]
        ),
    ),
    st.builds(
        touch, st.integers(0, 5).map(str), WHO, WHEN, st.sampled_from(["CALL", "NOTE", "DOWNLOAD"])
    ),
    st.builds(
        customer_event,
        WHO,
        st.sampled_from([customers_pb2.CustomerUpdated] * 3 + [customers_pb2.CustomerDeleted]),
        first_seen=WHEN,
        owner=st.sampled_from(["users/ann", "users/eve"]),
    ),
    st.builds(Ran, st.lists(st.floats(1, 300_000), min_size=4, max_size=4).map(sorted).map(tuple)),
)


@dataclass(slots=True)
class Days:
    """The store of an insight service, into which each history is written anew."""

    runner: asyncio.Runner
    store: Store
    evaluation: Evaluation
    positions: Iterator[int] = field(default_factory=lambda: count(1))
    generations: Iterator[int] = field(default_factory=lambda: count(1))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs it for a caller who sees everybody."""

        async def as_caller() -> None:
            with acting_as(SYSTEM):
                await work

        self.runner.run(as_caller())

    async def check(self, histories: Sequence[Sequence[Step]], ask_one: bool) -> None:
        """After each batch of steps, the kept day is the day as it is computed whole."""
        generation = next(self.generations)
        kept = self.views(generation)
        await self.take(generation, [customer_event(f"c{n}") for n in range(3)])
        for steps in ([], *histories):
            await self.take(generation, steps)
            whole = self.views(generation)
            if ask_one:
                await self.answers(kept, "customers/c1")
            assert await self.answers(kept) == await self.answers(whole)
            one = await self.answers(kept, "customers/c1")
            assert one == await self.answers(self.views(generation), "customers/c1")

    def views(self, generation: int) -> DayViews:
        """Views that have nothing kept yet."""
        generations = Generations(self.store, generation, OURS)
        return DayViews(self.store, self.evaluation, generations)

    async def take(self, generation: int, steps: Sequence[Step]) -> None:
        # Another process than the views': they know of it what the store says.
        reaction = DeriveFacts(generation, self.evaluation, Asides())
        events = [self.event(step) for step in steps if isinstance(step, Message)]
        await self.store.write(partial(reaction.apply, events=events), caller=SYSTEM)
        for step in steps:
            if isinstance(step, Ran):
                run = Segmentation(population(step.monetary), AdjustableClock().now())
                await self.store.write(
                    partial(segments.save, generation=generation, run=run, edition=""),
                    caller=SYSTEM,
                )

    def event(self, message: Message) -> Event:
        return Event(
            position=next(self.positions),
            type=str(message.DESCRIPTOR.full_name),
            payload=message.SerializeToString(),
        )

    async def answers(self, views: DayViews, customer: str = "") -> list[Any]:
        """All facts of the day, or one customer's, and what they were scored by."""
        async with views.of(day(THEN), customer=customer) as view:
            rows: Sequence[AnyRow] = await view.tx.unscoped().all(
                select(facts).order_by(facts.c.customer)
            )
            if customer and not rows:
                return []  # nobody is measured for an answer that is none
            return [await view.segmentation(), *map(tuple, rows)]


def population(monetary: tuple[float, ...]) -> Population:
    return Population(
        as_of=THEN,
        customer_count=9,
        buyer_count=5,
        recency_cut_points=(1.0, 20.0, 50.0, 200.0),
        frequency_cut_points=(1.0, 2.0, 3.0, 4.0),
        monetary_cut_points=monetary,
        lower_quartile_gap_days=10.0,
        median_gap_days=20.0,
        upper_quartile_gap_days=30.0,
    )


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    path = tmp_path_factory.mktemp("days") / "insight.db"
    clock = AdjustableClock()
    calendar = BusinessCalendar(clock, ZoneInfo("UTC"), TODAY)

    async def opened() -> Store:
        store = await Store.open(
            f"sqlite:///{path}", metadata=metadata, clock=clock, ids=Uuid7Ids()
        )
        await store.create_tables()

        async def begin(tx: Any) -> None:
            await prepare(tx, "GBP", OURS)
            await defaults.install(tx)

        await store.write(begin, caller=SYSTEM)
        return store

    with asyncio.Runner() as runner:
        store = runner.run(opened())
        yield Days(runner, store, Evaluation(calendar, "GBP", 2))
        runner.run(store.close())


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    histories=st.lists(st.lists(STEPS, min_size=1, max_size=8), min_size=1, max_size=4),
    ask_one=st.booleans(),
)
def test_a_kept_day_is_the_day_computed_whole(
    days: Days, histories: list[list[Step]], ask_one: bool
) -> None:
    days.run(days.check(histories, ask_one))


async def both_at_once(days: Days) -> None:
    generation = next(days.generations)
    views = days.views(generation)
    await days.take(generation, [customer_event("c1"), confirmed("1", "c1", THEN, 10)])
    orders = select(facts.c.orders_total)
    async with AsyncExitStack() as readers:
        before = await readers.enter_async_context(views.of(day(THEN)))
        await days.take(generation, [confirmed("2", "c1", THEN, 20)])
        after = await readers.enter_async_context(views.of(day(THEN)))
        assert await after.tx.unscoped().scalar(orders, {}) == 2
        assert await before.tx.unscoped().scalar(orders, {}) == 1


def test_who_reads_a_day_while_it_changes_reads_it_as_it_was(days: Days) -> None:
    days.run(both_at_once(days))
