"""View messages ↔ our own words; no rule, no SQL."""

from collections.abc import Mapping
from typing import Final

from google.protobuf.descriptor import Descriptor
from guanxi.customer.v1 import contacts_pb2, customers_pb2, fields_pb2, views_pb2

from services.chassis.creation import New
from services.chassis.enums import ContractEnum
from services.chassis.fingerprint import fingerprint
from services.chassis.ids import Ids
from services.chassis.timestamps import to_timestamp
from services.customer.fields.model import FieldResource
from services.customer.views.model import Draft, View

__all__ = ["COLUMNS", "created", "deleted", "draft_of", "new_view", "to_message", "updated"]

_RESOURCES: Final = ContractEnum(FieldResource, fields_pb2.CustomField.Resource)


def _columns(resource: Descriptor) -> frozenset[str]:
    return frozenset(field.name for field in resource.fields) - {"custom_fields"}


# What can be a column besides the custom fields, which are columns one by one.
COLUMNS: Final[Mapping[FieldResource, frozenset[str]]] = {
    FieldResource.CUSTOMER: _columns(customers_pb2.Customer.DESCRIPTOR),
    FieldResource.CONTACT: _columns(contacts_pb2.Contact.DESCRIPTOR),
}


def new_view(request: views_pb2.CreateViewRequest, *, ids: Ids) -> New[Draft]:
    """Reads a request to keep a view."""
    view, id = request.view, request.view_id
    return New(
        name=f"views/{id or ids.new()}",
        draft=draft_of(view),
        fingerprint=fingerprint(view) if id else b"",
    )


def draft_of(message: views_pb2.View) -> Draft:
    """What a caller wants a view to be."""
    return Draft(
        resource=_RESOURCES.member(message.resource),
        display_name=message.display_name,
        filter=message.filter,
        order_by=message.order_by,
        columns=tuple(message.columns),
        shared=message.shared,
    )


def to_message(view: View) -> views_pb2.View:
    """The view as callers see it."""
    return views_pb2.View(
        name=view.name,
        resource=_RESOURCES.number(view.resource),
        display_name=view.display_name,
        filter=view.filter,
        order_by=view.order_by,
        columns=view.columns,
        owner=view.owner,
        shared=view.shared,
        create_time=to_timestamp(view.create_time),
        update_time=to_timestamp(view.update_time),
        etag=view.etag,
    )


def created(view: View) -> views_pb2.ViewCreated:
    return views_pb2.ViewCreated(view=to_message(view))


def updated(view: View) -> views_pb2.ViewUpdated:
    return views_pb2.ViewUpdated(view=to_message(view))


def deleted(view: View) -> views_pb2.ViewDeleted:
    return views_pb2.ViewDeleted(view=to_message(view))
