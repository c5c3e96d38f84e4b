"""The orders of the sales service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.sales.v1 import orders_pb2

from services.chassis.money import minor_of
from services.insight.sources.columns import NO_ORDER, OrderColumns
from services.insight.sources.source import Key, Reader, Source, microseconds

__all__ = ["ORDERS", "OrderRecord"]

_COUNTING: Final = frozenset({orders_pb2.Order.CONFIRMED, orders_pb2.Order.FULFILLED})


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order; `net_minor` in minor units of the base currency.

    `customer` is empty for a walk-in, `original` for what is not a return of an order that is
    named. A cancelled order stays, so that its confirmation, applied again, doesn't bring it back;
    and so does one whose customer was taken off.
    """

    name: Key
    customer: Key
    position: int
    time_us: int
    net_minor: int
    original: Key
    counts: bool


def _reader(message_type: type[Any]) -> Reader[OrderRecord]:
    return lambda event, currency: _read(
        message_type.FromString(event.payload).order, event, currency
    )


def _read(order: orders_pb2.Order, event: Event, currency: str) -> OrderRecord:
    """Raises ValueError for an order that is counted in another base currency."""
    counted_in = order.base_net_amount.currency_code
    if counted_in not in ("", currency):
        raise ValueError(f"{order.name} is counted in {counted_in}, not in {currency}")
    return OrderRecord(
        name=order.name,
        customer=order.customer,
        position=event.position,
        time_us=microseconds(order.order_time),
        net_minor=minor_of(order.base_net_amount),
        original=order.original_order,
        counts=order.state in _COUNTING,
    )


def _columns(rows: Sequence[Any], place: Mapping[str, int]) -> OrderColumns:
    """The orders; a return points at its original where that is one of its customer's."""
    if not rows:
        return OrderColumns.of(())
    customers, times, nets, names, originals = zip(*rows, strict=True)
    places = map(place.__getitem__, customers)
    return OrderColumns.of(
        tuple(zip(places, times, nets, strict=True)),
        _rows_of_originals(names, customers, originals) if any(originals) else (),
    )


def _rows_of_originals(
    names: Sequence[str], customers: Sequence[str], originals: Sequence[str]
) -> list[int]:
    row_of = {name: row for row, name in enumerate(names)}
    found = [row_of.get(original, NO_ORDER) for original in originals]
    return [
        NO_ORDER if at == NO_ORDER or customers[at] != customer else at
        for at, customer in zip(found, customers, strict=True)
    ]


ORDERS: Final = Source(
    name="orders",
    record=OrderRecord,
    readers=MappingProxyType(
        {
            f"guanxi.sales.v1.{message_type.__name__}": _reader(message_type)
            for message_type in (orders_pb2.OrderConfirmed, orders_pb2.OrderCancelled)
        }
    ),
    needs=("customer", "time_us", "net_minor", "name", "original"),
    columns=_columns,
    counts="counts",
)
