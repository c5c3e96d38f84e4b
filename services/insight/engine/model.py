"""Facts of customers on a business day: one function, for one customer or a million.

Rows in, columns out. Nothing here depends on the order of the rows, on the clock, or, but for
what is scored against the population, on any other customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np

from services.insight.facts.model.contact_facts import ContactFactColumns, contact_facts
from services.insight.facts.model.order_facts import DatedOrders, OrderFactColumns, order_facts
from services.insight.facts.model.touch_facts import DatedTouches, TouchFactColumns, touch_facts
from services.insight.numbers.business_days import business_days, day_number
from services.insight.numbers.columns import UNSET, Ints, smallest_by
from services.insight.predictions.model import CycleColumns, PredictionColumns, predict
from services.insight.segments.model import (
    Population,
    SegmentColumns,
    measure_population,
    segment_customers,
)
from services.insight.sources.columns import (
    NO_ORDER,
    ContactColumns,
    CustomerColumns,
    OrderColumns,
    TouchColumns,
)

__all__ = ["FactColumns", "compute_facts", "population_of", "score", "score_orders"]


@dataclass(frozen=True, slots=True)
class FactColumns:
    """Facts of customers 0 … n-1 on one business day."""

    as_of: date
    orders: OrderFactColumns
    touches: TouchFactColumns
    contacts: ContactFactColumns
    predictions: PredictionColumns
    segments: SegmentColumns

    def __len__(self) -> int:
        return len(self.orders.orders_total)


def compute_facts(
    orders: OrderColumns,
    touches: TouchColumns,
    contacts: ContactColumns,
    customers: CustomerColumns,
    *,
    as_of: date,
    zone: tzinfo,
    population: Population | None,
) -> FactColumns:
    """Facts of every customer at the end of business day `as_of` in `zone`.

    Orders and touchpoints after that day don't count, nor do walk-ins; contacts are as they are
    now. Without a population there are no scores, and no cycle for customers with fewer than 3
    gaps. An index beyond the customers is an IndexError.
    """
    today = day_number(as_of)
    known_orders = _orders_until(today, orders, zone)
    known_touches = _touches_until(today, touches, zone)
    first_seen = _first_seen_day(today, customers, known_orders, known_touches, zone)
    age_days = np.where(first_seen == UNSET, UNSET, today - first_seen)

    from_orders = order_facts(known_orders, len(customers), today)
    from_touches = touch_facts(known_touches, age_days, today)
    from_contacts = contact_facts(contacts, len(customers))
    return _scored(as_of, from_orders, from_touches, from_contacts, population)


def population_of(parts: Sequence[FactColumns]) -> Population:
    """What all the customers of the parts are measured against; at least one part, of one day."""
    return measure_population(
        as_of=parts[0].as_of,
        purchase_days=np.concatenate([part.orders.purchase_days for part in parts]),
        days_since_order=np.concatenate([part.orders.days_since_order for part in parts]),
        spend_total_minor=np.concatenate([part.orders.spend_total_minor for part in parts]),
        gap_days=np.concatenate([part.orders.gaps.days for part in parts]),
    )


def score(facts: FactColumns, population: Population | None) -> FactColumns:
    """The same facts, measured against another population."""
    return _scored(facts.as_of, facts.orders, facts.touches, facts.contacts, population)


def score_orders(
    orders: OrderFactColumns, population: Population | None
) -> tuple[PredictionColumns, SegmentColumns]:
    """All of a customer's facts that depend on others: what is measured against a population."""
    cycle = CycleColumns(
        last_purchase_day=orders.last_purchase_day,
        days_since_order=orders.days_since_order,
        gap_count=orders.gaps.count,
        lower_quartile_days=orders.gaps.quartile_days(1),
        median_days=orders.median_days_between_orders,
        upper_quartile_days=orders.gaps.quartile_days(3),
        regularity=orders.order_regularity,
    )
    predictions = predict(cycle, population)
    segments = segment_customers(
        purchase_days=orders.purchase_days,
        days_since_order=orders.days_since_order,
        spend_total_minor=orders.spend_total_minor,
        cycles_since_order=predictions.cycles_since_order,
        population=population,
    )
    return predictions, segments


def _scored(
    as_of: date,
    orders: OrderFactColumns,
    touches: TouchFactColumns,
    contacts: ContactFactColumns,
    population: Population | None,
) -> FactColumns:
    predictions, segments = score_orders(orders, population)
    return FactColumns(
        as_of=as_of,
        orders=orders,
        touches=touches,
        contacts=contacts,
        predictions=predictions,
        segments=segments,
    )


def _orders_until(today: int, orders: OrderColumns, zone: tzinfo) -> DatedOrders:
    day = business_days(orders.time_us, zone)
    kept = (day <= today) & (orders.customer >= 0)
    # Rows move up where others are left out, and what names a row follows it.
    row = np.where(kept, np.cumsum(kept) - 1, NO_ORDER)
    original = orders.original[kept]
    return DatedOrders(
        customer=orders.customer[kept],
        time_us=orders.time_us[kept],
        day=day[kept],
        net_minor=orders.net_minor[kept],
        original=np.where(original == NO_ORDER, NO_ORDER, row[original]),
    )


def _touches_until(today: int, touches: TouchColumns, zone: tzinfo) -> DatedTouches:
    day = business_days(touches.time_us, zone)
    kept = (day <= today) & (touches.customer >= 0)
    return DatedTouches(
        customer=touches.customer[kept],
        time_us=touches.time_us[kept],
        day=day[kept],
        type=touches.type[kept],
        channel=touches.channel[kept],
        about_price=touches.about_price[kept],
    )


def _first_seen_day(
    today: int,
    customers: CustomerColumns,
    orders: DatedOrders,
    touches: DatedTouches,
    zone: tzinfo,
) -> Ints:
    """The earliest of record, first order and first touchpoint; UNSET if all are later or none.

    The record alone doesn't do: a company that imports its past creates the records last.
    """
    recorded = np.flatnonzero(customers.first_seen_us != UNSET)
    recorded_day = business_days(customers.first_seen_us[recorded], zone)
    who = np.concatenate((recorded, orders.customer, touches.customer))
    day = np.concatenate((recorded_day, orders.day, touches.day))
    return smallest_by(who, day, day <= today, len(customers))
