"""Customer messages ↔ our own words; no rule, no SQL."""

from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import customers_pb2

from services.chassis.creation import New
from services.chassis.enums import ContractEnum
from services.chassis.errors import DomainError, beneath
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import stated_timestamp, to_timestamp
from services.customer.contact_points.messages import (
    address_messages,
    addresses_of,
    email_messages,
    emails_of,
    phone_messages,
    phones_of,
)
from services.customer.customers.model import (
    Customer,
    CustomerKind,
    Draft,
    LifecycleStage,
    Temperature,
)

__all__ = ["created", "deleted", "draft_of", "new_customer", "to_message", "undeleted", "updated"]

_KINDS: Final = ContractEnum(CustomerKind, customers_pb2.Customer.Kind)
_STAGES: Final = ContractEnum(LifecycleStage, customers_pb2.Customer.LifecycleStage)
_TEMPERATURES: Final = ContractEnum(Temperature, customers_pb2.Customer.Temperature)


def new_customer(
    request: customers_pb2.CreateCustomerRequest, *, ids: Ids, country: str
) -> New[Draft]:
    """Reads a request to create a customer, of a company in that country. Raises INVALID_ARGUMENT,
    TIME_INVALID."""
    customer, id = request.customer, request.customer_id
    return New(
        name=f"customers/{id or ids.new()}",
        draft=draft_of(customer, country),
        fingerprint=fingerprint(customer) if id else b"",
    )


def draft_of(message: customers_pb2.Customer, country: str) -> Draft:
    """What a caller wants a customer to be. Raises INVALID_ARGUMENT, TIME_INVALID."""
    try:
        next_follow_up_time = stated_timestamp(message, "next_follow_up_time")
        first_seen_time = stated_timestamp(message, "first_seen_time")
    except DomainError as error:
        raise beneath("customer", error) from None
    return Draft(
        kind=_KINDS.member(message.kind) or CustomerKind.PERSON,
        display_name=message.display_name,
        given_name=message.given_name,
        family_name=message.family_name,
        phones=phones_of(message.phones),
        emails=emails_of(message.emails),
        addresses=addresses_of(message.addresses),
        industry=message.industry,
        region=message.region,
        lifecycle_stage=_STAGES.member(message.lifecycle_stage),
        temperature=_TEMPERATURES.member(message.temperature),
        owner=message.owner,
        team=message.team,
        source=message.source,
        referred_by=message.referred_by,
        parent_organization=message.parent_organization,
        next_follow_up_time=next_follow_up_time,
        labels=dict(message.labels),
        first_seen_time=first_seen_time,
        country=country,
    )


def to_message(customer: Customer) -> customers_pb2.Customer:
    """The customer as callers see it."""
    return customers_pb2.Customer(
        name=customer.name,
        kind=_KINDS.number(customer.kind),
        display_name=customer.display_name,
        given_name=customer.given_name,
        family_name=customer.family_name,
        phones=phone_messages(customer.phones),
        emails=email_messages(customer.emails),
        addresses=address_messages(customer.addresses),
        industry=customer.industry,
        region=customer.region,
        lifecycle_stage=_STAGES.number(customer.lifecycle_stage),
        temperature=_TEMPERATURES.number(customer.temperature),
        owner=customer.owner,
        team=customer.team,
        source=customer.source,
        referred_by=customer.referred_by,
        parent_organization=customer.parent_organization,
        next_follow_up_time=to_timestamp(customer.next_follow_up_time),
        labels=customer.labels,
        first_seen_time=to_timestamp(customer.first_seen_time),
        create_time=to_timestamp(customer.create_time),
        update_time=to_timestamp(customer.update_time),
        delete_time=to_timestamp(customer.delete_time),
        etag=customer.etag,
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
