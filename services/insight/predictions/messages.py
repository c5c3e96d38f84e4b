"""Predictions ↔ messages: rows of the facts table become `Prediction`; no rule, no SQL."""

from guanxi.insight.v1 import predictions_pb2

from services.chassis.dates import to_date
from services.chassis.store import AnyRow
from services.chassis.timestamps import to_timestamp

__all__ = ["prediction"]

_DAYS = (
    ("window_start", "next_order_start"),
    ("window_expected", "next_order_expected"),
    ("window_end", "next_order_end"),
)


def prediction(row: AnyRow) -> predictions_pb2.Prediction:
    """The next order window in a row of facts, with its evidence."""
    message = predictions_pb2.Prediction(
        name=f"{row.customer}/prediction",
        as_of=to_date(row.as_of),
        predictor=row.predictor,
        confidence=row.confidence,
        gap_count=row.gap_count,
        median_gap_days=row.median_gap_days,
        lower_quartile_gap_days=row.lower_quartile_gap_days,
        upper_quartile_gap_days=row.upper_quartile_gap_days,
        cycles_since_order=row.cycles_since_order,
    )
    for field, column in _DAYS:
        day = getattr(row, column)
        if day is not None:
            getattr(message, field).CopyFrom(to_date(day))
    if row.last_order_time is not None:
        message.last_order_time.CopyFrom(to_timestamp(row.last_order_time))
    return message
