"""What holds of facts whatever the history: order, company and future don't matter."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.insight.engine.model import population_of, score
from services.insight.segments.model import Population
from tests.support.fact_records import records
from tests.support.histories import History, day_us, histories

TODAY = date(2011, 12, 10)
POPULATION = Population(
    as_of=TODAY,
    customer_count=20,
    buyer_count=12,
    recency_cut_points=(10.0, 40.2, 90.0, 200.8),
    frequency_cut_points=(1.0, 2.0, 2.0, 4.4),
    monetary_cut_points=(50.0, 120.4, 300.0, 1000.0),
    lower_quartile_gap_days=12.25,
    median_gap_days=30.5,
    upper_quartile_gap_days=61.75,
)


@given(histories(TODAY), st.randoms())
def test_the_order_in_which_rows_arrive_changes_nothing(history: History, random: Random) -> None:
    orders, touches = list(history.orders), list(history.touches)
    random.shuffle(orders)
    random.shuffle(touches)
    shuffled = replace(history, orders=orders, touches=touches)

    assert records(shuffled.facts(TODAY, POPULATION)) == records(history.facts(TODAY, POPULATION))


@given(histories(TODAY))
def test_a_customer_computed_alone_has_the_facts_of_one_computed_among_others(
    history: History,
) -> None:
    among = records(history.facts(TODAY, POPULATION))
    alone = [
        records(history.of_one(customer).facts(TODAY, POPULATION))[0]
        for customer in range(len(history.first_seen_us))
    ]

    assert alone == among


@given(histories(TODAY), st.integers(0, 500))
def test_a_day_in_the_past_knows_nothing_of_what_came_after(history: History, ago: int) -> None:
    as_of = TODAY - timedelta(days=ago)
    then = history.until(day_us(as_of + timedelta(days=1), hour=0))

    assert records(history.facts(as_of, POPULATION)) == records(then.facts(as_of, POPULATION))


@given(histories(TODAY), st.integers(1, 11))
def test_orders_that_arrive_late_end_in_the_same_facts(history: History, chunk: int) -> None:
    late_first = history.orders[chunk:] + history.orders[:chunk]

    late = replace(history, orders=late_first).facts(TODAY, POPULATION)
    assert records(late) == records(history.facts(TODAY, POPULATION))


@given(histories(TODAY))
def test_customers_measured_in_parts_are_the_population_measured_at_once(
    history: History,
) -> None:
    parts = [history.of_one(n).facts(TODAY) for n in range(len(history.first_seen_us))]

    assert population_of(parts) == population_of([history.facts(TODAY)])


@given(histories(TODAY))
def test_facts_scored_afterwards_are_facts_computed_with_the_population(history: History) -> None:
    facts = history.facts(TODAY)
    population = population_of([facts])

    scored = records(score(facts, population))
    assert scored == records(history.facts(TODAY, population))


@given(histories(TODAY))
def test_equal_values_never_get_different_scores_and_larger_ones_never_lower(
    history: History,
) -> None:
    facts = history.facts(TODAY)
    scored = [r for r in records(score(facts, population_of([facts]))) if r.purchase_days]

    for one in scored:
        for other in scored:
            if one.spend_total_minor <= other.spend_total_minor:
                assert (one.m_score or 0) <= (other.m_score or 0)
            if one.purchase_days <= other.purchase_days:
                assert (one.f_score or 0) <= (other.f_score or 0)
            if (one.days_since_order or 0) <= (other.days_since_order or 0):
                assert (one.r_score or 0) >= (other.r_score or 0)


@given(histories(TODAY))
def test_a_window_starts_before_it_is_expected_and_ends_after(history: History) -> None:
    for record in records(history.facts(TODAY, POPULATION)):
        start, expected, end = (
            record.next_order_start,
            record.next_order_expected,
            record.next_order_end,
        )
        if not record.purchase_days:
            assert (start, expected, end) == (None, None, None)
        else:
            assert start is not None
            assert expected is not None
            assert end is not None
            assert record.last_purchase_day is not None
            assert record.last_purchase_day <= start <= expected <= end
        assert 0 <= record.confidence <= 1


@given(histories(TODAY))
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_days_are_those_of_the_zone(zone: str, history: History) -> None:
    there = records(history.facts(TODAY, POPULATION, ZoneInfo(zone)))

    for record in there:
        if record.last_order_time is not None and record.last_purchase_day is not None:
            assert record.last_order_time.astimezone(ZoneInfo(zone)).date() == (
                record.last_purchase_day
            )
