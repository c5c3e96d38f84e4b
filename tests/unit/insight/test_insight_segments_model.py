"""Cut points, scores, segments, tiers, activity and class."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from guanxi.insight.v1 import facts_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.insight.numbers.codes import Activity, CustomerClass, RfmSegment, ValueTier
from services.insight.segments.model import (
    Population,
    SegmentColumns,
    cut_points,
    measure_population,
    segment_customers,
)

EVEN = (10.0, 20.0, 30.0, 40.0)
POPULATION = Population(
    as_of=date(2011, 12, 10),
    customer_count=100,
    buyer_count=90,
    recency_cut_points=EVEN,
    frequency_cut_points=EVEN,
    monetary_cut_points=EVEN,
    lower_quartile_gap_days=None,
    median_gap_days=None,
    upper_quartile_gap_days=None,
)
GRID = {
    5: "NEW_CUSTOMERS POTENTIAL_LOYALISTS POTENTIAL_LOYALISTS CHAMPIONS CHAMPIONS",
    4: "PROMISING POTENTIAL_LOYALISTS POTENTIAL_LOYALISTS LOYAL_CUSTOMERS LOYAL_CUSTOMERS",
    3: "ABOUT_TO_SLEEP ABOUT_TO_SLEEP NEED_ATTENTION LOYAL_CUSTOMERS LOYAL_CUSTOMERS",
    2: "HIBERNATING HIBERNATING AT_RISK AT_RISK CANT_LOSE_THEM",
    1: "LOST HIBERNATING AT_RISK AT_RISK CANT_LOSE_THEM",
}


def segmented(
    recency: Sequence[int],
    frequency: Sequence[int],
    monetary: Sequence[int],
    cycles: Sequence[float] | None = None,
    population: Population | None = POPULATION,
) -> SegmentColumns:
    return segment_customers(
        purchase_days=np.array(frequency, dtype=np.int64),
        days_since_order=np.array(recency, dtype=np.int64),
        spend_total_minor=np.array(monetary, dtype=np.int64),
        cycles_since_order=np.array(cycles or [math.nan] * len(recency)),
        population=population,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], (2.0, 3.0, 4.0, 5.0)),
        ([30, 10, 20], (14.0, 18.0, 22.0, 26.0)),
        ([0, 1], (0.2, 0.4, 0.6, 0.8)),
        ([-5, 5], (-3.0, -1.0, 1.0, 3.0)),
    ],
)
def test_cut_points_are_linear_quantiles(values: list[int], expected: tuple[float, ...]) -> None:
    assert cut_points(np.array(values)) == expected


def test_a_single_value_is_its_own_four_cut_points() -> None:
    assert cut_points(np.array([7])) == (7.0, 7.0, 7.0, 7.0)


def test_without_values_there_are_no_cut_points() -> None:
    assert cut_points(np.array([], dtype=np.int64)) == ()


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60))
def test_cut_points_ascend_and_lie_among_the_values(values: list[int]) -> None:
    cuts = cut_points(np.array(values, dtype=np.int64))

    assert list(cuts) == sorted(cuts)
    assert min(values) <= cuts[0]
    assert cuts[-1] <= max(values)
    assert cuts == pytest.approx(
        tuple(float(q) for q in np.quantile(values, (0.2, 0.4, 0.6, 0.8), method="linear"))
    )


@given(st.integers(-(10**12), 10**12), st.integers(1, 300))
def test_where_all_values_are_equal_nobody_is_above_a_cut_point(value: int, count: int) -> None:
    assert set(cut_points(np.full(count, value))) == {float(value)}


def test_a_value_is_in_the_next_class_only_above_the_cut_point() -> None:
    found = segmented(
        recency=[0, 10, 11, 40, 41], frequency=[1, 10, 11, 40, 41], monetary=[-9, 10, 11, 40, 41]
    )

    assert found.f_score.tolist() == [1, 1, 2, 4, 5]
    assert found.m_score.tolist() == [1, 1, 2, 4, 5]
    assert found.r_score.tolist() == [5, 5, 4, 2, 1]


@pytest.mark.parametrize("r", [1, 2, 3, 4, 5])
def test_segments_follow_the_grid(r: int) -> None:
    middles = [5, 15, 25, 35, 45]
    found = segmented(recency=[middles[5 - r]] * 5, frequency=middles, monetary=middles)

    assert [RfmSegment(code).name for code in found.segment] == GRID[r].split()


def test_a_lone_buyer_is_a_new_customer_of_low_value() -> None:
    lone = measure_population(
        as_of=date(2011, 12, 10),
        purchase_days=np.array([1, 0]),
        days_since_order=np.array([3, 0]),
        spend_total_minor=np.array([500, -20]),
        gap_days=np.array([], dtype=np.int64),
    )
    found = segmented([3, 0], [1, 0], [500, -20], population=lone)

    assert (lone.customer_count, lone.buyer_count) == (2, 1)
    assert lone.median_gap_days is None
    assert (found.r_score[0], found.f_score[0], found.m_score[0]) == (5, 1, 1)
    assert [RfmSegment(code) for code in found.segment] == [
        RfmSegment.NEW_CUSTOMERS,
        RfmSegment.PROSPECTS,
    ]
    assert found.value_tier.tolist() == [ValueTier.LOW, 0]


@pytest.mark.parametrize("population", [None, replace(POPULATION, buyer_count=0)])
def test_without_cut_points_buyers_are_not_scored(population: Population | None) -> None:
    found = segmented([3, 0], [1, 0], [500, 0], cycles=[0.5, math.nan], population=population)

    assert found.r_score.tolist() == found.f_score.tolist() == found.m_score.tolist() == [0, 0]
    assert found.segment.tolist() == [0, RfmSegment.PROSPECTS]
    assert found.value_tier.tolist() == [0, 0]
    assert found.activity.tolist() == [Activity.ACTIVE, 0]
    assert found.customer_class.tolist() == [0, 0]


def test_activity_counts_own_cycles() -> None:
    cycles = [0.0, 0.99, 1.0, 1.99, 2.0, 3.99, 4.0, 50.0, math.nan]
    found = segmented([1] * 9, [1] * 9, [1] * 9, cycles)

    assert [Activity(code).name for code in found.activity] == [
        *("ACTIVE", "ACTIVE", "DUE", "DUE", "LATE", "LATE", "DORMANT", "DORMANT"),
        "ACTIVITY_UNSPECIFIED",
    ]


def test_a_dormant_customer_of_high_value_stays_visible_as_both() -> None:
    found = segmented([45, 5, 5, 5], [5] * 4, [45, 45, 25, 5], [4.0, 0.1, 3.9, math.nan])

    assert [ValueTier(code).name for code in found.value_tier] == ["HIGH", "HIGH", "REGULAR", "LOW"]
    assert [CustomerClass(code).name for code in found.customer_class] == [
        "DORMANT_CUSTOMER",
        "HIGH_VALUE_CUSTOMER",
        "REGULAR_CUSTOMER",
        "REGULAR_CUSTOMER",
    ]


def test_codes_are_the_numbers_of_the_contract() -> None:
    for ours, theirs in (
        (RfmSegment, facts_pb2.RfmSegment),
        (ValueTier, facts_pb2.ValueTier),
        (Activity, facts_pb2.Activity),
        (CustomerClass, facts_pb2.CustomerClass),
    ):
        assert {code.name: code.value for code in ours} == dict(theirs.items())
