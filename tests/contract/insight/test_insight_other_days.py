"""Answers as of another day are kept between events: only who was touched is computed anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import facts_pb2, feeds_pb2, predictions_pb2, rules_pb2, segments_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.metrics import Metrics
from services.chassis.store.migrate import migrate
from services.insight.asof.store import OtherDays
from services.insight.feeds import store as feeds
from tests.support.databases import Databases
from tests.support.insight import (
    Desk,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    day,
    insight_reading,
)
from tests.support.insight import touch as touch_event
from tests.support.services import migrated_database

THEN = date(2025, 6, 1)
OTHER = date(2025, 7, 1)
CUSTOMERS = 20
SYSTEM = Caller.system("test")
REQUESTS: dict[str, Any] = {
    "facts": facts_pb2.GetCustomerFactsRequest,
    "segment": segments_pb2.GetCustomerSegmentRequest,
    "prediction": predictions_pb2.GetPredictionRequest,
}


@dataclass(slots=True)
class Counted:
    """An insight service, and how many customers it has computed for other days."""

    insight: Insight
    metrics: Metrics

    async def desk(self) -> Desk:
        return await self.insight.desk()

    async def then(self, as_of: date = THEN, **arguments: Any) -> dict[str, Any]:
        return await (await self.desk()).all_facts(as_of=day(as_of), **arguments)

    def computed(self) -> int:
        name = "guanxi_insight_as_of_customers_computed_total"
        return int(self.metrics.registry.get_sample_value(name) or 0)


async def counted(
    stack: AsyncExitStack, url: str, customer: WrittenFeed, sales: WrittenFeed, **settings: Any
) -> Counted:
    metrics = Metrics()
    reading = insight_reading(
        url, {"customer": customer, "sales": sales}, metrics=metrics, **settings
    )
    service = await stack.enter_async_context(reading)
    return Counted(Insight(service, customer, sales, service.clock), metrics)


@pytest.fixture
async def company(databases: Databases) -> AsyncIterator[Counted]:
    """Twenty customers; the n-th has bought for n hundred, n days before."""
    url = await migrated_database(databases, "insight")
    async with AsyncExitStack() as stack:
        running = await counted(stack, url, WrittenFeed(), WrittenFeed())
        await running.insight.knows(*twenty())
        yield running


def twenty() -> list[Any]:
    numbers = range(1, CUSTOMERS + 1)
    return [
        *(customer_event(f"c{n}") for n in numbers),
        *(confirmed(f"o{n}", f"c{n}", THEN - timedelta(days=n), 100 * n) for n in numbers),
    ]


async def test_after_one_event_only_the_touched_customer_is_computed(company: Counted) -> None:
    before = await company.then()
    assert company.computed() == CUSTOMERS
    assert await company.then(filter="orders_total = 1") == before
    assert company.computed() == CUSTOMERS

    await company.insight.knows(confirmed("late", "c3", THEN - timedelta(days=1), 50))
    after = await company.then()
    assert company.computed() == CUSTOMERS + 1
    assert after["c3"].orders_total == 2
    assert after["c3"].spend_total.units == 350


async def test_an_order_that_moves_concerns_whom_it_leaves_too(company: Counted) -> None:
    await company.then()
    await company.insight.knows(confirmed("o3", "c4", THEN - timedelta(days=3), 300))
    after = await company.then()
    assert (after["c3"].orders_total, after["c4"].orders_total) == (0, 2)
    assert company.computed() == CUSTOMERS + 2


async def test_who_is_deleted_or_new_is_so_on_every_day(company: Counted) -> None:
    await company.then()
    await company.insight.knows(
        customer_event("c1", customers_pb2.CustomerDeleted),
        customer_event("new", owner="users/eve"),
    )
    assert set(await company.then()) == {*(f"c{n}" for n in range(2, CUSTOMERS + 1)), "new"}
    rep = await company.insight.desk("users/eve", role="rep")
    assert set(await rep.all_facts(as_of=day(THEN))) == {"new"}
    assert company.computed() == CUSTOMERS + 2


async def test_a_changed_cut_point_scores_everybody_anew(company: Counted) -> None:
    before = await company.then()
    assert before["c5"].m_score == 2
    await company.insight.knows(
        *(
            confirmed(f"o{n}", f"c{n}", THEN, event=orders_pb2.OrderCancelled)
            for n in range(6, CUSTOMERS + 1)
        )
    )
    after = await company.then()
    assert after["c5"].m_score == 5
    run = await (await company.desk()).segments.GetSegmentation(
        segments_pb2.GetSegmentationRequest(as_of=day(THEN))
    )
    assert run.buyer_count == 5
    assert company.computed() == CUSTOMERS + 15


async def test_one_customers_answer_measures_the_company_once(company: Counted) -> None:
    desk = await company.desk()
    one = await desk.facts_of("c3", THEN)
    assert company.computed() == CUSTOMERS + 1
    await company.insight.knows(confirmed("late", "c3", THEN - timedelta(days=1), 9_000))
    other = await desk.facts_of("c3", THEN)
    assert (one.m_score, other.m_score) == (1, 5)
    assert company.computed() == CUSTOMERS + 1 + 2


async def test_nothing_is_computed_for_who_is_not_in_sight_or_not_at_all(company: Counted) -> None:
    rep = await company.insight.desk("users/eve", role="rep", team="teams/south")
    await company.insight.knows(customer_event("gone", customers_pb2.CustomerDeleted))
    for ask, customer in ((rep, "c3"), (await company.desk(), "no-such"), (rep, "gone")):
        for name, call in (
            ("facts", ask.facts.GetCustomerFacts),
            ("segment", ask.segments.GetCustomerSegment),
            ("prediction", ask.predictions.GetPrediction),
        ):
            with pytest.raises(DomainError) as unseen:
                await call(REQUESTS[name](name=f"customers/{customer}/{name}", as_of=day(THEN)))
            assert unseen.value.kind is Kind.NOT_FOUND
            assert unseen.value.metadata["resource"] == f"customers/{customer}/{name}"
    assert company.computed() == 0


async def test_what_callers_who_have_gone_asked_for_is_there_for_the_next(
    company: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a day that takes longer than anybody waits would be computed again and again."""
    compute, go = OtherDays._compute, asyncio.Event()

    async def slow(self: OtherDays, *arguments: Any) -> Any:
        computed = await compute(self, *arguments)
        await go.wait()
        return computed

    monkeypatch.setattr(OtherDays, "_compute", slow)
    desk, request = await company.desk(), facts_pb2.ListCustomerFactsRequest(as_of=day(THEN))
    for _ in range(3):
        with pytest.raises(DomainError) as late:
            await desk.facts.ListCustomerFacts(request, timeout=0.3)
        assert late.value.kind is Kind.DEADLINE_EXCEEDED
    go.set()
    assert len(await company.then()) == CUSTOMERS
    assert company.computed() == CUSTOMERS


async def test_a_day_knows_nobody_who_was_met_after_it(company: Counted) -> None:
    """However they are known now: by their record, by an order or by a touchpoint."""
    after = THEN + timedelta(days=1)
    await company.insight.knows(
        customer_event("new", first_seen=after),
        customer_event("imported", first_seen=after),
        customer_event("called", first_seen=after),
        customer_event("that-day", first_seen=THEN),
        touch_event("t1", "called", THEN, "CALL"),
        confirmed("o-imported", "imported", THEN - timedelta(days=9)),
        confirmed("o-unrecorded", "unrecorded", after),
    )
    met = {*(f"c{n}" for n in range(1, CUSTOMERS + 1)), "imported", "called", "that-day"}
    assert set(await company.then()) == met
    assert set(await company.then(after)) == {*met, "new", "unrecorded"}

    desk = await company.desk()
    assert (await desk.facts_of("called", THEN)).contacts_90d == 1
    for name in ("new", "unrecorded"):
        with pytest.raises(DomainError) as unmet:
            await desk.facts_of(name, THEN)
        assert unmet.value.kind is Kind.NOT_FOUND
    found = await desk.segments.ListSegments(segments_pb2.ListSegmentsRequest(as_of=day(THEN)))
    assert found.segmentation.customer_count == len(met)
    assert sum(each.customer_count for each in found.segments) == len(met)
    prospects = await desk.segments.ListSegmentCustomers(
        segments_pb2.ListSegmentCustomersRequest(parent="segments/prospects", as_of=day(THEN))
    )
    assert {each.name for each in prospects.customers} == {
        "customers/called/segment",
        "customers/that-day/segment",
    }


async def test_who_turns_out_to_have_been_met_joins_a_day_that_is_kept(company: Counted) -> None:
    await company.insight.knows(customer_event("new", first_seen=OTHER))
    assert "new" not in await company.then()
    await company.insight.knows(confirmed("early", "new", THEN))
    assert (await company.then())["new"].orders_total == 1
    await company.insight.knows(confirmed("early", "new", THEN, event=orders_pb2.OrderCancelled))
    assert "new" not in await company.then()


async def test_a_changed_rule_tags_another_day_without_computing_it(company: Counted) -> None:
    await company.then()
    desk = await company.desk()
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.TAG, filter="spend_total >= 1900", tag="MINE", enabled=True
    )
    made = await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule=rule, rule_id="mine"))
    after = await company.then(filter='tags : "MINE"')
    assert set(after) == {"c19", "c20"}
    await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=made.name, etag=made.etag))
    assert await company.then(filter='tags : "MINE"') == {}
    assert company.computed() == CUSTOMERS


async def test_two_days_are_kept_and_of_three_the_last(company: Counted) -> None:
    await company.then()
    await company.then(OTHER)
    await company.then()
    assert company.computed() == 2 * CUSTOMERS
    await company.then(date(2025, 8, 1))
    await company.then()
    assert company.computed() == 3 * CUSTOMERS
    await company.then(OTHER)
    assert company.computed() == 4 * CUSTOMERS


async def test_after_an_event_that_was_parked_its_customer_is_computed(
    company: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as poison:
        poison.setattr("services.insight.engine.reactions.READERS.read", unreadable)
        await company.insight.knows(confirmed("late", "c3", THEN - timedelta(days=1), 50))
    assert (await company.then())["c3"].orders_total == 1
    desk = await company.desk()
    (parked,) = (
        await desk.feeds.ListParkedEvents(feeds_pb2.ListParkedEventsRequest())
    ).parked_events
    await desk.feeds.ReplayParkedEvent(feeds_pb2.ReplayParkedEventRequest(name=parked.name))
    assert (await company.then())["c3"].orders_total == 2
    assert company.computed() == CUSTOMERS + 1


def unreadable(*_: Any) -> None:
    raise ValueError("this event can't be read")


async def test_what_another_replica_has_applied_is_seen(postgres_url: str) -> None:
    await migrate(postgres_url, "services.insight")
    customer, sales = WrittenFeed(), WrittenFeed()
    async with AsyncExitStack() as stack:
        one, two = [
            await counted(stack, postgres_url, customer, sales, feed_partitions=4) for _ in range(2)
        ]
        await one.insight.knows(*twenty())
        assert await one.then() == await two.then()
        for n in range(1, 13):
            await one.insight.knows(confirmed(f"late{n}", f"c{n}", THEN - timedelta(days=1), 50))
            ours, theirs = await asyncio.gather(one.then(), two.then())
            assert ours == theirs
            assert ours[f"c{n}"].orders_total == 2
        for each in (one, two):
            # One may be computed again whose transaction another one's may have overtaken.
            assert each.computed() < 2.5 * CUSTOMERS


async def test_names_of_the_touched_are_bounded_and_then_it_may_be_anybody(
    company: Counted,
) -> None:
    store = company.insight.service.store
    async with store.read(caller=SYSTEM) as tx:
        first = await feeds.current_mark(tx, 1)
    for batch in range(21):
        await touch(company, [f"customers/x{batch}-{n}" for n in range(1_000)])
    async with store.read(caller=SYSTEM) as tx:
        late = await feeds.current_mark(tx, 1)
    await touch(company, ["customers/last"])
    await store.write(lambda tx: feeds.forget_older_touched(tx, 1), caller=SYSTEM)
    async with store.read(caller=SYSTEM) as tx:
        assert await feeds.touched_since(tx, 1, first) is None
        assert await feeds.touched_since(tx, 1, late) == {"customers/last"}
        assert len(await tx.all(feeds.touched.select())) <= 20_001

    await touch(company, [f"customers/y{n}" for n in range(1_001)])
    async with store.read(caller=SYSTEM) as tx:
        assert await feeds.touched_since(tx, 1, late) is None


async def touch(company: Counted, names: list[str]) -> None:
    await company.insight.service.store.write(
        lambda tx: feeds.mark_touched(tx, 1, names), caller=SYSTEM
    )
