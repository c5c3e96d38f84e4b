"""Contact messages ↔ our own words; no rule, no SQL."""

from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from guanxi.customer.v1 import contacts_pb2

from services.chassis.creation import New
from services.chassis.enums import ContractEnum
from services.chassis.errors import DomainError, beneath
from services.chassis.fields.messages import given_fields, value_messages
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import to_timestamp
from services.customer.contact_points.messages import (
    email_messages,
    emails_of,
    phone_messages,
    phones_of,
)
from services.customer.contacts.model import Contact, DecisionChain, Draft, Level, Role, Stance

__all__ = [
    "approved",
    "created",
    "deactivated",
    "deleted",
    "draft_of",
    "new_contact",
    "organization_of",
    "reactivated",
    "to_chain",
    "to_message",
    "unapproved",
    "updated",
]

_ROLES: Final = ContractEnum(Role, contacts_pb2.Contact.Role)
_STANCES: Final = ContractEnum(Stance, contacts_pb2.Contact.Stance)
_CONTACTS: Final = "/contacts/"
_CHAIN: Final = "/decisionChain"


def new_contact(
    request: contacts_pb2.CreateContactRequest, *, ids: Ids, country: str
) -> New[Draft]:
    """Reads a request to create a contact, of a company in that country."""
    contact, id = request.contact, request.contact_id
    return New(
        name=f"{request.parent}{_CONTACTS}{id or ids.new()}",
        draft=_draft(request.parent, contact, country),
        fingerprint=fingerprint(contact) if id else b"",
    )


def draft_of(message: contacts_pb2.Contact, country: str) -> Draft:
    """What a caller wants a contact that there is to be."""
    return _draft(message.name.partition(_CONTACTS)[0], message, country)


def organization_of(chain: str) -> str:
    """Whose decision chain that is."""
    return chain.removesuffix(_CHAIN)


def to_message(contact: Contact) -> contacts_pb2.Contact:
    """The contact as callers see it."""
    return contacts_pb2.Contact(
        name=contact.name,
        display_name=contact.display_name,
        given_name=contact.given_name,
        family_name=contact.family_name,
        phones=phone_messages(contact.phones),
        emails=email_messages(contact.emails),
        job_title=contact.job_title,
        department=contact.department,
        role=_ROLES.number(contact.role),
        approval_order=contact.approval_order,
        stance=_STANCES.number(contact.stance),
        approval_time=to_timestamp(contact.approval_time),
        customer=contact.customer,
        reports_to=contact.reports_to,
        notes=contact.notes,
        labels=contact.labels,
        custom_fields=value_messages(contact.custom_fields),
        active=contact.active,
        deactivate_time=to_timestamp(contact.deactivate_time),
        create_time=to_timestamp(contact.create_time),
        update_time=to_timestamp(contact.update_time),
        etag=contact.etag,
    )


def to_chain(chain: DecisionChain) -> contacts_pb2.DecisionChain:
    """The decision chain as callers see it."""
    return contacts_pb2.DecisionChain(
        name=f"{chain.organization}{_CHAIN}",
        levels=map(_level, chain.levels),
        decision_chain_length=len(chain.levels),
        next_signers=[each.name for each in chain.next_signers],
        approved=chain.approved,
    )


def created(contact: Contact) -> contacts_pb2.ContactCreated:
    return contacts_pb2.ContactCreated(contact=to_message(contact))


def updated(before: Contact, after: Contact) -> contacts_pb2.ContactUpdated:
    return contacts_pb2.ContactUpdated(
        contact=to_message(after), changed_fields=FieldMask(paths=before.differences(after))
    )


def deleted(contact: Contact) -> contacts_pb2.ContactDeleted:
    return contacts_pb2.ContactDeleted(contact=to_message(contact))


def deactivated(contact: Contact) -> contacts_pb2.ContactDeactivated:
    return contacts_pb2.ContactDeactivated(contact=to_message(contact))


def reactivated(contact: Contact) -> contacts_pb2.ContactReactivated:
    return contacts_pb2.ContactReactivated(contact=to_message(contact))


def approved(contact: Contact) -> contacts_pb2.ContactApproved:
    return contacts_pb2.ContactApproved(contact=to_message(contact))


def unapproved(contact: Contact) -> contacts_pb2.ContactUnapproved:
    return contacts_pb2.ContactUnapproved(contact=to_message(contact))


def _draft(organization: str, message: contacts_pb2.Contact, country: str) -> Draft:
    try:
        custom_fields = given_fields(message.custom_fields)
    except DomainError as error:
        raise beneath("contact", error) from None
    return Draft(
        organization=organization,
        display_name=message.display_name,
        given_name=message.given_name,
        family_name=message.family_name,
        phones=phones_of(message.phones),
        emails=emails_of(message.emails),
        job_title=message.job_title,
        department=message.department,
        role=_ROLES.member(message.role),
        approval_order=message.approval_order,
        stance=_STANCES.member(message.stance),
        customer=message.customer,
        reports_to=message.reports_to,
        notes=message.notes,
        labels=dict(message.labels),
        custom_fields=custom_fields,
        country=country,
    )


def _level(level: Level) -> contacts_pb2.ApprovalLevel:
    return contacts_pb2.ApprovalLevel(
        approval_order=level.approval_order,
        signers=map(_signer, level.signers),
        approved=not level.missing,
    )


def _signer(contact: Contact) -> contacts_pb2.Signer:
    return contacts_pb2.Signer(
        contact=contact.name,
        display_name=contact.display_name,
        job_title=contact.job_title,
        role=_ROLES.number(contact.role),
        stance=_STANCES.number(contact.stance),
        approval_time=to_timestamp(contact.approval_time),
    )
