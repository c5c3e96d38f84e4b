"""Transport room of contacts: message ↔ model, one transaction per call. No rule, no SQL."""

from collections.abc import Awaitable, Callable
from typing import Any

from guanxi.customer.v1 import contacts_pb2, contacts_pb2_grpc

from services.chassis import field_mask
from services.chassis.batches import failed_requests, read_items
from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.chassis.turns import made_in_turns
from services.customer.contacts import actions, messages, store
from services.customer.contacts.messages import organization_of, to_chain, to_message
from services.customer.contacts.model import Contact, Draft
from services.customer.contacts.store import contacts
from services.customer.customers.store import customers
from services.customer.fields.model import FieldResource
from services.customer.fields.store import asked_of

__all__ = ["ContactServicer"]

_EVERYONE = "customers/-"


class ContactServicer(contacts_pb2_grpc.ContactServiceServicer):
    """Serves guanxi.customer.v1.ContactService."""

    def __init__(
        self, database: Store, *, calendar: BusinessCalendar, ids: Ids, country: str
    ) -> None:
        self._store = database
        self._calendar = calendar
        self._ids = ids
        self._country = country

    async def CreateContact(
        self, request: contacts_pb2.CreateContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        new = self._read(request)

        async def work(tx: WriteTransaction) -> contacts_pb2.Contact:
            return to_message(await actions.create_contact(tx, new))

        return await self._store.answer(request, contacts_pb2.Contact, work)

    async def BatchCreateContacts(
        self, request: contacts_pb2.BatchCreateContactsRequest, context: Any
    ) -> contacts_pb2.BatchCreateContactsResponse:
        new, refused = await read_items(request.requests, self._read)

        async def work(tx: WriteTransaction) -> contacts_pb2.BatchCreateContactsResponse:
            outcomes = await actions.create_contacts(tx, new, validate_only=request.validate_only)
            return contacts_pb2.BatchCreateContactsResponse(
                contacts=await made_in_turns(to_message, outcomes.created),
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer(request, contacts_pb2.BatchCreateContactsResponse, work)

    async def GetContact(
        self, request: contacts_pb2.GetContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        async with self._store.read() as tx:
            return to_message(await contacts.get(tx, request.name))

    async def BatchGetContacts(
        self, request: contacts_pb2.BatchGetContactsRequest, context: Any
    ) -> contacts_pb2.BatchGetContactsResponse:
        look_up = contacts.those_found if request.allow_missing else contacts.many
        async with self._store.read() as tx:
            found = await look_up(tx, request.names)
        return contacts_pb2.BatchGetContactsResponse(
            contacts=await made_in_turns(to_message, found)
        )

    async def ListContacts(
        self, request: contacts_pb2.ListContactsRequest, context: Any
    ) -> contacts_pb2.ListContactsResponse:
        organization = "" if request.parent == _EVERYONE else request.parent
        listing = Listing.of(request, self._calendar)
        async with self._store.read() as tx:
            if organization:
                await customers.get(tx, organization)
            fields = await asked_of(tx, FieldResource.CONTACT, listing)
            page = await store.page(tx, listing, fields, organization=organization)
        sent = await page.sent(to_message)
        return contacts_pb2.ListContactsResponse(
            contacts=sent.messages, next_page_token=sent.next_page_token
        )

    async def UpdateContact(
        self, request: contacts_pb2.UpdateContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        wanted = request.contact
        draft = messages.draft_of(wanted, self._country)
        fields = field_mask.resolve(request.update_mask, wanted)

        async def work(tx: WriteTransaction) -> contacts_pb2.Contact:
            contact = await actions.change_contact(tx, wanted.name, wanted.etag, draft, fields)
            changed = to_message(contact)
            field_mask.expect_fixed(request.update_mask, wanted, changed)
            return changed

        return await self._store.answer(request, contacts_pb2.Contact, work)

    async def DeleteContact(
        self, request: contacts_pb2.DeleteContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        return await self._change(request, actions.delete_contact)

    async def DeactivateContact(
        self, request: contacts_pb2.DeactivateContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        return await self._change(request, actions.deactivate_contact)

    async def ReactivateContact(
        self, request: contacts_pb2.ReactivateContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        return await self._change(request, actions.reactivate_contact)

    async def ApproveContact(
        self, request: contacts_pb2.ApproveContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        return await self._change(request, actions.approve_contact)

    async def UnapproveContact(
        self, request: contacts_pb2.UnapproveContactRequest, context: Any
    ) -> contacts_pb2.Contact:
        return await self._change(request, actions.unapprove_contact)

    async def GetDecisionChain(
        self, request: contacts_pb2.GetDecisionChainRequest, context: Any
    ) -> contacts_pb2.DecisionChain:
        async with self._store.read() as tx:
            return to_chain(await actions.decision_chain(tx, organization_of(request.name)))

    async def RestartDecisionChain(
        self, request: contacts_pb2.RestartDecisionChainRequest, context: Any
    ) -> contacts_pb2.DecisionChain:
        async def work(tx: WriteTransaction) -> contacts_pb2.DecisionChain:
            organization = organization_of(request.name)
            return to_chain(await actions.restart_decision_chain(tx, organization))

        return await self._store.answer(request, contacts_pb2.DecisionChain, work)

    async def _change(
        self,
        request: Any,
        act: Callable[[WriteTransaction, str, str], Awaitable[Contact]],
    ) -> contacts_pb2.Contact:
        """What becomes of the contact that a request names, under the etag that it gives."""

        async def work(tx: WriteTransaction) -> contacts_pb2.Contact:
            return to_message(await act(tx, request.name, request.etag))

        return await self._store.answer(request, contacts_pb2.Contact, work)

    def _read(self, request: contacts_pb2.CreateContactRequest) -> New[Draft]:
        return messages.new_contact(request, ids=self._ids, country=self._country)
