"""Feeds: lag, parked events and their replay, rebuilds, and what a restored producer brings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from guanxi.insight.v1 import facts_pb2, feeds_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    confirmed,
    customer_event,
    insight_reading,
    running_insight,
    touch,
    until,
)
from tests.support.services import migrated_database

Rebuild = feeds_pb2.Rebuild
YESTERDAY = TODAY - timedelta(days=1)


async def feeds(desk: Desk) -> dict[str, feeds_pb2.Feed]:
    reply = await desk.feeds.ListFeeds(feeds_pb2.ListFeedsRequest())
    return {each.name: each for each in reply.feeds}


async def parked(desk: Desk) -> list[feeds_pb2.ParkedEvent]:
    reply = await desk.feeds.ListParkedEvents(feeds_pb2.ListParkedEventsRequest())
    return list(reply.parked_events)


async def rebuild(desk: Desk) -> feeds_pb2.Rebuild:
    return await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())


async def rebuilt(desk: Desk) -> feeds_pb2.Rebuild:
    """Waits for the rebuild to end."""

    async def ended() -> bool:
        return (await rebuild(desk)).state in (Rebuild.DONE, Rebuild.FAILED)

    await until(ended)
    return await rebuild(desk)


async def start(desk: Desk) -> feeds_pb2.Rebuild:
    return await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())


async def history(insight: Insight) -> None:
    await insight.knows(
        *(customer_event(f"c{n}") for n in range(4)),
        *(
            confirmed(f"o{n}-{k}", f"c{n}", TODAY - timedelta(days=8 * n + 30 * k), 50 + n + k)
            for n in range(1, 4)
            for k in range(5)
        ),
        confirmed("o1-0", "c1", TODAY - timedelta(days=8), event=orders_pb2.OrderCancelled),
        touch("t1", "c2", YESTERDAY, "DOWNLOAD"),
    )


async def test_feeds_tell_how_far_they_are_read(insight: Insight, desk: Desk) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    found = await feeds(desk)
    assert set(found) == {"feeds/customer", "feeds/sales"}
    assert found["feeds/sales"].position == found["feeds/sales"].head_position == 1
    assert found["feeds/sales"].reachable


async def test_what_was_committed_a_moment_ago_is_yet_to_be_read(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(confirmed("o1", "ada", YESTERDAY))
    insight.sales.committed = 2
    assert (await feeds(desk))["feeds/sales"].lag_positions == 2


async def test_a_feed_that_is_away_is_told_and_read_on_when_it_is_back(
    insight: Insight, desk: Desk
) -> None:
    insight.sales.reachable = False
    assert not (await feeds(desk))["feeds/sales"].reachable
    insight.sales.reachable = True
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    assert (await desk.facts_of("ada")).orders_total == 1


async def test_an_unreadable_event_is_parked_and_keeps_no_other_back(
    insight: Insight, desk: Desk
) -> None:
    insight.sales.write(confirmed("o1", "ada", YESTERDAY))
    insight.sales.write_raw("guanxi.sales.v1.OrderConfirmed", b"\xff\xff")
    insight.sales.write(confirmed("o2", "ada", YESTERDAY))
    await insight.caught_up()
    (event,) = await parked(desk)
    assert (event.feed, event.position) == ("feeds/sales", 2)
    assert event.type == "guanxi.sales.v1.OrderConfirmed"
    assert "DecodeError" in event.error
    assert (await feeds(desk))["feeds/sales"].parked_count == 1
    assert (await desk.facts_of("ada")).orders_total == 2


async def test_a_parked_event_that_still_fails_stays_parked(insight: Insight, desk: Desk) -> None:
    insight.sales.write_raw("guanxi.sales.v1.OrderConfirmed", b"\xff\xff")
    await insight.caught_up()
    (event,) = await parked(desk)
    with pytest.raises(DomainError):
        await desk.feeds.ReplayParkedEvent(feeds_pb2.ReplayParkedEventRequest(name=event.name))
    assert await parked(desk) == [event]


async def test_replaying_what_is_not_parked_is_refused(desk: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.feeds.ReplayParkedEvent(
            feeds_pb2.ReplayParkedEventRequest(name="parkedEvents/none")
        )
    assert refused.value.kind is Kind.NOT_FOUND


async def test_parked_events_are_paged(insight: Insight, desk: Desk) -> None:
    for _ in range(3):
        insight.sales.write_raw("guanxi.sales.v1.OrderConfirmed", b"\xff\xff")
    await insight.caught_up()
    request = feeds_pb2.ListParkedEventsRequest(page_size=2)
    first = await desk.feeds.ListParkedEvents(request)
    request.page_token = first.next_page_token
    second = await desk.feeds.ListParkedEvents(request)
    positions = [each.position for each in (*first.parked_events, *second.parked_events)]
    assert positions == [1, 2, 3]


async def test_a_read_that_asks_for_it_is_answered_after_what_was_written_before(
    insight: Insight, desk: Desk
) -> None:
    caught_up = (("guanxi-consistency", "caught-up"),)
    for number in range(5):
        insight.customer.write(customer_event(f"c{number}"))
        insight.sales.write(confirmed(f"o{number}", f"c{number}", YESTERDAY))
        facts = await desk.facts.GetCustomerFacts(
            facts_pb2.GetCustomerFactsRequest(name=f"customers/c{number}/facts"),
            metadata=caught_up,
        )
        assert facts.orders_total == 1
    insight.sales.reachable = False
    with pytest.raises(DomainError) as behind:
        await desk.facts.ListCustomerFacts(facts_pb2.ListCustomerFactsRequest(), metadata=caught_up)
    assert (behind.value.kind, behind.value.reason) == (Kind.UNAVAILABLE, "NOT_CAUGHT_UP")
    assert behind.value.metadata["feed"] == "sales"
    await desk.facts.ListCustomerFacts(facts_pb2.ListCustomerFactsRequest())


async def test_another_consistency_than_there_is_is_refused(desk: Desk) -> None:
    with pytest.raises(DomainError) as unknown:
        await desk.facts.ListCustomerFacts(
            facts_pb2.ListCustomerFactsRequest(), metadata=(("guanxi-consistency", "strong"),)
        )
    assert unknown.value.reason == "CONSISTENCY_UNKNOWN"


async def test_there_was_no_rebuild_yet(desk: Desk) -> None:
    assert (await rebuild(desk)).state == Rebuild.STATE_UNSPECIFIED


async def test_a_rebuild_ends_in_the_same_facts_and_alerts(insight: Insight, desk: Desk) -> None:
    await history(insight)
    await desk.run()
    before, alerts = await desk.all_facts(), await desk.open_alerts()
    assert alerts
    started = await start(desk)
    assert started.state == Rebuild.RUNNING
    done = await rebuilt(desk)
    assert done.state == Rebuild.DONE
    assert done.applied_events == done.total_events == 21
    assert await desk.all_facts() == before
    assert await desk.open_alerts() == alerts


async def test_events_go_on_after_a_rebuild(insight: Insight, desk: Desk) -> None:
    await history(insight)
    await start(desk)
    await rebuilt(desk)
    await insight.knows(confirmed("new", "c1", TODAY))
    assert (await desk.facts_of("c1")).days_since_order == 0
    assert (await start(desk)).state == Rebuild.RUNNING
    assert (await rebuilt(desk)).applied_events == 22


async def test_one_rebuild_runs_at_a_time_and_the_old_state_answers(
    insight: Insight, desk: Desk
) -> None:
    await history(insight)
    before = await desk.facts_of("c1")
    insight.sales.reachable = False
    started = await start(desk)
    again = await start(desk)
    assert again.start_time == started.start_time
    assert await desk.facts_of("c1") == before
    assert (await rebuild(desk)).state == Rebuild.RUNNING
    insight.sales.reachable = True
    assert (await rebuilt(desk)).state == Rebuild.DONE


async def test_a_restored_producer_brings_a_rebuild(insight: Insight, desk: Desk) -> None:
    await history(insight)
    insight.sales.replace("second", confirmed("only", "c1", YESTERDAY, 5))

    async def replaced() -> bool:
        return (await desk.facts_of("c1")).spend_total.units == 5

    await until(replaced)
    assert (await desk.facts_of("c2")).orders_total == 0
    assert (await desk.facts_of("c2")).intent_downloads == 1


async def test_a_rebuild_goes_on_after_a_restart(databases: Databases) -> None:
    url = await migrated_database(databases, "insight")
    async with running_insight(url) as insight:
        desk = await insight.desk()
        await history(insight)
        await desk.run()
        before = await desk.all_facts()
        insight.sales.reachable = False
        await start(desk)
        customer, sales = insight.customer, insight.sales
    sales.reachable = True
    async with insight_reading(url, {"customer": customer, "sales": sales}) as service:
        desk = await Insight(service, customer, sales, service.clock).desk()
        assert (await rebuilt(desk)).state == Rebuild.DONE
        assert await desk.all_facts() == before


async def test_only_those_who_may_manage_feeds_start_a_rebuild(insight: Insight) -> None:
    analyst = await insight.desk("users/ana", role="analyst")
    assert await feeds(analyst)
    with pytest.raises(DomainError) as refused:
        await start(analyst)
    assert refused.value.kind is Kind.PERMISSION_DENIED
