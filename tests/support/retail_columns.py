"""Raw lines and touchpoints as the columns of the facts core: what the stores do, in plain Python.

For tests of the core without a store; amounts go through `decimal`, days through nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from services.insight.sources.columns import (
    WALK_IN,
    ContactColumns,
    CustomerColumns,
    OrderColumns,
    TouchChannel,
    TouchColumns,
    TouchType,
)
from tests.support.retail import Line, Signer, Touch

__all__ = ["contact_columns", "customer_columns", "instant_us", "order_columns", "touch_columns"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_us(text: str) -> int:
    """Microseconds since 1970 of a time of the file, read as UTC."""
    time = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return (time - _EPOCH) // timedelta(microseconds=1)


def order_columns(lines: Iterable[Line], places: Mapping[str, int]) -> OrderColumns:
    """One order an invoice, at its first timestamp, lines rounded half to even to the cent."""
    orders: dict[str, tuple[int, str, int]] = {}
    for line in lines:
        amount = line.quantity * Decimal(line.unit_price)
        cents = int(amount.scaleb(2).to_integral_value(ROUND_HALF_EVEN))
        place = places.get(line.customer_id, WALK_IN)
        _, time, net = orders.get(line.invoice, (place, line.invoice_time, 0))
        orders[line.invoice] = (place, min(time, line.invoice_time), net + cents)
    return OrderColumns.of([(place, instant_us(time), net) for place, time, net in orders.values()])


def touch_columns(touches: Iterable[Touch], places: Mapping[str, int]) -> TouchColumns:
    """One row a touchpoint."""
    return TouchColumns.of(
        [
            (
                places[touch.customer_id],
                instant_us(touch.touch_time),
                TouchType[touch.type],
                TouchChannel[touch.channel],
                bool({"PRICE", "DISCOUNT"} & set(touch.topics.split())),
            )
            for touch in touches
        ]
    )


def contact_columns(signers: Iterable[Signer], places: Mapping[str, int]) -> ContactColumns:
    """One row for each who is there and signs."""
    return ContactColumns.of(
        [
            (places[each.customer_id], each.approval_order)
            for each in signers
            if each.active and each.approval_order
        ]
    )


def customer_columns(customers: Sequence[str], first_seen: Mapping[str, str]) -> CustomerColumns:
    """Customers in the order given, with the times their records say."""
    seen = [first_seen.get(customer) for customer in customers]
    return CustomerColumns.of([None if time is None else instant_us(time) for time in seen])
