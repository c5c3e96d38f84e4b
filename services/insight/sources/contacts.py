"""The contacts of the customer service: who signs at an organization. Nothing of who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from guanxi.customer.v1 import contacts_pb2
from guanxi.events.v1.event_feed_pb2 import Event

from services.insight.sources.columns import ContactColumns
from services.insight.sources.source import Key, Reader, Source

__all__ = ["CONTACTS", "ContactRecord"]

_DELETED: Final = contacts_pb2.ContactDeleted


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A contact of an organization, and the level at which they sign.

    Who doesn't sign, has left or was deleted stays, so that an older event, applied again, doesn't
    bring them back.
    """

    name: Key
    customer: Key
    position: int
    approval_order: int
    signs: bool


def _reader(message_type: type[Any]) -> Reader[ContactRecord]:
    return lambda event, _: _read(
        message_type.FromString(event.payload).contact, event, there=message_type is not _DELETED
    )


def _read(contact: contacts_pb2.Contact, event: Event, *, there: bool) -> ContactRecord:
    customer, _, _ = contact.name.partition("/contacts/")
    return ContactRecord(
        name=contact.name,
        customer=customer,
        position=event.position,
        approval_order=contact.approval_order,
        signs=there and contact.active and contact.approval_order > 0,
    )


def _columns(rows: Sequence[Any], place: Mapping[str, int]) -> ContactColumns:
    return ContactColumns.of([(place[customer], order) for customer, order in rows])


CONTACTS: Final = Source(
    name="contacts",
    record=ContactRecord,
    readers=MappingProxyType(
        {
            f"guanxi.customer.v1.{message_type.__name__}": _reader(message_type)
            for message_type in (
                contacts_pb2.ContactCreated,
                contacts_pb2.ContactUpdated,
                contacts_pb2.ContactDeactivated,
                contacts_pb2.ContactReactivated,
                _DELETED,
            )
        }
    ),
    needs=("customer", "approval_order"),
    columns=_columns,
    counts="signs",
)
