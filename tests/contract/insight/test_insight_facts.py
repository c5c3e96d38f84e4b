"""Facts: what is told of one customer, of many, of another day, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from google.type.date_pb2 import Date
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import facts_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.in_turn import in_turn
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    confirmed,
    customer_event,
    day,
    instant,
    touch,
)

YESTERDAY = TODAY - timedelta(days=1)


async def test_list_facts_tells_type_unit_and_meaning_of_every_fact(desk: Desk) -> None:
    reply = await desk.facts.ListFacts(facts_pb2.ListFactsRequest())
    by_name = {each.fact: each for each in reply.facts}
    assert len(reply.facts) == 46
    assert by_name["days_since_order"].type == "INT"
    assert by_name["days_since_order"].unit == "days"
    assert "RFM" in by_name["days_since_order"].meaning
    assert by_name["spend_total"].type == "MONEY"
    assert by_name["tags"].type == "STRING_LIST"
    assert "CHAMPIONS" in by_name["segment"].values
    assert "RFM_SEGMENT_UNSPECIFIED" not in by_name["segment"].values
    assert all(each.meaning for each in reply.facts)


async def test_facts_follow_orders_and_touchpoints(insight: Insight, desk: Desk) -> None:
    await insight.knows(
        customer_event("ada", region="Kent", source="EVENT"),
        confirmed("o1", "ada", TODAY - timedelta(days=40), 60),
        confirmed("o2", "ada", TODAY - timedelta(days=10), 40.5),
        touch("t1", "ada", TODAY - timedelta(days=3), "CALL", "PRICE"),
    )
    facts = await desk.facts_of("ada")
    assert facts.as_of == day(TODAY)
    assert (facts.kind, facts.region, facts.source) == ("ORGANIZATION", "Kent", "EVENT")
    assert (facts.owner, facts.team) == ("users/ann", "teams/north")
    assert (facts.orders_total, facts.purchase_days) == (2, 2)
    assert (facts.spend_total.currency_code, facts.spend_total.units) == ("GBP", 100)
    assert facts.spend_total.nanos == 500_000_000
    assert (facts.days_since_order, facts.days_since_contact) == (10, 3)
    assert facts.negotiations_180d == 1
    assert facts.first_touch_channel == "PHONE"
    assert facts.median_days_between_orders == 30
    assert not facts.HasField("days_since_unanswered_intent")


async def test_an_order_without_a_customer_counts_for_no_customer(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "", YESTERDAY))
    assert set(await desk.all_facts()) == {"ada"}
    assert (await desk.facts_of("ada")).orders_total == 0


async def test_facts_say_which_days_a_year_ago_were_looked_at(insight: Insight, desk: Desk) -> None:
    await insight.knows(
        customer_event("ada", first_seen=date(1, 1, 1)),
        confirmed("o1", "ada", TODAY - timedelta(days=365), 300),
        confirmed("o2", "ada", TODAY - timedelta(days=9), 50),
        confirmed("o3", "ada", TODAY - timedelta(days=8), 50),
    )
    facts = await desk.facts_of("ada")
    assert facts.same_period_start == day(TODAY - timedelta(days=380))
    assert facts.same_period_end == day(TODAY - timedelta(days=350))
    assert facts.same_period_large
    assert not (await desk.facts_of("ada", date(1, 1, 1))).HasField("same_period_start")


async def test_a_cancelled_order_counts_no_more(insight: Insight, desk: Desk) -> None:
    await insight.knows(
        customer_event("ada"),
        confirmed("o1", "ada", YESTERDAY),
        confirmed("o2", "ada", YESTERDAY),
        confirmed("o1", "ada", YESTERDAY, event=orders_pb2.OrderCancelled),
    )
    assert (await desk.facts_of("ada")).orders_total == 1


async def test_orders_may_come_before_their_customer(insight: Insight, desk: Desk) -> None:
    await insight.knows(confirmed("o1", "bob", YESTERDAY))
    early = await desk.facts_of("bob")
    assert (early.orders_total, early.owner) == (1, "")
    await insight.knows(customer_event("bob", owner="users/eve"))
    late = await desk.facts_of("bob")
    assert (late.orders_total, late.owner) == (1, "users/eve")


async def test_a_deleted_customer_has_no_facts_until_undeleted(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    await insight.knows(customer_event("ada", customers_pb2.CustomerDeleted))
    with pytest.raises(DomainError) as refused:
        await desk.facts_of("ada")
    assert refused.value.kind is Kind.NOT_FOUND
    await insight.knows(customer_event("ada", customers_pb2.CustomerUndeleted))
    assert (await desk.facts_of("ada")).orders_total == 1


async def test_a_deleted_customer_stays_away_whatever_comes_later(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    await insight.knows(customer_event("ada", customers_pb2.CustomerDeleted))
    # An order moves its customer to another stage, deleted or not.
    moved = customer_event("ada", customers_pb2.CustomerUpdated, delete_time=instant(TODAY))
    await insight.knows(confirmed("o2", "ada", YESTERDAY), moved)
    await insight.knows(touch("t1", "ada", YESTERDAY, "CALL"))
    await desk.run()
    assert await desk.all_facts() == {}
    assert await desk.all_facts(as_of=day(YESTERDAY)) == {}


async def test_an_order_that_moves_to_another_customer_counts_for_that_one_alone(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(
        customer_event("ada"), customer_event("bob"), confirmed("o1", "ada", YESTERDAY, 70)
    )
    await insight.knows(confirmed("o1", "bob", YESTERDAY, 70))
    facts = await desk.all_facts()
    assert (facts["ada"].orders_total, facts["ada"].spend_total.units) == (0, 0)
    assert (facts["bob"].orders_total, facts["bob"].spend_total.units) == (1, 70)

    await insight.knows(confirmed("o1", "", YESTERDAY, 70))
    assert (await desk.facts_of("bob")).orders_total == 0


async def test_who_took_everything_back_is_no_buyer(insight: Insight, desk: Desk) -> None:
    """W bought for 80 and took 80 back on another day; X has but a return; Y named the order."""
    await insight.knows(
        *(customer_event(each) for each in ("w", "x", "y", "z")),
        confirmed("w1", "w", YESTERDAY, 80),
        confirmed("w2", "w", TODAY, -80, hour=8),
        confirmed("x1", "x", YESTERDAY, -50),
        confirmed("y1", "y", YESTERDAY, 80),
        confirmed("y2", "y", TODAY, -80, hour=8, original_order="orders/y1"),
        confirmed("z1", "z", YESTERDAY, 10),
    )
    run = await desk.run()
    assert run.buyer_count == 1
    assert list(run.monetary_cut_points) == [10, 10, 10, 10]
    facts = await desk.all_facts()
    prospects = {name for name, each in facts.items() if each.segment == facts_pb2.PROSPECTS}
    assert prospects == {"w", "x", "y"}


async def test_an_unknown_customer_is_not_found(desk: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.facts_of("nobody")
    assert refused.value.kind is Kind.NOT_FOUND
    assert refused.value.metadata["resource"] == "customers/nobody/facts"


async def test_a_rep_sees_the_facts_of_their_own_customers(insight: Insight) -> None:
    await insight.knows(
        customer_event("ada", owner="users/ann"), customer_event("bob", owner="users/eve")
    )
    rep = await insight.desk("users/ann", role="rep")
    assert set(await rep.all_facts()) == {"ada"}
    with pytest.raises(DomainError) as refused:
        await rep.facts_of("bob")
    assert refused.value.kind is Kind.NOT_FOUND
    manager = await insight.desk("users/max", role="manager")
    assert set(await manager.all_facts()) == {"ada", "bob"}


async def test_a_rep_filters_their_own_customers_by_tag(insight: Insight) -> None:
    await insight.knows(
        *(customer_event(each, owner=f"users/{each}") for each in ("ann", "eve")),
        *(confirmed(f"o-{each}", each, YESTERDAY, 2_000_000) for each in ("ann", "eve")),
    )
    for role in ("rep", "manager"):
        rep = await insight.desk("users/ann", role=role, team="teams/west")
        assert set(await rep.all_facts(filter='tags:"VIP"')) == {"ann"}


async def test_facts_of_another_day_know_nothing_of_what_came_later(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(
        customer_event("ada"),
        confirmed("o1", "ada", date(2025, 5, 1), 20),
        confirmed("o2", "ada", date(2025, 8, 1), 30),
        customer_event("bob", owner="users/eve"),
    )
    then = await desk.facts_of("ada", date(2025, 6, 1))
    assert then.as_of == day(date(2025, 6, 1))
    assert (then.orders_total, then.days_since_order) == (1, 31)
    assert then.segment == facts_pb2.NEW_CUSTOMERS
    listed = await desk.all_facts(as_of=day(date(2025, 6, 1)), filter="orders_total = 1")
    assert listed == {"ada": then}
    rep = await insight.desk("users/eve", role="rep")
    assert set(await rep.all_facts(as_of=day(date(2025, 6, 1)))) == {"bob"}


async def test_tags_of_another_day_are_those_the_rules_would_have_given(
    insight: Insight, desk: Desk
) -> None:
    await insight.knows(
        customer_event("ada"),
        confirmed("o1", "ada", date(2024, 6, 1), 2_000_000),
    )
    assert list((await desk.facts_of("ada")).tags) == []
    assert list((await desk.facts_of("ada", date(2024, 7, 1))).tags) == ["VIP"]


async def test_today_is_the_same_with_and_without_its_date(insight: Insight, desk: Desk) -> None:
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY))
    assert await desk.facts_of("ada", TODAY) == await desk.facts_of("ada")


async def test_lists_are_filtered_ordered_and_paged(insight: Insight, desk: Desk) -> None:
    await insight.knows(
        *(customer_event(f"c{n}") for n in range(5)),
        *(confirmed(f"o{n}", f"c{n}", YESTERDAY, 100 + n) for n in range(5)),
    )
    request = facts_pb2.ListCustomerFactsRequest(
        page_size=2, filter="spend_total >= 101", order_by="spend_total desc"
    )
    first = await desk.facts.ListCustomerFacts(request)
    assert [each.spend_total.units for each in first.customer_facts] == [104, 103]
    request.page_token = first.next_page_token
    second = await desk.facts.ListCustomerFacts(request)
    assert [each.spend_total.units for each in second.customer_facts] == [102, 101]
    assert second.next_page_token == ""
    assert set(await desk.all_facts(filter='customer = "customers/c3"')) == {"c3"}


async def test_a_page_token_belongs_to_its_day(insight: Insight, desk: Desk) -> None:
    await insight.knows(customer_event("ada"), customer_event("bob"))
    request = facts_pb2.ListCustomerFactsRequest(page_size=1)
    request.page_token = (await desk.facts.ListCustomerFacts(request)).next_page_token
    request.as_of.CopyFrom(day(YESTERDAY))
    with pytest.raises(DomainError) as refused:
        await desk.facts.ListCustomerFacts(request)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"
    assert refused.value.violations[0].field == "as_of"


@in_turn(
    ("arguments", "field", "reason"),
    [
        ({"filter": "shoe_size = 5"}, "filter", "FILTER_UNKNOWN_FIELD"),
        ({"filter": "days_since_order = soon"}, "filter", "FILTER_VALUE"),
        ({"filter": "segment = BEST"}, "filter", "FILTER_UNKNOWN_VALUE"),
        ({"order_by": "shoe_size"}, "order_by", "ORDER_BY_UNKNOWN_FIELD"),
        ({"page_token": "x"}, "page_token", "PAGE_TOKEN_INVALID"),
        ({"as_of": Date(year=2025, month=2, day=30)}, "as_of", "DATE_INVALID"),
        ({"as_of": Date(year=2025)}, "as_of", "DATE_INVALID"),
    ],
)
async def test_what_is_wrong_with_a_list_is_named(
    desk: Desk, arguments: dict[str, object], field: str, reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.all_facts(**arguments)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == field


async def test_another_day_follows_what_arrives_late(insight: Insight, desk: Desk) -> None:
    then = day(date(2025, 6, 1))
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", date(2025, 5, 1)))
    before = await desk.all_facts(as_of=then)
    assert await desk.all_facts(as_of=then) == before
    await insight.knows(confirmed("o2", "ada", date(2025, 5, 20)))
    after = await desk.all_facts(as_of=then)
    assert (before["ada"].orders_total, after["ada"].orders_total) == (1, 2)
    assert (await desk.facts_of("ada", date(2025, 6, 1))) == after["ada"]


async def test_lists_of_another_day_are_paged(insight: Insight, desk: Desk) -> None:
    await insight.knows(*(customer_event(f"c{n}") for n in range(5)))
    request = facts_pb2.ListCustomerFactsRequest(page_size=2, as_of=day(date(2025, 6, 1)))
    names: list[str] = []
    while True:
        reply = await desk.facts.ListCustomerFacts(request)
        names += [each.name for each in reply.customer_facts]
        if not reply.next_page_token:
            break
        request.page_token = reply.next_page_token
    assert names == [f"customers/c{n}/facts" for n in range(5)]
