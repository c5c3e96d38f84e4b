"""Scores, segments, tiers and classes of customers, and the cut points they are taken from.

Rules only: where the numbers come from and where the results go is known elsewhere.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np

from services.insight.numbers.codes import Activity, CustomerClass, RfmSegment, ValueTier
from services.insight.numbers.columns import Codes, Flags, Floats, Ints
from services.insight.numbers.quantiles import scaled_quantile

__all__ = [
    "Made",
    "Population",
    "SegmentColumns",
    "Segmentation",
    "Totals",
    "cut_points",
    "measure_population",
    "segment_customers",
]


def _grid() -> Codes:
    """Segment by [R - 1, F - 1]: the grid of the service's page, turned upside down."""
    s = RfmSegment
    rows = (
        (s.LOST, s.HIBERNATING, s.AT_RISK, s.AT_RISK, s.CANT_LOSE_THEM),
        (s.HIBERNATING, s.HIBERNATING, s.AT_RISK, s.AT_RISK, s.CANT_LOSE_THEM),
        (
            s.ABOUT_TO_SLEEP,
            s.ABOUT_TO_SLEEP,
            s.NEED_ATTENTION,
            s.LOYAL_CUSTOMERS,
            s.LOYAL_CUSTOMERS,
        ),
        (
            s.PROMISING,
            s.POTENTIAL_LOYALISTS,
            s.POTENTIAL_LOYALISTS,
            s.LOYAL_CUSTOMERS,
            s.LOYAL_CUSTOMERS,
        ),
        (
            s.NEW_CUSTOMERS,
            s.POTENTIAL_LOYALISTS,
            s.POTENTIAL_LOYALISTS,
            s.CHAMPIONS,
            s.CHAMPIONS,
        ),
    )
    grid = np.array(rows, dtype=np.int8)
    grid.flags.writeable = False
    return grid


GRID: Final = _grid()
TIER_BY_M_SCORE: Final = (
    ValueTier.VALUE_TIER_UNSPECIFIED,
    ValueTier.LOW,
    ValueTier.LOW,
    ValueTier.REGULAR,
    ValueTier.REGULAR,
    ValueTier.HIGH,
)
DUE_FROM_CYCLES: Final = 1.0
LATE_FROM_CYCLES: Final = 2.0
DORMANT_FROM_CYCLES: Final = 4.0


@dataclass(frozen=True, slots=True)
class Population:
    """What a full run measured over everyone: the cut points and the gaps between purchase days.

    Cut points are four, ascending, or none if nobody has bought yet; recency in days, frequency
    in purchase days, monetary value in minor units. Gap quartiles are None if nobody bought twice.
    """

    as_of: date
    customer_count: int
    buyer_count: int
    recency_cut_points: tuple[float, ...]
    frequency_cut_points: tuple[float, ...]
    monetary_cut_points: tuple[float, ...]
    lower_quartile_gap_days: float | None
    median_gap_days: float | None
    upper_quartile_gap_days: float | None


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What a run measured, and when; `run_time` is None where it was computed for one answer."""

    population: Population
    run_time: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """For which day, when and by which edition a run was made, and whether it is done."""

    as_of: date
    run_time: datetime
    edition: str
    done: bool

    def stands_for(self, today: date, edition: str) -> bool:
        """Whether nothing is left to do; a later day is for clocks that are there already."""
        return self.as_of > today or (self.as_of == today and self.done and self.edition == edition)


@dataclass(frozen=True, slots=True)
class Totals:
    """Customers of a segment, and what they have spent, in minor units."""

    customer_count: int
    spend_total_minor: int
    spend_365d_minor: int


@dataclass(frozen=True, slots=True)
class SegmentColumns:
    """Where each customer belongs; 0 where it isn't known. Scores are 1 to 5."""

    r_score: Codes
    f_score: Codes
    m_score: Codes
    segment: Codes
    value_tier: Codes
    activity: Codes
    customer_class: Codes


def cut_points(values: Ints) -> tuple[float, ...]:
    """The 20, 40, 60 and 80 % quantiles of `values`; none if there are no values.

    Linear interpolation (Hyndman and Fan 1996, type 7), computed in integers: a cut point that
    equals a value equals it exactly, so that the value is never above it.
    """
    return tuple(_quantiles(values, parts=5))


def measure_population(
    *,
    as_of: date,
    purchase_days: Ints,
    days_since_order: Ints,
    spend_total_minor: Ints,
    gap_days: Ints,
) -> Population:
    """Cut points over the customers with a purchase day, gap quartiles (type 7) over all gaps."""
    buyers = purchase_days > 0
    lower, median, upper = _quantiles(gap_days, parts=4) or (None, None, None)
    return Population(
        as_of=as_of,
        customer_count=buyers.size,
        buyer_count=int(np.count_nonzero(buyers)),
        recency_cut_points=cut_points(days_since_order[buyers]),
        frequency_cut_points=cut_points(purchase_days[buyers]),
        monetary_cut_points=cut_points(spend_total_minor[buyers]),
        lower_quartile_gap_days=lower,
        median_gap_days=median,
        upper_quartile_gap_days=upper,
    )


def segment_customers(
    *,
    purchase_days: Ints,
    days_since_order: Ints,
    spend_total_minor: Ints,
    cycles_since_order: Floats,
    population: Population | None,
) -> SegmentColumns:
    """Scores by the population's cut points, and what follows from them.

    Without a population, or with one in which nobody had bought, buyers have no scores.
    """
    buyers = purchase_days > 0
    scored = population if population is not None and population.buyer_count else None
    if scored is None:
        r = f = m = np.zeros(buyers.size, dtype=np.int8)
    else:
        r = _scores(days_since_order, scored.recency_cut_points, buyers)
        r = np.where(buyers, 6 - r, 0).astype(np.int8)
        f = _scores(purchase_days, scored.frequency_cut_points, buyers)
        m = _scores(spend_total_minor, scored.monetary_cut_points, buyers)
    tier = np.array(TIER_BY_M_SCORE, dtype=np.int8)[m]
    activity = _activity(cycles_since_order)
    return SegmentColumns(
        r_score=r,
        f_score=f,
        m_score=m,
        segment=_segment(r, f, buyers),
        value_tier=tier,
        activity=activity,
        customer_class=_customer_class(tier, activity),
    )


def _quantiles(values: Ints, parts: int) -> list[float]:
    if values.size == 0:
        return []
    ordered = np.sort(values)
    start, count = np.array([0]), np.array([ordered.size])
    steps = range(1, parts)
    return [float(scaled_quantile(ordered, start, count, k, parts)[0] / parts) for k in steps]


def _scores(values: Ints, cuts: tuple[float, ...], buyers: Flags) -> Codes:
    """1 + the number of cut points each value is above; 0 for customers who haven't bought."""
    above = np.searchsorted(np.array(cuts), values, side="left")
    return np.where(buyers, above + 1, 0).astype(np.int8)


def _segment(r: Codes, f: Codes, buyers: Flags) -> Codes:
    scored = r > 0
    by_grid = GRID[r - 1, f - 1]
    return np.where(buyers, np.where(scored, by_grid, 0), RfmSegment.PROSPECTS).astype(np.int8)


def _activity(cycles: Floats) -> Codes:
    """By cycles since the last order; a NaN is in no class."""
    edges = np.array((DUE_FROM_CYCLES, LATE_FROM_CYCLES, DORMANT_FROM_CYCLES))
    passed = np.searchsorted(edges, cycles, side="right")
    return np.where(np.isnan(cycles), 0, passed + Activity.ACTIVE).astype(np.int8)


def _customer_class(tier: Codes, activity: Codes) -> Codes:
    by_tier = np.array(
        (
            CustomerClass.CUSTOMER_CLASS_UNSPECIFIED,
            CustomerClass.HIGH_VALUE_CUSTOMER,
            CustomerClass.REGULAR_CUSTOMER,
            CustomerClass.REGULAR_CUSTOMER,
        ),
        dtype=np.int8,
    )
    dormant = activity == Activity.DORMANT
    return np.where(dormant, CustomerClass.DORMANT_CUSTOMER, by_tier[tier]).astype(np.int8)
