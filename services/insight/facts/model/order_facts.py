"""What a customer's orders say, on one business day.

The orders given are those known by that day; what compares a customer with others is not here.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from services.insight.facts.model.gaps import Gaps, purchase_gaps
from services.insight.numbers.columns import (
    UNSET,
    Flags,
    Floats,
    Ints,
    count_by,
    largest_by,
    smallest_by,
    sum_by,
)
from services.insight.sources.columns import NO_ORDER

__all__ = ["DatedOrders", "OrderFactColumns", "is_large", "order_facts", "same_period"]

YEAR_DAYS: Final = 365
SAME_PERIOD_DAYS: Final = 15
LARGE_RATIO: Final = 2.0


@dataclass(frozen=True, slots=True)
class DatedOrders:
    """Orders with the business day of each; `original` is the row a return names, or NO_ORDER."""

    customer: Ints
    time_us: Ints
    day: Ints
    net_minor: Ints
    original: Ints


@dataclass(frozen=True, slots=True)
class OrderFactColumns:
    """Facts from orders, one place a customer; each is defined in `CustomerFacts` of the contract.

    Unset integers are UNSET, unset floats NaN. `returned_minor` and `bought_minor` are positive.
    """

    orders_total: Ints
    orders_365d: Ints
    purchase_days: Ints
    spend_total_minor: Ints
    spend_365d_minor: Ints
    average_order_value_minor: Ints
    largest_order_minor: Ints
    first_order_time_us: Ints
    last_order_time_us: Ints
    last_purchase_day: Ints
    days_since_order: Ints
    median_days_between_orders: Floats
    order_regularity: Floats
    return_rate: Floats
    spend_same_period_minor: Ints
    largest_order_same_period_minor: Ints
    same_period_ratio: Floats
    gaps: Gaps


def order_facts(orders: DatedOrders, customers: int, today: int) -> OrderFactColumns:
    """Facts of customers 0 … customers-1 on business day `today`."""
    who, net = orders.customer, orders.net_minor
    a_year_ago = today - YEAR_DAYS
    spend_total = sum_by(who, net, customers)
    purchase = _purchases(orders, spend_total)
    in_year = orders.day > a_year_ago
    same_period = np.abs(orders.day - a_year_ago) <= SAME_PERIOD_DAYS

    orders_total = count_by(who, purchase, customers)
    sold = sum_by(who, np.where(net > 0, net, 0), customers)
    bought = sum_by(who, np.where(purchase, net, 0), customers)
    average = _half_even(bought, orders_total)
    largest_same_period = largest_by(who, net, purchase & same_period, customers)
    last_day = largest_by(who, orders.day, purchase, customers)
    gaps = purchase_gaps(who, orders.day, purchase, customers)

    return OrderFactColumns(
        orders_total=orders_total,
        orders_365d=count_by(who, purchase & in_year, customers),
        purchase_days=gaps.purchase_days,
        spend_total_minor=spend_total,
        spend_365d_minor=sum_by(who, np.where(in_year, net, 0), customers),
        average_order_value_minor=average,
        largest_order_minor=largest_by(who, net, purchase, customers),
        first_order_time_us=smallest_by(who, orders.time_us, purchase, customers),
        last_order_time_us=largest_by(who, orders.time_us, purchase, customers),
        last_purchase_day=last_day,
        days_since_order=np.where(last_day == UNSET, UNSET, today - last_day),
        median_days_between_orders=gaps.quartile_days(2),
        order_regularity=gaps.regularity(),
        return_rate=_ratio(sold - spend_total, sold),
        spend_same_period_minor=sum_by(who, np.where(same_period, net, 0), customers),
        largest_order_same_period_minor=largest_same_period,
        same_period_ratio=_ratio(largest_same_period, average),
        gaps=gaps,
    )


def same_period(as_of: date) -> tuple[date, date] | None:
    """The first and last day around the one a year before; None where the calendar has none."""
    first = as_of.toordinal() - YEAR_DAYS - SAME_PERIOD_DAYS
    if first < date.min.toordinal():
        return None
    return date.fromordinal(first), date.fromordinal(first + 2 * SAME_PERIOD_DAYS)


def is_large(same_period_ratio: float | None) -> bool:
    """Whether an order of so many times the average is a large one."""
    return same_period_ratio is not None and same_period_ratio >= LARGE_RATIO


def _purchases(orders: DatedOrders, spend_total: Ints) -> Flags:
    """Whether each order is a purchase: of positive net, and not taken back whole.

    Returns that name their order are set against it; the others against all that the customer ever
    bought: whose net isn't positive has bought nothing in the end.
    """
    net = orders.net_minor
    left = net.copy()
    returns = (orders.original != NO_ORDER) & (net < 0)
    np.add.at(left, orders.original[returns], net[returns])
    return (net > 0) & (left > 0) & (spend_total > 0)[orders.customer]


def _half_even(total: Ints, count: Ints) -> Ints:
    """`total` / `count` rounded half to even, in integers; UNSET where the count is 0."""
    divisor = np.maximum(count, 1)
    quotient, remainder = np.divmod(total, divisor)
    above_half = 2 * remainder > divisor
    half_and_odd = (2 * remainder == divisor) & (quotient % 2 == 1)
    return np.where(count == 0, UNSET, quotient + (above_half | half_and_odd))


def _ratio(part: Ints, whole: Ints) -> Floats:
    """`part` / `whole`; NaN where the part is unset or the whole is unset or 0."""
    known = (part != UNSET) & (whole != UNSET) & (whole != 0)
    ratio = np.full(part.size, np.nan)
    np.divide(part, whole, out=ratio, where=known)
    return ratio
