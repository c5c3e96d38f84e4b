"""Customer messages ↔ our own words; no rule, no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import customers_pb2

from services.chassis.batches import failed_requests, split_outcomes
from services.chassis.errors import DomainError
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import from_timestamp, to_timestamp
from services.customer.customers.model import (
    Customer,
    CustomerKind,
    Draft,
    LifecycleStage,
    Temperature,
)

__all__ = [
    "NewCustomer",
    "batch_reply",
    "created",
    "deleted",
    "draft_of",
    "new_customer",
    "page_reply",
    "to_message",
    "undeleted",
    "updated",
]

_Message = customers_pb2.Customer

_KINDS: Final = {_Message.Kind.Value(each.name): each for each in CustomerKind}
_STAGES: Final = {_Message.LifecycleStage.Value(each.name): each for each in LifecycleStage}
_TEMPERATURES: Final = {_Message.Temperature.Value(each.name): each for each in Temperature}
_KIND_NUMBERS: Final = {each: number for number, each in _KINDS.items()}
_STAGE_NUMBERS: Final = {each: number for number, each in _STAGES.items()}
_TEMPERATURE_NUMBERS: Final = {each: number for number, each in _TEMPERATURES.items()}


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """What a caller asks for: the customer, and the name it is to have."""

    name: str
    named_by_caller: bool
    draft: Draft


def new_customer(request: customers_pb2.CreateCustomerRequest, *, ids: Ids) -> NewCustomer:
    """Reads a request to create a customer. Raises INVALID_ARGUMENT, TIME_INVALID."""
    return NewCustomer(
        name=f"customers/{request.customer_id or ids.new()}",
        named_by_caller=bool(request.customer_id),
        draft=draft_of(request.customer),
    )


def draft_of(message: customers_pb2.Customer) -> Draft:
    """What a caller wants a customer to be. Raises INVALID_ARGUMENT, TIME_INVALID."""
    next_follow_up_time = (
        message.next_follow_up_time if message.HasField("next_follow_up_time") else None
    )
    first_seen_time = message.first_seen_time if message.HasField("first_seen_time") else None
    return Draft(
        kind=_KINDS.get(message.kind, CustomerKind.PERSON),
        display_name=message.display_name,
        phones=tuple(message.phones),
        emails=tuple(message.emails),
        industry=message.industry,
        region=message.region,
        lifecycle_stage=_STAGES.get(message.lifecycle_stage),
        temperature=_TEMPERATURES.get(message.temperature),
        owner=message.owner,
        team=message.team,
        source=message.source,
        referred_by=message.referred_by,
        parent_organization=message.parent_organization,
        next_follow_up_time=next_follow_up_time
        and from_timestamp(next_follow_up_time, field="customer.next_follow_up_time"),
        labels=dict(message.labels),
        first_seen_time=first_seen_time
        and from_timestamp(first_seen_time, field="customer.first_seen_time"),
        fingerprint=fingerprint(message),
    )


def to_message(customer: Customer) -> customers_pb2.Customer:
    """The customer as callers see it."""
    message = _Message(
        name=customer.name,
        kind=_KIND_NUMBERS[customer.kind],
        display_name=customer.display_name,
        phones=customer.phones,
        emails=customer.emails,
        industry=customer.industry,
        region=customer.region,
        lifecycle_stage=_STAGE_NUMBERS[customer.lifecycle_stage],
        owner=customer.owner,
        team=customer.team,
        source=customer.source,
        referred_by=customer.referred_by,
        parent_organization=customer.parent_organization,
        labels=customer.labels,
        first_seen_time=to_timestamp(customer.first_seen_time),
        create_time=to_timestamp(customer.create_time),
        update_time=to_timestamp(customer.update_time),
        etag=customer.etag,
    )
    if customer.temperature is not None:
        message.temperature = _TEMPERATURE_NUMBERS[customer.temperature]
    if customer.next_follow_up_time is not None:
        message.next_follow_up_time.CopyFrom(to_timestamp(customer.next_follow_up_time))
    if customer.delete_time is not None:
        message.delete_time.CopyFrom(to_timestamp(customer.delete_time))
    return message


def batch_reply(
    outcomes: Mapping[int, Customer | DomainError],
) -> customers_pb2.BatchCreateCustomersResponse:
    """What became of each item of a batch."""
    created, refused = split_outcomes(outcomes)
    return customers_pb2.BatchCreateCustomersResponse(
        customers=[to_message(each) for each in created],
        failed_requests=failed_requests(refused, "customer"),
    )


def page_reply(
    customers: Sequence[Customer], next_page_token: str
) -> customers_pb2.ListCustomersResponse:
    return customers_pb2.ListCustomersResponse(
        customers=[to_message(each) for each in customers], next_page_token=next_page_token
    )


def created(customer: Customer) -> customers_pb2.CustomerCreated:
    return customers_pb2.CustomerCreated(customer=to_message(customer))


def updated(before: Customer, after: Customer) -> customers_pb2.CustomerUpdated:
    return customers_pb2.CustomerUpdated(
        customer=to_message(after),
        changed_fields=FieldMask(paths=before.differences(after)),
    )


def deleted(customer: Customer) -> customers_pb2.CustomerDeleted:
    return customers_pb2.CustomerDeleted(customer=to_message(customer))


def undeleted(customer: Customer) -> customers_pb2.CustomerUndeleted:
    return customers_pb2.CustomerUndeleted(customer=to_message(customer))
