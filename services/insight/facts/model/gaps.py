"""Gaps between purchase days, and what they say about a customer's own cycle.

Days are whole, so every quartile is an exact multiple of a quarter day.
"""

from dataclasses import dataclass

import numpy as np

from services.insight.numbers.columns import Flags, Floats, Ints, count_by
from services.insight.numbers.quantiles import scaled_quantile

__all__ = ["Gaps", "purchase_gaps"]


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of every customer: those of customer c are `days[start[c] : start[c] + count[c]]`.

    `purchase_days` counts the distinct purchase days; `days` ascends within a customer.
    """

    purchase_days: Ints
    days: Ints
    start: Ints
    count: Ints

    def quartile_days(self, quarter: int) -> Floats:
        """Quartile 1, 2 (the median) or 3 of each customer's gaps; NaN without a gap."""
        quartile = np.full(self.count.size, np.nan)
        some = np.flatnonzero(self.count)
        quarters = scaled_quantile(self.days, self.start[some], self.count[some], quarter, 4)
        quartile[some] = quarters / 4
        return quartile

    def regularity(self) -> Floats:
        """Share of each customer's gaps that lie within 25 % of their median; NaN without a gap."""
        customers = self.count.size
        owner = np.repeat(np.arange(customers), self.count)
        median = self.quartile_days(2)[owner]
        near = np.abs(self.days - median) <= median / 4
        share = np.full(customers, np.nan)
        np.divide(count_by(owner, near, customers), self.count, out=share, where=self.count > 0)
        return share


def purchase_gaps(customer: Ints, day: Ints, purchase: Flags, customers: int) -> Gaps:
    """Gaps between the distinct days of the rows that are purchases, by customer.

    A customer and a day are packed into one integer, because plain integers sort several times
    faster than pairs.
    """
    if not purchase.any():
        none = np.zeros(customers, dtype=np.int64)
        return Gaps(purchase_days=none, days=none[:0], start=none, count=none)
    first_day = int(day.min())
    width = int(day.max()) - first_day + 1
    packed = np.sort((customer * width + (day - first_day))[purchase])
    distinct = packed[np.append(True, packed[1:] != packed[:-1])]

    owner = distinct // width
    purchase_days = np.bincount(owner, minlength=customers).astype(np.int64)
    count = np.maximum(purchase_days - 1, 0)
    start = np.cumsum(count) - count

    # Two neighbours of one customer differ by their days alone.
    within = owner[1:] == owner[:-1]
    gap_owner = owner[1:][within]
    gap_days = np.diff(distinct)[within]
    ascending = np.sort(gap_owner * width + gap_days) - gap_owner * width
    return Gaps(purchase_days=purchase_days, days=ascending, start=start, count=count)
