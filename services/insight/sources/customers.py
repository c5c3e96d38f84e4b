"""The customers of the customer service: whom all other records are of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final

from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.names import OneOf
from services.insight.sources.columns import CustomerColumns
from services.insight.sources.source import Key, Reader, Source, microseconds, value_name

__all__ = ["CUSTOMERS", "KINDS", "STAGES", "CustomerRecord"]

KINDS: Final = OneOf(customers_pb2.Customer.Kind.keys()[1:])
STAGES: Final = OneOf(customers_pb2.Customer.LifecycleStage.keys()[1:])


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer; instants are microseconds since 1970-01-01 UTC, empty text is not stated.

    A customer known from another record alone is not `recorded` and has neither name nor owner.
    """

    customer: Key
    recorded: bool = False
    position: int = 0
    kind: Key = ""
    display_name: str = ""
    industry: str = ""
    region: str = ""
    source: str = ""
    owner: Key = ""
    team: Key = ""
    lifecycle_stage: Key = ""
    first_seen_us: int | None = None
    next_follow_up_us: int | None = None
    deleted: bool = False


def _reader(message_type: type[Any]) -> Reader[CustomerRecord]:
    return lambda event, _: _read(message_type.FromString(event.payload).customer, event)


def _read(customer: customers_pb2.Customer, event: Event) -> CustomerRecord:
    seen = (
        customer.first_seen_time if customer.HasField("first_seen_time") else customer.create_time
    )
    return CustomerRecord(
        customer=customer.name,
        recorded=True,
        position=event.position,
        kind=value_name(customers_pb2.Customer.Kind, customer.kind),
        display_name=customer.display_name,
        industry=customer.industry,
        region=customer.region,
        source=customer.source,
        owner=customer.owner,
        team=customer.team,
        lifecycle_stage=value_name(customers_pb2.Customer.LifecycleStage, customer.lifecycle_stage),
        first_seen_us=microseconds(seen),
        next_follow_up_us=microseconds(customer.next_follow_up_time)
        if customer.HasField("next_follow_up_time")
        else None,
        # The state says it, not the type of the event: a deleted customer may change further.
        deleted=customer.HasField("delete_time"),
    )


def _columns(rows: Sequence[Any], place: Mapping[str, int]) -> CustomerColumns:
    return CustomerColumns.of([row.first_seen_us for row in rows])


CUSTOMERS: Final = Source(
    name="customers",
    record=CustomerRecord,
    readers=MappingProxyType(
        {
            f"guanxi.customer.v1.{message_type.__name__}": _reader(message_type)
            for message_type in (
                customers_pb2.CustomerCreated,
                customers_pb2.CustomerUpdated,
                customers_pb2.CustomerUndeleted,
                customers_pb2.CustomerDeleted,
            )
        }
    ),
    # All of it: it goes into the row of facts as it is.
    needs=tuple(field.name for field in fields(CustomerRecord)),
    columns=_columns,
    key="customer",
)
