"""What can be done with views, on an open transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New, given_names
from services.chassis.errors import DomainError, beneath
from services.chassis.fields.lists import with_custom_fields
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import Query
from services.chassis.outcomes import create_each
from services.chassis.records import Records
from services.chassis.store import ReadTransaction, WriteTransaction
from services.customer.contacts.store import contacts
from services.customer.customers.store import customers
from services.customer.fields.model import FieldResource
from services.customer.fields.store import declared
from services.customer.views import messages, store
from services.customer.views.model import Draft, View, expect_columns, keep, resource_of
from services.customer.views.store import views

__all__ = ["change_view", "create_view", "delete_view"]

# What a view of each resource is checked against: the list that it is sent to.
_LISTED: Final[Mapping[FieldResource, Records[Any]]] = {
    FieldResource.CUSTOMER: customers,
    FieldResource.CONTACT: contacts,
}


async def create_view(tx: WriteTransaction, new: New[Draft], calendar: BusinessCalendar) -> View:
    """Keeps a view of the caller's.

    Raises ALREADY_EXISTS with metadata `unchanged`, INVALID_ARGUMENT: the model's, COLUMN_UNKNOWN,
    COLUMN_TWICE, and what the list refuses of filter and order.
    """
    try:
        offered = await _offered(tx, resource_of(new.draft), calendar)
    except DomainError as error:
        raise beneath("view", error) from None

    def make(each: New[Draft]) -> View:
        view = keep(each, owner=tx.caller.subject, at=tx.now, etag=tx.new_id())
        offered.expect(filter=view.filter, order_by=view.order_by, columns=view.columns)
        return view

    known = await views.known(tx, given_names([new]))
    view = (await create_each({0: new}, make, known=known, field="view")).only()
    await views.insert(tx, [view])
    _emit(tx, view, messages.created(view))
    return view


async def change_view(
    tx: WriteTransaction,
    name: str,
    etag: str,
    draft: Draft,
    fields: Collection[str],
    calendar: BusinessCalendar,
) -> View:
    """Changes the named fields. What stays as it was isn't checked again: a custom field in it may
    have been archived since.

    Raises NOT_FOUND, PERMISSION_DENIED (WORK_NEEDED) for what is only shared with the caller,
    ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT as `create_view`.
    """
    before = await views.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now, etag=tx.new_id())
        offered = await _offered(tx, after.resource, calendar)
        offered.expect(
            filter="" if after.filter == before.filter else after.filter,
            order_by="" if after.order_by == before.order_by else after.order_by,
            columns=() if after.columns == before.columns else after.columns,
        )
    except DomainError as error:
        raise beneath("view", error) from None
    if after is not before:
        await views.save(tx, after)
        _emit(tx, after, messages.updated(after))
    return after


async def delete_view(tx: WriteTransaction, name: str, etag: str) -> View:
    """Deletes for good; returns what was. Raises NOT_FOUND, PERMISSION_DENIED (WORK_NEEDED) for
    what is only shared with the caller, ABORTED (ETAG_MISMATCH)."""
    view = await views.get(tx, name)
    view.expect(etag)
    await store.remove(tx, name)
    _emit(tx, view, messages.deleted(view))
    return view


@dataclass(frozen=True, slots=True)
class _Offered:
    """What a resource's list can be asked at the moment, and what it can show."""

    query: Query
    columns: frozenset[str]
    calendar: BusinessCalendar

    def expect(self, *, filter: str, order_by: str, columns: Collection[str]) -> None:
        """Raises INVALID_ARGUMENT: what the list does on `filter` and `order_by`, and
        COLUMN_UNKNOWN, COLUMN_TWICE."""
        today, zone = self.calendar.today(), self.calendar.zone
        self.query.expect(Listing(filter, order_by, today=today, zone=zone))
        expect_columns(columns, self.columns)


async def _offered(
    tx: ReadTransaction, resource: FieldResource, calendar: BusinessCalendar
) -> _Offered:
    listed, fields = _LISTED[resource], await declared(tx, resource)
    query = with_custom_fields(listed.query, listed.c.custom_fields, fields.values())
    own = {f"custom_fields.{key}" for key in fields}
    return _Offered(query, messages.COLUMNS[resource] | own, calendar)


def _emit(tx: WriteTransaction, view: View, event: Message) -> None:
    tx.emit(event, aggregate_type="view", aggregate_id=view.name, partition_key=view.name)
