"""However orders, returns, cancellations, late arrivals and repeats come in, the facts are those of
the whole history computed at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.type.money_pb2 import Money
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import orders_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.clock import BusinessCalendar, SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.money import parts
from services.chassis.store import Store
from services.insight.engine.aside import Asides
from services.insight.engine.evaluation import Evaluation
from services.insight.engine.model import population_of, score
from services.insight.engine.reactions import DeriveFacts
from services.insight.engine.segmenting import Segmenting
from services.insight.facts.store import facts
from services.insight.metadata import metadata
from tests.support.fact_records import CustomerFacts, records
from tests.support.histories import History

TODAY = date(2011, 12, 10)
ZONE = ZoneInfo("Europe/Berlin")
CUSTOMERS = 4
SYSTEM = Caller.system("test")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of customer `number % CUSTOMERS`, with its newest content; or its cancellation."""

    number: int
    hours_ago: int
    net: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Touched:
    number: int
    hours_ago: int
    type: int
    channel: int
    about_price: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    number: int
    hours_ago: int


Happening = Ordered | Touched | Recorded
HOURS = st.integers(-50, 24 * 420)
HAPPENINGS = st.lists(
    st.one_of(
        st.builds(
            Ordered,
            st.integers(0, 11),
            HOURS,
            st.one_of(st.integers(-500, 2_000), st.sampled_from([0, 10**9])),
            st.sampled_from([False, False, False, True]),
        ),
        st.builds(
            Touched,
            st.integers(0, 11),
            HOURS,
            st.integers(1, 16),
            st.integers(0, 11),
            st.booleans(),
        ),
        st.builds(Recorded, st.integers(0, CUSTOMERS - 1), HOURS),
    ),
    min_size=1,
    max_size=40,
)
CUTS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=1, max_size=8)


@dataclass(slots=True)
class Kept:
    """Stores facts of one history after another, each in a generation of its own."""

    runner: asyncio.Runner
    store: Store
    evaluation: Evaluation
    generation: int = 0

    def facts_after(
        self, deliveries: Sequence[Sequence[Event]], *, run: bool
    ) -> list[tuple[Any, ...]]:
        self.generation += 1
        return self.runner.run(self._facts_after(self.generation, deliveries, run))

    async def _facts_after(
        self, generation: int, deliveries: Sequence[Sequence[Event]], run: bool
    ) -> list[tuple[Any, ...]]:
        reaction = DeriveFacts(generation, self.evaluation, Asides())
        for events in deliveries:
            await self.store.write(partial(reaction.apply, events=events), caller=SYSTEM)
        if run:
            await Segmenting(self.store, self.evaluation, Asides(), "ours").run(generation)
        async with self.store.read(caller=SYSTEM) as tx:
            rows = await tx.all(
                select(facts).where(facts.c.generation == generation).order_by(facts.c.customer)
            )
        return [(row.customer, *comparable(row)) for row in rows]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    path: Path = tmp_path_factory.mktemp("interleavings") / "insight.db"
    calendar = BusinessCalendar(SystemClock(), ZONE, TODAY)
    with asyncio.Runner() as runner:
        store = runner.run(opened(f"sqlite:///{path}"))
        yield Kept(runner, store, Evaluation(calendar, "GBP", 2))
        runner.run(store.close())


async def opened(url: str) -> Store:
    store = await Store.open(url, metadata=metadata, clock=SystemClock(), ids=Uuid7Ids())
    await store.create_tables()
    return store


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=HAPPENINGS, cuts=CUTS, run=st.booleans())
def test_incremental_facts_equal_recomputed_facts(
    kept: Kept, happenings: list[Happening], cuts: list[tuple[int, int]], run: bool
) -> None:
    events = [event(position, each) for position, each in enumerate(happenings, start=1)]
    # In order once, cut anywhere; between, whatever was delivered may be delivered again.
    deliveries: list[Sequence[Event]] = []
    done = 0
    for start, length in cuts:
        deliveries.append(events[done : done + length])
        done += length
        deliveries.append(events[min(start, done) : done][:length])
    deliveries.append(events[done:])

    assert kept.facts_after(deliveries, run=run) == recomputed(happenings, run=run)


def recomputed(happenings: list[Happening], *, run: bool) -> list[tuple[Any, ...]]:
    newest = {(type(each), each.number): each for each in happenings}
    known = sorted({each.number % CUSTOMERS for each in happenings})
    place = {customer: index for index, customer in enumerate(known)}
    seen: dict[int, int] = {}
    history = History(orders=[], touches=[], first_seen_us=[])
    for each in newest.values():
        customer = place[each.number % CUSTOMERS]
        match each:
            case Ordered(cancelled=False):
                history.orders.append((customer, microseconds(each.hours_ago), each.net))
            case Touched():
                history.touches.append(
                    (
                        customer,
                        microseconds(each.hours_ago),
                        each.type,
                        each.channel,
                        each.about_price,
                    )
                )
            case Recorded():
                seen[customer] = microseconds(each.hours_ago)
    history.first_seen_us.extend(seen.get(customer) for customer in range(len(known)))
    found = history.facts(TODAY, zone=ZONE)
    if run:
        found = score(found, population_of([found]))
    return [
        (f"customers/c{customer}", *comparable(record))
        for customer, record in zip(known, records(found), strict=True)
    ]


def comparable(facts_of_one: Any) -> tuple[Any, ...]:
    """A row's or a record's values: both name them alike; what isn't known has no code in a row."""
    return tuple(_comparable(name, getattr(facts_of_one, name)) for name in NAMES)


def _comparable(name: str, value: Any) -> Any:
    if name in CHANNELS:
        return value if isinstance(value, str) else value.name if value else ""
    return value or 0 if name in CODES else value


NAMES = [name for name in CustomerFacts.__dataclass_fields__ if name in facts.c]
CODES = {"segment", "value_tier", "activity", "customer_class"}
CHANNELS = {"first_touch_channel", "last_touch_channel"}


def event(position: int, happening: Happening) -> Event:
    message = _message(happening)
    return Event(
        position=position,
        type=str(message.DESCRIPTOR.full_name),
        payload=message.SerializeToString(),
    )


def _message(happening: Happening) -> Any:
    customer = f"customers/c{happening.number % CUSTOMERS}"
    seconds = microseconds(happening.hours_ago) // 1_000_000
    message: Any = customers_pb2.CustomerUpdated()
    match happening:
        case Ordered(number, _, net, cancelled):
            kind = orders_pb2.OrderCancelled if cancelled else orders_pb2.OrderConfirmed
            state = orders_pb2.Order.CANCELLED if cancelled else orders_pb2.Order.CONFIRMED
            message = kind()
            order = message.order
            order.name, order.customer, order.state = f"orders/o{number}", customer, state
            order.order_time.seconds = seconds
            order.base_net_amount.CopyFrom(Money(**parts(net, "GBP")))
        case Touched(number, _, type, channel, about_price):
            message = touchpoints_pb2.TouchpointLogged()
            touchpoint = message.touchpoint
            touchpoint.name = f"{customer}/touchpoints/t{number}"
            touchpoint.type, touchpoint.channel = type, channel
            touchpoint.touch_time.seconds = seconds
            if about_price:
                touchpoint.topics.append(touchpoints_pb2.Touchpoint.DISCOUNT)
        case Recorded():
            message.customer.name = customer
            message.customer.first_seen_time.seconds = seconds
    return message


def microseconds(hours_ago: int) -> int:
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    return (noon - timedelta(hours=hours_ago) - _EPOCH) // timedelta(microseconds=1)
