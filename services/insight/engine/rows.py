"""Facts as rows of the facts table: columns in, tuples out, for one customer or all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from services.chassis.store import AnyRow
from services.insight.engine.model import FactColumns
from services.insight.facts.store import facts
from services.insight.numbers.columns import UNSET
from services.insight.predictions.model import PredictionColumns
from services.insight.segments.model import SegmentColumns
from services.insight.sources.columns import TouchChannel

__all__ = ["fact_rows", "score_columns"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_CHANNELS: Final = ("", *(each.name for each in TouchChannel if each))
# A customer's record has these under their own names.
_RECORDED: Final = (
    "customer",
    "display_name",
    "kind",
    "industry",
    "region",
    "source",
    "owner",
    "team",
    "lifecycle_stage",
)


def fact_rows(
    generation: int, customers: Sequence[AnyRow], computed: FactColumns
) -> list[tuple[Any, ...]]:
    """Rows in the order of the table's columns, for the customers that are not deleted.

    Row n of `customers` is the record of customer n of the facts.
    """
    count = len(customers)
    columns = {
        "generation": [generation] * count,
        "as_of": [computed.as_of] * count,
        "tags": [()] * count,
        "next_follow_up_time": [_moment(row.next_follow_up_us) for row in customers],
        **{name: [getattr(row, name) for row in customers] for name in _RECORDED},
        **_stored_columns(
            computed.orders,
            computed.touches,
            computed.contacts,
            computed.predictions,
            computed.segments,
        ),
    }
    rows = zip(*(columns[column.name] for column in facts.columns), strict=True)
    return [row for row, source in zip(rows, customers, strict=True) if not source.deleted]


def score_columns(
    predictions: PredictionColumns, segments: SegmentColumns
) -> Mapping[str, list[Any]]:
    """What is stored of all that is measured against a population, by the name of the column."""
    return _stored_columns(predictions, segments)


def _stored_columns(*parts: Any) -> Mapping[str, list[Any]]:
    """Every computed column as a list of what is stored, by the name of its stored column."""
    found: dict[str, list[Any]] = {}
    for part in parts:
        for field in fields(part):
            column = getattr(part, field.name)
            if isinstance(column, np.ndarray):
                name, convert = _stored(field.name)
                if name in facts.c:
                    found[name] = convert(column.tolist())
    return found


def _stored(name: str) -> tuple[str, Callable[[list[Any]], list[Any]]]:
    """Name of the stored column, and how its values are stored."""
    if name in _CODES:
        return name, _CODES[name]
    if name.endswith("_us"):
        return name.removesuffix("_us"), _moments
    if name.endswith("_day"):
        return name.removesuffix("_day"), _days
    return name, _numbers


def _numbers(values: list[Any]) -> list[Any]:
    """UNSET and NaN, the one value that differs from itself, are NULL."""
    return [None if value == UNSET or value != value else value for value in values]


def _codes(values: list[int]) -> list[int | None]:
    return [value or None for value in values]


def _channels(values: list[int]) -> list[str]:
    return [_CHANNELS[value] for value in values]


def _moments(values: list[int]) -> list[datetime | None]:
    return [None if value == UNSET else _moment(value) for value in values]


def _moment(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def _days(values: list[int]) -> list[date | None]:
    return [None if value == UNSET else date.fromordinal(_EPOCH_DAY + value) for value in values]


_CODES: Final[Mapping[str, Callable[[list[Any]], list[Any]]]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "r_score",
                "f_score",
                "m_score",
                "segment",
                "value_tier",
                "activity",
                "customer_class",
            ),
            _codes,
        ),
        **dict.fromkeys(("first_touch_channel", "last_touch_channel"), _channels),
    }
)
