"""A customer that can't be evaluated is set aside, and the others are followed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from guanxi.insight.v1 import feeds_pb2, predictions_pb2, rules_pb2
from structlog.testing import capture_logs

from services.chassis.errors import DomainError, Kind
from services.insight import main
from services.insight.engine import aside, segmenting, sweep
from tests.support.databases import Databases
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    day,
    insight_reading,
    poisoned,
    running_insight,
    until,
)
from tests.support.services import migrated_database

YESTERDAY = TODAY - timedelta(days=1)
FIRST_DAY = date(1, 1, 1)
TWELVE = [f"c{number:02}" for number in range(12)]


async def rule(desk: Desk, **fields: Any) -> None:
    chosen = {
        "kind": rules_pb2.Rule.ALERT,
        "filter": "orders_total >= 1",
        "enabled": True,
        "severity": rules_pb2.NOTICE,
        **fields,
    }
    await desk.rules.CreateRule(
        rules_pb2.CreateRuleRequest(rule=rules_pb2.Rule(**chosen), rule_id="mine")
    )
    await desk.rules_followed()


async def set_aside(desk: Desk) -> list[feeds_pb2.SetAsideCustomer]:
    reply = await desk.feeds.ListSetAsideCustomers(feeds_pb2.ListSetAsideCustomersRequest())
    return list(reply.set_aside_customers)


async def alerted(desk: Desk) -> set[str]:
    return {alert.customer for alert in await desk.open_alerts('rule = "rules/mine"')}


async def test_the_others_are_followed_and_ops_are_told(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rule(desk)
    poisoned(monkeypatch, "bob")
    with capture_logs() as logs:
        await insight.knows(
            *(customer_event(each) for each in ("ada", "bob", "cy")),
            *(confirmed(f"o-{each}", each, YESTERDAY) for each in ("ada", "bob", "cy")),
        )
    assert {log["customer"] for log in logs if log["log_level"] == "error"} == {"customers/bob"}
    assert await alerted(desk) == {"customers/ada", "customers/cy"}
    (found,) = await set_aside(desk)
    assert (found.name, found.customer) == ("setAsideCustomers/bob", "customers/bob")
    assert found.error == "OverflowError: date value out of range"
    feeds = await desk.feeds.ListFeeds(feeds_pb2.ListFeedsRequest())
    assert not any(feed.parked_count for feed in feeds.feeds)

    await desk.run()
    assert await alerted(desk) == {"customers/ada", "customers/cy"}
    assert len(await set_aside(desk)) == 1


async def test_who_was_set_aside_is_followed_again_by_the_next_event_or_run(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rule(desk)
    with monkeypatch.context() as poison:
        poisoned(poison, "bob")
        await insight.knows(customer_event("bob"), confirmed("o1", "bob", YESTERDAY))
        assert await set_aside(desk)
    with capture_logs() as logs:
        await desk.run()
    assert await alerted(desk) == {"customers/bob"}
    assert await set_aside(desk) == []
    again = [log["customer"] for log in logs if log["event"] == "customer followed again"]
    assert again == ["customers/bob"]

    with monkeypatch.context() as poison:
        poisoned(poison, "bob")
        await insight.knows(confirmed("o2", "bob", YESTERDAY))
        assert await set_aside(desk)
    await insight.knows(confirmed("o3", "bob", YESTERDAY))
    assert (await desk.facts_of("bob")).orders_total == 3
    assert await set_aside(desk) == []


async def test_where_it_isnt_the_customers_events_are_parked_and_ops_are_told(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the events come: in one batch or one by one."""
    await rule(desk)
    monkeypatch.setattr(aside, "_MOST", 5)
    poisoned(monkeypatch, *TWELVE)
    await insight.knows(*(customer_event(name) for name in TWELVE))
    insight.sales.write(*(confirmed(f"o-{name}", name, YESTERDAY) for name in TWELVE))
    await insight.caught_up()
    assert len(await set_aside(desk)) == 5
    feeds = await desk.feeds.ListFeeds(feeds_pb2.ListFeedsRequest())
    assert {feed.name: feed.parked_count for feed in feeds.feeds} == {
        "feeds/customer": 0,
        "feeds/sales": 7,
    }


async def test_a_run_fails_for_no_customers_and_those_who_work_again_come_back(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "_MOST", 5)
    await rule(desk, filter="days_since_order >= 2")
    await insight.knows(
        *(customer_event(name) for name in TWELVE),
        *(confirmed(f"o-{name}", name, YESTERDAY) for name in TWELVE),
    )
    with monkeypatch.context() as poison:
        poisoned(poison, *TWELVE)
        insight.clock.move(days=1)
        await desk.run()
        assert len(await set_aside(desk)) == len(TWELVE)

    monkeypatch.setattr(segmenting, "_TRIED_AT_ONCE", 4)
    monkeypatch.setattr(sweep, "_TRY_AGAIN_SECONDS", 0.1)
    poisoned(monkeypatch, *TWELVE[:6])
    left = {f"customers/{name}" for name in TWELVE[:6]}

    async def come_back() -> bool:
        return {each.customer for each in await set_aside(desk)} == left

    await until(come_back)
    assert await alerted(desk) == {f"customers/{name}" for name in TWELVE[6:]}


async def test_an_order_of_the_first_day_west_of_utc_is_an_order_like_any_other(
    databases: Databases,
) -> None:
    url = await migrated_database(databases, "insight")
    async with running_insight(url, time_zone="America/New_York") as insight:
        desk = await insight.desk()
        await rule(desk, text_en="{last_order_time}, {next_order_start}")
        await insight.knows(
            customer_event("ada"),
            customer_event("bob"),
            confirmed("o1", "ada", FIRST_DAY, hour=0),
            confirmed("o2", "bob", FIRST_DAY, hour=0),
            confirmed("o3", "bob", YESTERDAY),
        )
        await desk.run()
        assert await alerted(desk) == {"customers/ada", "customers/bob"}
        assert await set_aside(desk) == []
        texts = {alert.customer: alert.text_en for alert in await desk.open_alerts()}
        assert texts["customers/ada"].startswith("0001-01-01")
        for as_of in (FIRST_DAY, date(9999, 12, 31)):
            assert (await desk.facts_of("bob", as_of)).name
            due = predictions_pb2.ListDueCustomersRequest(as_of=day(as_of), within_days=30)
            await desk.predictions.ListDueCustomers(due)
            await desk.all_facts(as_of=day(as_of))


async def test_a_process_starts_with_a_customer_it_cant_evaluate(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await migrated_database(databases, "insight")
    customer, sales = WrittenFeed(), WrittenFeed()
    feeds = {"customer": customer, "sales": sales}
    async with insight_reading(url, feeds) as service:
        insight = Insight(service, customer, sales, service.clock)
        await rule(await insight.desk())
        await insight.knows(customer_event("bob"), confirmed("o1", "bob", YESTERDAY))
    poisoned(monkeypatch, "bob")
    monkeypatch.setattr(main, "edition", lambda _: "one that can't evaluate bob")
    async with insight_reading(url, feeds) as service:
        insight = Insight(service, customer, sales, service.clock)
        desk = await insight.desk()

        async def known() -> bool:
            return bool(await set_aside(desk))

        await until(known)
        insight.clock.move(days=1)
        await insight.knows(customer_event("ada"))
        assert set(await desk.all_facts()) == {"ada", "bob"}


async def test_sums_that_cant_be_told_set_their_customer_aside_and_never_wrap(
    insight: Insight, desk: Desk
) -> None:
    """Sales refuses such amounts; should they be in its log, nobody is told a negative sum."""
    await insight.knows(
        customer_event("ada"),
        customer_event("bob"),
        confirmed("o1", "ada", YESTERDAY, 9 * 10**16),
        confirmed("o2", "ada", TODAY, 9 * 10**16, hour=8),
        confirmed("o3", "bob", YESTERDAY, 50),
    )
    run = await desk.run()
    assert (run.buyer_count, run.monetary_cut_points[0]) == (1, 50)
    assert [each.customer for each in await set_aside(desk)] == ["customers/ada"]
    assert (await desk.facts_of("bob")).spend_total.units == 50


async def test_an_order_counted_in_another_base_currency_is_parked_and_not_added_up(
    insight: Insight, desk: Desk
) -> None:
    foreign = confirmed("o2", "ada", YESTERDAY, 50)
    foreign.order.base_net_amount.currency_code = "EUR"
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY, 70), foreign)
    assert (await desk.facts_of("ada")).spend_total.units == 70
    reply = await desk.feeds.ListParkedEvents(feeds_pb2.ListParkedEventsRequest())
    (parked,) = reply.parked_events
    assert parked.error == "ValueError: orders/o2 is counted in EUR, not in GBP"


async def test_a_manager_learns_of_no_customer_who_is_set_aside_or_whose_event_is_parked(
    insight: Insight, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rule(desk)
    poisoned(monkeypatch, "bob")
    await insight.knows(customer_event("bob"), confirmed("o-bob", "bob", YESTERDAY))
    insight.customer.write_raw("guanxi.customer.v1.CustomerUpdated", b"\xff\xff")
    await insight.caught_up()
    assert await set_aside(desk)
    eve = await insight.desk("users/eve", role="manager", team="teams/south")
    assert (await eve.feeds.ListFeeds(feeds_pb2.ListFeedsRequest())).feeds
    for ask in (
        lambda: eve.feeds.ListSetAsideCustomers(feeds_pb2.ListSetAsideCustomersRequest()),
        lambda: eve.feeds.ListParkedEvents(feeds_pb2.ListParkedEventsRequest()),
        lambda: eve.feeds.GetRebuild(feeds_pb2.GetRebuildRequest()),
    ):
        with pytest.raises(DomainError) as refused:
            await ask()
        assert (refused.value.kind, refused.value.reason) == (
            Kind.PERMISSION_DENIED,
            "COMPANY_NEEDED",
        )
