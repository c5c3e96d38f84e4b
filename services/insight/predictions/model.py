"""When a customer is likely to order next: the CYCLE window and how far it can be trusted.

Rules only: gaps come in as columns, the population's values as a Population.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

import numpy as np

from services.insight.numbers.business_days import day_number
from services.insight.numbers.columns import UNSET, Codes, Flags, Floats, Ints
from services.insight.segments.model import Population

__all__ = ["OWN_CYCLE_GAPS", "CycleColumns", "PredictionColumns", "Predictor", "predict"]

OWN_CYCLE_GAPS: Final = 3
"""From this many gaps on a customer has a cycle of their own."""


_LAST_DAY: Final = day_number(date.max)


class Predictor(IntEnum):
    """How a window was found: numbers of `guanxi.insight.v1.Prediction.Predictor`."""

    PREDICTOR_UNSPECIFIED = 0
    CYCLE = 1
    POPULATION_CYCLE = 2


@dataclass(frozen=True, slots=True)
class CycleColumns:
    """A customer's own cycle: number of gaps, their quartiles in days and their regularity.

    Quartiles and regularity are NaN without a gap. `last_purchase_day` is a day number and
    `days_since_order` whole days, both UNSET for a customer who hasn't bought.
    """

    last_purchase_day: Ints
    days_since_order: Ints
    gap_count: Ints
    lower_quartile_days: Floats
    median_days: Floats
    upper_quartile_days: Floats
    regularity: Floats


@dataclass(frozen=True, slots=True)
class PredictionColumns:
    """The next order window of each customer and its evidence.

    The gap quartiles are those used, own or the population's: NaN where none is known. Days are
    day numbers, UNSET where there is no window.
    """

    predictor: Codes
    gap_count: Ints
    lower_quartile_gap_days: Floats
    median_gap_days: Floats
    upper_quartile_gap_days: Floats
    cycles_since_order: Floats
    confidence: Floats
    next_order_start_day: Ints
    next_order_expected_day: Ints
    next_order_end_day: Ints


def predict(cycle: CycleColumns, population: Population | None) -> PredictionColumns:
    """The window of each customer who has bought and for whom a gap is known.

    It runs from the last purchase day plus the lower quartile, rounded down, over the day at the
    median, rounded half to even, to the day at the upper quartile, rounded up: whole days that
    hold the whole window. Confidence is regularity · gaps / (gaps + 3); 0 without a gap.
    """
    bought = cycle.last_purchase_day != UNSET
    own = bought & (cycle.gap_count >= OWN_CYCLE_GAPS)
    lower = _used(cycle.lower_quartile_days, own, bought, _gap(population, 1))
    median = _used(cycle.median_days, own, bought, _gap(population, 2))
    upper = _used(cycle.upper_quartile_days, own, bought, _gap(population, 3))
    known = ~np.isnan(median)
    by = np.where(own, Predictor.CYCLE, Predictor.POPULATION_CYCLE)

    return PredictionColumns(
        predictor=np.where(known, by, Predictor.PREDICTOR_UNSPECIFIED).astype(np.int8),
        gap_count=cycle.gap_count,
        lower_quartile_gap_days=lower,
        median_gap_days=median,
        upper_quartile_gap_days=upper,
        cycles_since_order=np.where(known, cycle.days_since_order, np.nan) / median,
        confidence=_confidence(cycle),
        next_order_start_day=_day_after(cycle.last_purchase_day, np.floor(lower)),
        next_order_expected_day=_day_after(cycle.last_purchase_day, np.rint(median)),
        next_order_end_day=_day_after(cycle.last_purchase_day, np.ceil(upper)),
    )


def _gap(population: Population | None, quartile: int) -> float:
    """A gap quartile of the population; NaN if it isn't known."""
    if population is None:
        return np.nan
    quartiles = (
        population.lower_quartile_gap_days,
        population.median_gap_days,
        population.upper_quartile_gap_days,
    )
    days = quartiles[quartile - 1]
    return np.nan if days is None else days


def _used(own_days: Floats, own: Flags, bought: Flags, population_days: float) -> Floats:
    return np.where(own, own_days, np.where(bought, population_days, np.nan))


def _confidence(cycle: CycleColumns) -> Floats:
    """Share of own gaps within 25 % of their median, damped while the gaps are few."""
    regularity = np.where(cycle.gap_count > 0, cycle.regularity, 0.0)
    return regularity * (cycle.gap_count / (cycle.gap_count + 3))


def _day_after(day: Ints, days: Floats) -> Ints:
    known = ~np.isnan(days)
    whole = np.where(known, days, 0).astype(np.int64)
    return np.where(known, np.minimum(day + whole, _LAST_DAY), UNSET)
