"""Next order windows and how far they can be trusted."""

from datetime import date, timedelta

import pytest
from guanxi.insight.v1 import predictions_pb2

from services.insight.predictions.model import Predictor
from services.insight.segments.model import Population
from tests.support.fact_records import CustomerFacts, records
from tests.support.histories import History, day_us

TODAY = date(2011, 12, 10)
NOBODY = Population(
    as_of=TODAY,
    customer_count=1,
    buyer_count=0,
    recency_cut_points=(),
    frequency_cut_points=(),
    monetary_cut_points=(),
    lower_quartile_gap_days=None,
    median_gap_days=None,
    upper_quartile_gap_days=None,
)
MONTHLY = Population(
    as_of=TODAY,
    customer_count=10,
    buyer_count=5,
    recency_cut_points=(1.0, 2.0, 3.0, 4.0),
    frequency_cut_points=(1.0, 2.0, 3.0, 4.0),
    monetary_cut_points=(1.0, 2.0, 3.0, 4.0),
    lower_quartile_gap_days=20.75,
    median_gap_days=30.5,
    upper_quartile_gap_days=40.25,
)


def buyer(*days_ago: int, population: Population | None = MONTHLY) -> CustomerFacts:
    orders = [(0, day_us(TODAY - timedelta(days=ago)), 100) for ago in days_ago]
    return records(History(orders, [], [None]).facts(TODAY, population))[0]


def window_days(record: CustomerFacts) -> list[int]:
    """Start, expected and end, in days after the last purchase."""
    last = record.last_purchase_day
    assert last is not None
    days = (record.next_order_start, record.next_order_expected, record.next_order_end)
    return [(day - last).days for day in days if day is not None]


def test_three_gaps_make_a_cycle_of_ones_own() -> None:
    record = buyer(5 + 45 + 40 + 50, 5 + 45 + 40, 5 + 45, 5)

    assert record.predictor is Predictor.CYCLE
    assert window_days(record) == [42, 45, 48]
    assert record.lower_quartile_gap_days == 42.5
    assert record.median_gap_days == 45
    assert record.upper_quartile_gap_days == 47.5
    assert record.cycles_since_order == 5 / 45
    assert record.confidence == 1.0 * 3 / 6


@pytest.mark.parametrize("days_ago", [(10,), (10, 20), (10, 20, 40)])
def test_with_fewer_gaps_the_population_stands_in(days_ago: tuple[int, ...]) -> None:
    record = buyer(*days_ago)

    assert record.predictor is Predictor.POPULATION_CYCLE
    assert window_days(record) == [20, 30, 41]
    assert record.median_gap_days == 30.5
    assert record.cycles_since_order == 10 / 30.5


def test_confidence_grows_with_regular_gaps_and_falls_with_scattered_ones() -> None:
    once = buyer(10)
    twice = buyer(10, 20)
    regular = buyer(*range(0, 300, 10))
    scattered = buyer(0, 10, 20, 120, 121)

    assert once.confidence == 0
    assert twice.confidence == 1 * 1 / 4
    assert regular.confidence == 29 / 32
    assert scattered.confidence == 2 / 4 * 4 / 7


@pytest.mark.parametrize("population", [None, NOBODY])
def test_without_any_known_gap_there_is_no_window(population: Population | None) -> None:
    record = buyer(10, 20, population=population)

    assert record.predictor is Predictor.PREDICTOR_UNSPECIFIED
    assert window_days(record) == []
    assert record.cycles_since_order is None
    assert record.median_days_between_orders == 10


def test_who_has_not_bought_has_no_window() -> None:
    record = buyer()

    assert record.predictor is Predictor.PREDICTOR_UNSPECIFIED
    assert record.next_order_expected is None
    assert record.confidence == 0


def test_codes_are_the_numbers_of_the_contract() -> None:
    theirs = dict(predictions_pb2.Prediction.Predictor.items())
    assert {code.name: code.value for code in Predictor} == theirs
