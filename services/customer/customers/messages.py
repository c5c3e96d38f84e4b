"""Customer messages ↔ our own words; no rule, no SQL."""

from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import customers_pb2

from services.chassis import field_mask
from services.chassis.creation import New
from services.chassis.enums import ContractEnum
from services.chassis.errors import DomainError, beneath
from services.chassis.fields.messages import given_fields, value_messages
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
    Channel,
    Consent,
    ConsentState,
    Customer,
    CustomerKind,
    Draft,
    KeyKind,
    LifecycleStage,
    Said,
    Temperature,
    Upsert,
    Upserted,
    UpsertOutcome,
)

__all__ = ["created", "deleted", "draft_of", "new_customer", "to_message", "undeleted", "updated"]

_KINDS: Final = ContractEnum(CustomerKind, customers_pb2.Customer.Kind)
_CHANNELS: Final = ContractEnum(Channel, customers_pb2.Consent.Channel)
_CONSENTS: Final = ContractEnum(ConsentState, customers_pb2.Consent.State)
_MATCHES: Final = ContractEnum(KeyKind, customers_pb2.CustomerMatch)
_OUTCOMES: Final = ContractEnum(UpsertOutcome, customers_pb2.UpsertCustomerResponse.Outcome)
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
        consents = _consents_of(message)
        custom_fields = given_fields(message.custom_fields)
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
        external_ids=dict(message.external_ids),
        consents=consents,
        custom_fields=custom_fields,
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
        external_ids=customer.external_ids,
        consents=[_consent_message(each) for each in customer.consents],
        custom_fields=value_messages(customer.custom_fields),
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


def said_of(message: customers_pb2.Consent) -> Said:
    """A consent as it is told. Raises INVALID_ARGUMENT, TIME_INVALID."""
    return Said(
        channel=_CHANNELS.stated(message.channel),
        state=_CONSENTS.stated(message.state),
        source=message.source,
        consent_time=stated_timestamp(message, "consent_time"),
    )


def said_in(request: customers_pb2.RecordConsentRequest) -> Said:
    """The consent of a request. Raises INVALID_ARGUMENT, TIME_INVALID."""
    try:
        return said_of(request.consent)
    except DomainError as error:
        raise beneath("consent", error) from None


def upsert_of(request: customers_pb2.UpsertCustomerRequest, *, ids: Ids, country: str) -> Upsert:
    """Reads a request to upsert a customer. Raises INVALID_ARGUMENT, TIME_INVALID."""
    return Upsert(
        new=New(
            name=f"customers/{request.customer_id or ids.new()}",
            draft=draft_of(request.customer, country),
            fingerprint=fingerprint(request.customer) if request.customer_id else b"",
        ),
        fields=field_mask.resolve(None, request.customer),
        match_by=frozenset(_MATCHES.stated(each) for each in request.match_by),
        etag=request.customer.etag,
    )


def upserted(result: Upserted) -> customers_pb2.UpsertCustomerResponse:
    """What became of a customer who was upserted."""
    return customers_pb2.UpsertCustomerResponse(
        customer=to_message(result.customer), outcome=_OUTCOMES.number(result.outcome)
    )


def _consents_of(message: customers_pb2.Customer) -> tuple[Said, ...]:
    consents = []
    for index, each in enumerate(message.consents):
        try:
            consents.append(said_of(each))
        except DomainError as error:
            raise beneath(f"consents[{index}]", error) from None
    return tuple(consents)


def _consent_message(consent: Consent) -> customers_pb2.Consent:
    return customers_pb2.Consent(
        channel=_CHANNELS.number(consent.channel),
        state=_CONSENTS.number(consent.state),
        source=consent.source,
        consent_time=to_timestamp(consent.consent_time),
    )


def consent_recorded(customer: Customer) -> customers_pb2.ConsentRecorded:
    return customers_pb2.ConsentRecorded(customer=to_message(customer))


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
