"""Answers as of another day are kept between events: only who was touched is computed anew."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import date, timedelta
from typing import Any

import pytest
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import feeds_pb2, rules_pb2, segments_pb2
from guanxi.sales.v1 import orders_pb2
from structlog.testing import capture_logs

from services.chassis.caller import Caller
from services.chassis.errors import DomainError
from services.chassis.store.migrate import migrate
from services.insight.feeds import store as feeds
from tests.support.insight import WrittenFeed, confirmed, customer_event, day
from tests.support.other_days import CUSTOMERS, OTHER, THEN, Counted, counted, twenty

SYSTEM = Caller.system("test")


async def test_after_one_event_only_the_touched_customer_is_computed(buyers: Counted) -> None:
    before = await buyers.then()
    assert buyers.computed() == CUSTOMERS
    assert await buyers.then(filter="orders_total = 1") == before
    assert buyers.computed() == CUSTOMERS

    await buyers.insight.knows(confirmed("late", "c3", THEN - timedelta(days=1), 50))
    after = await buyers.then()
    assert buyers.computed() == CUSTOMERS + 1
    assert after["c3"].orders_total == 2
    assert after["c3"].spend_total.units == 350


async def test_an_order_that_moves_concerns_whom_it_leaves_too(buyers: Counted) -> None:
    await buyers.then()
    await buyers.insight.knows(confirmed("o3", "c4", THEN - timedelta(days=3), 300))
    after = await buyers.then()
    assert (after["c3"].orders_total, after["c4"].orders_total) == (0, 2)
    assert buyers.computed() == CUSTOMERS + 2


async def test_who_is_deleted_or_new_is_so_on_every_day(buyers: Counted) -> None:
    await buyers.then()
    await buyers.insight.knows(
        customer_event("c1", customers_pb2.CustomerDeleted),
        customer_event("new", owner="users/eve"),
    )
    assert set(await buyers.then()) == {*(f"c{n}" for n in range(2, CUSTOMERS + 1)), "new"}
    rep = await buyers.insight.desk("users/eve", role="rep")
    assert set(await rep.all_facts(as_of=day(THEN))) == {"new"}
    assert buyers.computed() == CUSTOMERS + 2


async def test_a_changed_cut_point_scores_everybody_anew(buyers: Counted) -> None:
    before = await buyers.then()
    assert before["c5"].m_score == 2
    await buyers.insight.knows(
        *(
            confirmed(f"o{n}", f"c{n}", THEN, event=orders_pb2.OrderCancelled)
            for n in range(6, CUSTOMERS + 1)
        )
    )
    after = await buyers.then()
    assert after["c5"].m_score == 5
    run = await (await buyers.desk()).segments.GetSegmentation(
        segments_pb2.GetSegmentationRequest(as_of=day(THEN))
    )
    assert run.buyer_count == 5
    assert buyers.computed() == CUSTOMERS + 15


async def test_one_customers_answer_measures_the_company_once(buyers: Counted) -> None:
    desk = await buyers.desk()
    one = await desk.facts_of("c3", THEN)
    assert buyers.computed() == CUSTOMERS + 1
    await buyers.insight.knows(confirmed("late", "c3", THEN - timedelta(days=1), 9_000))
    other = await desk.facts_of("c3", THEN)
    assert (one.m_score, other.m_score) == (1, 5)
    assert buyers.computed() == CUSTOMERS + 1 + 2


async def test_a_changed_rule_tags_another_day_without_computing_it(buyers: Counted) -> None:
    await buyers.then()
    desk = await buyers.desk()
    rule = rules_pb2.Rule(
        kind=rules_pb2.Rule.TAG, filter="spend_total >= 1900", tag="MINE", enabled=True
    )
    made = await desk.rules.CreateRule(rules_pb2.CreateRuleRequest(rule=rule, rule_id="mine"))
    after = await buyers.then(filter='tags : "MINE"')
    assert set(after) == {"c19", "c20"}
    await desk.rules.DeleteRule(rules_pb2.DeleteRuleRequest(name=made.name, etag=made.etag))
    assert await buyers.then(filter='tags : "MINE"') == {}
    assert buyers.computed() == CUSTOMERS


async def test_two_days_are_kept_and_of_three_the_last(buyers: Counted) -> None:
    await buyers.then()
    await buyers.then(OTHER)
    await buyers.then()
    assert buyers.computed() == 2 * CUSTOMERS
    await buyers.then(date(2025, 8, 1))
    await buyers.then()
    assert buyers.computed() == 3 * CUSTOMERS
    await buyers.then(OTHER)
    assert buyers.computed() == 4 * CUSTOMERS


async def test_after_an_event_that_was_parked_its_customer_is_computed(
    buyers: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as poison:
        poison.setattr("services.insight.engine.reactions.READERS.read", unreadable)
        await buyers.insight.knows(confirmed("late", "c3", THEN - timedelta(days=1), 50))
    assert (await buyers.then())["c3"].orders_total == 1
    desk = await buyers.desk()
    (parked,) = (
        await desk.feeds.ListParkedEvents(feeds_pb2.ListParkedEventsRequest())
    ).parked_events
    await desk.feeds.ReplayParkedEvent(feeds_pb2.ReplayParkedEventRequest(name=parked.name))
    assert (await buyers.then())["c3"].orders_total == 2
    assert buyers.computed() == CUSTOMERS + 1


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
    buyers: Counted,
) -> None:
    store = buyers.insight.service.store
    async with store.read(caller=SYSTEM) as tx:
        first = await feeds.current_mark(tx, 1)
    for batch in range(21):
        await touch(buyers, [f"customers/x{batch}-{n}" for n in range(1_000)])
    async with store.read(caller=SYSTEM) as tx:
        late = await feeds.current_mark(tx, 1)
    await touch(buyers, ["customers/last"])
    await store.write(lambda tx: feeds.forget_older_touched(tx, 1), caller=SYSTEM)
    async with store.read(caller=SYSTEM) as tx:
        assert await feeds.touched_since(tx, 1, first) is None
        assert await feeds.touched_since(tx, 1, late) == {"customers/last"}
        assert len(await tx.all(feeds.touched.select())) <= 20_001

    await touch(buyers, [f"customers/y{n}" for n in range(1_001)])
    async with store.read(caller=SYSTEM) as tx:
        assert await feeds.touched_since(tx, 1, late) is None


async def touch(buyers: Counted, names: list[str]) -> None:
    await buyers.insight.service.store.write(
        lambda tx: feeds.mark_touched(tx, 1, names), caller=SYSTEM
    )


async def test_a_day_at_the_edge_of_the_calendar_writes_no_errors_into_the_log(
    buyers: Counted,
) -> None:
    with capture_logs() as logs:
        for edge in (date.min, date.max):
            with suppress(DomainError):
                await buyers.then(edge)
    assert [each for each in logs if each["log_level"] == "error"] == []
