"""Events of the customer and sales services → records; no rule, no SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.events.v1 import event_feed_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.money import minor_of
from services.insight.sources.model import CustomerRecord, OrderRecord, TouchRecord

__all__ = ["Changes", "read_events"]

_ABOUT_PRICE: Final = frozenset(
    {touchpoints_pb2.Touchpoint.PRICE, touchpoints_pb2.Touchpoint.DISCOUNT}
)
_COUNTING: Final = frozenset({orders_pb2.Order.CONFIRMED, orders_pb2.Order.FULFILLED})


@dataclass(slots=True)
class Changes:
    """The newest record of each thing that a batch of events is about, by its name; amounts are in
    the base currency `currency`."""

    currency: str
    customers: dict[str, CustomerRecord] = field(default_factory=dict)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    touches: dict[str, TouchRecord] = field(default_factory=dict)

    def touched(self) -> list[str]:
        """The customers whose facts may differ now, in order of name."""
        owners = {each.customer for each in self.orders.values() if each.customer}
        owners.update(each.customer for each in self.touches.values())
        return sorted(owners.union(self.customers))


def read_events(events: Sequence[event_feed_pb2.Event], currency: str) -> Changes:
    """What the events, in order of position, change; types that insight doesn't use are ignored.

    Raises DecodeError for a payload that is no message of its type, ValueError for an order that
    is counted in another base currency than `currency`.
    """
    changes = Changes(currency)
    for event in events:
        read = _READERS.get(event.type)
        if read is not None:
            read(changes, event)
    return changes


def _customer(message_type: type[Any], changes: Changes, event: event_feed_pb2.Event) -> None:
    customer: customers_pb2.Customer = message_type.FromString(event.payload).customer
    seen = (
        customer.first_seen_time if customer.HasField("first_seen_time") else customer.create_time
    )
    changes.customers[customer.name] = CustomerRecord(
        customer=customer.name,
        recorded=True,
        position=event.position,
        kind=_name(customers_pb2.Customer.Kind, customer.kind),
        display_name=customer.display_name,
        industry=customer.industry,
        region=customer.region,
        source=customer.source,
        owner=customer.owner,
        team=customer.team,
        lifecycle_stage=_name(customers_pb2.Customer.LifecycleStage, customer.lifecycle_stage),
        first_seen_us=_microseconds(seen),
        next_follow_up_us=_microseconds(customer.next_follow_up_time)
        if customer.HasField("next_follow_up_time")
        else None,
        # The state says it, not the type of the event: a deleted customer may change further.
        deleted=customer.HasField("delete_time"),
    )


def _order(message_type: type[Any], changes: Changes, event: event_feed_pb2.Event) -> None:
    order: orders_pb2.Order = message_type.FromString(event.payload).order
    counted_in = order.base_net_amount.currency_code
    if counted_in not in ("", changes.currency):
        raise ValueError(f"{order.name} is counted in {counted_in}, not in {changes.currency}")
    changes.orders[order.name] = OrderRecord(
        name=order.name,
        customer=order.customer,
        position=event.position,
        time_us=_microseconds(order.order_time),
        net_minor=minor_of(order.base_net_amount),
        original=order.original_order,
        counts=order.state in _COUNTING,
    )


def _touchpoint(changes: Changes, event: event_feed_pb2.Event) -> None:
    touchpoint = touchpoints_pb2.TouchpointLogged.FromString(event.payload).touchpoint
    customer, _, _ = touchpoint.name.partition("/touchpoints/")
    changes.touches[touchpoint.name] = TouchRecord(
        name=touchpoint.name,
        customer=customer,
        position=event.position,
        time_us=_microseconds(touchpoint.touch_time),
        type=touchpoint.type,
        channel=touchpoint.channel,
        about_price=not _ABOUT_PRICE.isdisjoint(touchpoint.topics),
    )


def _microseconds(moment: Timestamp) -> int:
    return moment.seconds * 1_000_000 + moment.nanos // 1_000


def _name(enum: Any, number: int) -> str:
    """The value's name; empty where it isn't stated, its number where it is newer than we are."""
    if not number:
        return ""
    return enum.Name(number) if number in enum.values() else str(number)


_Reader = Callable[[Changes, event_feed_pb2.Event], None]


def _customer_reader(message_type: type[Any]) -> _Reader:
    return lambda changes, event: _customer(message_type, changes, event)


def _order_reader(message_type: type[Any]) -> _Reader:
    return lambda changes, event: _order(message_type, changes, event)


_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "guanxi.customer.v1.CustomerCreated": _customer_reader(customers_pb2.CustomerCreated),
        "guanxi.customer.v1.CustomerUpdated": _customer_reader(customers_pb2.CustomerUpdated),
        "guanxi.customer.v1.CustomerUndeleted": _customer_reader(customers_pb2.CustomerUndeleted),
        "guanxi.customer.v1.CustomerDeleted": _customer_reader(customers_pb2.CustomerDeleted),
        "guanxi.customer.v1.TouchpointLogged": _touchpoint,
        "guanxi.sales.v1.OrderConfirmed": _order_reader(orders_pb2.OrderConfirmed),
        "guanxi.sales.v1.OrderCancelled": _order_reader(orders_pb2.OrderCancelled),
    }
)
