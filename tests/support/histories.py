"""Hypothesis strategies for the orders, touchpoints, contacts and records of a few customers.

Close together in time, so that days, instants, amounts and gaps coincide often.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from hypothesis import strategies as st

from services.insight.engine.model import FactColumns, compute_facts
from services.insight.segments.model import Population
from services.insight.sources.columns import (
    ContactColumns,
    CustomerColumns,
    OrderColumns,
    TouchChannel,
    TouchColumns,
    TouchType,
)

__all__ = ["History", "day_us", "histories"]

OrderRow = tuple[int, int, int]
TouchRow = tuple[int, int, int, int, bool]
ContactRow = tuple[int, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_us(day: date, hour: int = 12) -> int:
    """Microseconds since 1970 of an hour of a day, UTC."""
    time = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return (time - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class History:
    """Rows of customers 0 … len(first_seen_us) - 1."""

    orders: list[OrderRow]
    touches: list[TouchRow]
    first_seen_us: list[int | None]
    contacts: list[ContactRow] = field(default_factory=list)

    def facts(
        self, as_of: date, population: Population | None = None, zone: tzinfo = UTC
    ) -> FactColumns:
        """What the core makes of it."""
        return compute_facts(
            OrderColumns.of(self.orders),
            TouchColumns.of(self.touches),
            ContactColumns.of(self.contacts),
            CustomerColumns.of(self.first_seen_us),
            as_of=as_of,
            zone=zone,
            population=population,
        )

    def of_one(self, customer: int) -> "History":
        """The rows of one customer alone, who is customer 0 then."""
        return History(
            orders=[(0, *row[1:]) for row in self.orders if row[0] == customer],
            touches=[(0, *row[1:]) for row in self.touches if row[0] == customer],
            first_seen_us=[self.first_seen_us[customer]],
            contacts=[(0, *row[1:]) for row in self.contacts if row[0] == customer],
        )

    def until(self, instant_us: int) -> "History":
        """What had happened before an instant."""
        return History(
            orders=[row for row in self.orders if row[1] < instant_us],
            touches=[row for row in self.touches if row[1] < instant_us],
            first_seen_us=[
                seen if seen is not None and seen < instant_us else None
                for seen in self.first_seen_us
            ],
            contacts=self.contacts,
        )


@st.composite
def histories(draw: st.DrawFn, around: date, days: int = 500) -> History:
    """Histories of one to six customers in the days before and after a day, walk-ins included."""
    customers = draw(st.integers(1, 6))
    hours = st.integers(-days * 4, days).map(lambda n: day_us(around) + n * 6 * 3_600_000_000)
    customer = st.integers(-1, customers - 1)
    net = st.one_of(st.integers(-500, 500), st.sampled_from([-100, 0, 100, 10**12]))
    order = st.tuples(customer, hours, net)
    types, channels = st.sampled_from(list(TouchType)), st.sampled_from(list(TouchChannel))
    touch = st.tuples(customer, hours, types.map(int), channels.map(int), st.booleans())
    return History(
        orders=draw(st.lists(order, max_size=40)),
        touches=draw(st.lists(touch, max_size=20)),
        first_seen_us=draw(
            st.lists(st.one_of(st.none(), hours), min_size=customers, max_size=customers)
        ),
        contacts=draw(st.lists(st.tuples(customer, st.integers(1, 4)), max_size=12)),
    )
