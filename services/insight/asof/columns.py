"""What everybody's cut points are taken from on a day, as columns: without some, with others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, Self

import numpy as np

from services.chassis.store import AnyRow
from services.insight.engine.computing import Computed
from services.insight.engine.model import FactColumns, score_orders
from services.insight.engine.rows import fact_rows
from services.insight.facts.model.gaps import Gaps
from services.insight.facts.model.order_facts import DatedOrders, OrderFactColumns, order_facts
from services.insight.facts.store import facts
from services.insight.numbers.columns import UNSET, Flags, Ints
from services.insight.predictions.model import PredictionColumns
from services.insight.segments.model import Population, SegmentColumns, measure_population

__all__ = ["Everyone", "day_rows"]

_AGE: Final = tuple(facts.c.keys()).index("age_days")
_PLAIN = tuple(each.name for each in fields(OrderFactColumns) if each.name != "gaps")

_NONE: Ints = np.zeros(0, dtype=np.int64)
_NOBODY = order_facts(DatedOrders(_NONE, _NONE, _NONE, _NONE, _NONE), customers=0, today=0)


@dataclass(frozen=True, slots=True)
class Everyone:
    """All customers of a day: place n of the columns is name n.

    The deleted are none of them, nor is whom nobody had met by then.
    """

    names: tuple[str, ...]
    orders: OrderFactColumns

    @classmethod
    def of(cls, parts: Sequence[Computed]) -> Self:
        """The customers of the day among those of all parts."""
        kept = [_of_day(rows, computed) for rows, computed in parts]
        return cls(
            tuple(
                row.customer
                for (rows, _), which in zip(parts, kept, strict=True)
                for row, is_kept in zip(rows, which.tolist(), strict=True)
                if is_kept
            ),
            _joined(
                [_some(part.orders, which) for (_, part), which in zip(parts, kept, strict=True)]
            ),
        )

    def replaced(self, gone: Collection[str], parts: Sequence[Computed]) -> Self:
        """Those customers as the parts have them, and all others as they are."""
        kept = np.array([name not in gone for name in self.names], dtype=np.bool_)
        names = tuple(name for name in self.names if name not in gone)
        others = type(self)(names, _some(self.orders, kept))
        anew = type(self).of(parts)
        return type(self)((*names, *anew.names), _joined([others.orders, anew.orders]))

    def population(self, as_of: date) -> Population:
        """What all of them are measured against."""
        return measure_population(
            as_of=as_of,
            purchase_days=self.orders.purchase_days,
            days_since_order=self.orders.days_since_order,
            spend_total_minor=self.orders.spend_total_minor,
            gap_days=self.orders.gaps.days,
        )

    def scored_differently(
        self, before: Population, now: Population
    ) -> tuple[list[str], PredictionColumns, SegmentColumns]:
        """Who differs under two populations, and what the second makes of them."""
        old, new = score_orders(self.orders, before), score_orders(self.orders, now)
        differs = np.zeros(len(self.names), dtype=np.bool_)
        for kind, part, other in zip((PredictionColumns, SegmentColumns), old, new, strict=True):
            for column in fields(kind):
                differs |= _unequal(getattr(part, column.name), getattr(other, column.name))
        names = [self.names[place] for place in np.flatnonzero(differs)]
        predictions, segments = score_orders(_some(self.orders, differs), now)
        return names, predictions, segments


def day_rows(
    generation: int, customers: Sequence[AnyRow], computed: FactColumns
) -> list[tuple[Any, ...]]:
    """Facts of the customers of the day, as rows in the order of the table's columns."""
    return [row for row in fact_rows(generation, customers, computed) if row[_AGE] is not None]


def _of_day(customers: Sequence[AnyRow], computed: FactColumns) -> Flags:
    """Who is not deleted, and was seen by the end of the day: then they have an age."""
    there = np.array([not row.deleted for row in customers], dtype=np.bool_)
    met: Flags = computed.touches.age_days != UNSET
    return there & met


def _unequal(one: np.ndarray, other: np.ndarray) -> Flags:
    """Place by place; what isn't known, NaN, equals itself."""
    unequal: Flags = (one != other) & ~((one != one) & (other != other))
    return unequal


def _some(columns: OrderFactColumns, kept: Flags) -> OrderFactColumns:
    gaps = columns.gaps
    plain = {name: getattr(columns, name)[kept] for name in _PLAIN}
    count = gaps.count[kept]
    return OrderFactColumns(
        **plain,
        gaps=Gaps(
            purchase_days=gaps.purchase_days[kept],
            days=gaps.days[np.repeat(kept, gaps.count)],
            start=np.cumsum(count) - count,
            count=count,
        ),
    )


def _joined(parts: Sequence[OrderFactColumns]) -> OrderFactColumns:
    found = (_NOBODY, *parts)
    plain = {name: np.concatenate([getattr(part, name) for part in found]) for name in _PLAIN}
    count = np.concatenate([part.gaps.count for part in found])
    return OrderFactColumns(
        **plain,
        gaps=Gaps(
            purchase_days=np.concatenate([part.gaps.purchase_days for part in found]),
            days=np.concatenate([part.gaps.days for part in found]),
            start=np.cumsum(count) - count,
            count=count,
        ),
    )
