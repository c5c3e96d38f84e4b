"""Facts of one customer as a record, for those who want rows rather than columns.

A view: nothing is computed here.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from services.insight.engine.model import FactColumns
from services.insight.numbers.codes import Activity, CustomerClass, RfmSegment, ValueTier
from services.insight.numbers.columns import UNSET
from services.insight.predictions.model import Predictor
from services.insight.sources.columns import TouchChannel

__all__ = ["CustomerFacts", "records"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Facts of one customer, named and meant as in `guanxi.insight.v1.CustomerFacts`.

    Amounts are minor units of the base currency, times aware UTC; None is unset. The last six are
    the evidence of the prediction.
    """

    age_days: int | None
    orders_total: int
    orders_365d: int
    purchase_days: int
    spend_total_minor: int
    spend_365d_minor: int
    average_order_value_minor: int | None
    largest_order_minor: int | None
    first_order_time: datetime | None
    last_order_time: datetime | None
    last_purchase_day: date | None
    days_since_order: int | None
    median_days_between_orders: float | None
    order_regularity: float | None
    cycles_since_order: float | None
    return_rate: float | None
    spend_same_period_minor: int
    largest_order_same_period_minor: int | None
    same_period_ratio: float | None
    last_contact_time: datetime | None
    days_since_contact: int | None
    contacts_90d: int
    negotiations_180d: int
    first_touch_channel: TouchChannel
    last_touch_channel: TouchChannel
    intent_downloads: int
    days_since_unanswered_intent: int | None
    decision_chain_length: int
    r_score: int | None
    f_score: int | None
    m_score: int | None
    segment: RfmSegment
    value_tier: ValueTier
    activity: Activity
    customer_class: CustomerClass
    next_order_start: date | None
    next_order_expected: date | None
    next_order_end: date | None
    predictor: Predictor
    confidence: float
    gap_count: int
    lower_quartile_gap_days: float | None
    median_gap_days: float | None
    upper_quartile_gap_days: float | None


def records(facts: FactColumns) -> list[CustomerFacts]:
    """The facts of customers 0 … n-1, in that order."""
    columns = _lists(facts)
    names = [field.name for field in fields(CustomerFacts)]
    return [CustomerFacts(*row) for row in zip(*(columns[name] for name in names), strict=True)]


def _lists(facts: FactColumns) -> dict[str, list[Any]]:
    """Every column as a list of Python values under its record's name."""
    lists: dict[str, list[Any]] = {}
    for part in (
        facts.orders,
        facts.touches,
        facts.contacts,
        facts.predictions,
        facts.segments,
    ):
        for field in fields(part):
            column = getattr(part, field.name)
            if isinstance(column, np.ndarray):
                name, read = _reading(field.name)
                lists[name] = [read(value) for value in column.tolist()]
    return lists


def _reading(column: str) -> tuple[str, Callable[[Any], Any]]:
    """Name and reading of a column's values in the record."""
    codes: dict[str, Callable[[int], Any]] = {
        "first_touch_channel": TouchChannel,
        "last_touch_channel": TouchChannel,
        "segment": RfmSegment,
        "value_tier": ValueTier,
        "activity": Activity,
        "customer_class": CustomerClass,
        "predictor": Predictor,
    }
    if column in codes:
        return column, codes[column]
    if column.endswith("_us"):
        return column.removesuffix("_us"), _time
    if column == "last_purchase_day":
        return column, _date
    if column.endswith("_day"):
        return column.removesuffix("_day"), _date
    if column.endswith("_score"):
        return column, _score
    return column, _number


def _number(value: float) -> float | None:
    """UNSET and NaN, the one value that differs from itself, are None."""
    return None if value == UNSET or value != value else value


def _score(value: int) -> int | None:
    return value or None


def _time(value: int) -> datetime | None:
    return None if value == UNSET else _EPOCH + timedelta(microseconds=value)


def _date(value: int) -> date | None:
    return None if value == UNSET else date.fromordinal(_EPOCH_DAY + value)
