"""Transport room of customers: message ↔ model, one transaction per call. No rule, no SQL."""

from collections.abc import Collection
from typing import Any

from guanxi.customer.v1 import customers_pb2, customers_pb2_grpc

from services.chassis import field_mask
from services.chassis.batches import failed_requests, read_items
from services.chassis.caller import current_caller
from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.ownership import owner_of_new
from services.chassis.people.directory import Directory
from services.chassis.people.known import People
from services.chassis.store import Store, WriteTransaction
from services.chassis.timestamps import expect_since
from services.chassis.turns import made_in_turns
from services.customer.customers import actions, messages, store
from services.customer.customers.messages import to_message
from services.customer.customers.model import Draft, Upsert
from services.customer.customers.store import customers
from services.customer.fields.model import FieldResource
from services.customer.fields.store import asked_of

__all__ = ["CustomerServicer"]


class CustomerServicer(customers_pb2_grpc.CustomerServiceServicer):
    """Serves guanxi.customer.v1.CustomerService."""

    def __init__(
        self,
        database: Store,
        directory: Directory,
        *,
        calendar: BusinessCalendar,
        ids: Ids,
        country: str,
    ) -> None:
        self._store = database
        self._directory = directory
        self._calendar = calendar
        self._ids = ids
        self._country = country

    async def CreateCustomer(
        self, request: customers_pb2.CreateCustomerRequest, context: Any
    ) -> customers_pb2.Customer:
        new = self._read(request)

        async def work(tx: WriteTransaction, people: People) -> customers_pb2.Customer:
            return to_message(await actions.create_customer(tx, new, people))

        return await self._store.answer_asking(
            request, customers_pb2.Customer, lambda: self._named_by([new.draft]), work
        )

    async def GetCustomer(
        self, request: customers_pb2.GetCustomerRequest, context: Any
    ) -> customers_pb2.Customer:
        async with self._store.read() as tx:
            return to_message(await customers.get(tx, request.name))

    async def ListCustomers(
        self, request: customers_pb2.ListCustomersRequest, context: Any
    ) -> customers_pb2.ListCustomersResponse:
        listing = Listing.of(request, self._calendar)
        async with self._store.read() as tx:
            fields = await asked_of(tx, FieldResource.CUSTOMER, listing)
            page = await store.page(tx, listing, fields, show_deleted=request.show_deleted)
        sent = await page.sent(to_message)
        return customers_pb2.ListCustomersResponse(
            customers=sent.messages, next_page_token=sent.next_page_token
        )

    async def UpdateCustomer(
        self, request: customers_pb2.UpdateCustomerRequest, context: Any
    ) -> customers_pb2.Customer:
        wanted = request.customer
        draft = messages.draft_of(wanted, self._country)
        fields = field_mask.resolve(request.update_mask, wanted)

        async def work(tx: WriteTransaction, people: People) -> customers_pb2.Customer:
            customer = await actions.change_customer(
                tx, wanted.name, wanted.etag, draft, fields, people
            )
            changed = to_message(customer)
            field_mask.expect_fixed(request.update_mask, wanted, changed)
            return changed

        owner = {draft.owner} if "owner" in fields else set()
        team = {draft.team} if "team" in fields else set()
        return await self._store.answer_asking(
            request, customers_pb2.Customer, lambda: self._directory.look_up(owner, team), work
        )

    async def DeleteCustomer(
        self, request: customers_pb2.DeleteCustomerRequest, context: Any
    ) -> customers_pb2.Customer:
        async def work(tx: WriteTransaction) -> customers_pb2.Customer:
            return to_message(await actions.delete_customer(tx, request.name, request.etag))

        return await self._store.answer(request, customers_pb2.Customer, work)

    async def UndeleteCustomer(
        self, request: customers_pb2.UndeleteCustomerRequest, context: Any
    ) -> customers_pb2.Customer:
        async def work(tx: WriteTransaction) -> customers_pb2.Customer:
            return to_message(await actions.undelete_customer(tx, request.name, request.etag))

        return await self._store.answer(request, customers_pb2.Customer, work)

    async def BatchCreateCustomers(
        self, request: customers_pb2.BatchCreateCustomersRequest, context: Any
    ) -> customers_pb2.BatchCreateCustomersResponse:
        new, refused = await read_items(request.requests, self._read)

        async def work(
            tx: WriteTransaction, people: People
        ) -> customers_pb2.BatchCreateCustomersResponse:
            outcomes = await actions.create_customers(
                tx, new, people, validate_only=request.validate_only
            )
            return customers_pb2.BatchCreateCustomersResponse(
                customers=await made_in_turns(to_message, outcomes.created),
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer_asking(
            request,
            customers_pb2.BatchCreateCustomersResponse,
            lambda: self._named_by([each.draft for each in new.values()]),
            work,
        )

    async def UpsertCustomer(
        self, request: customers_pb2.UpsertCustomerRequest, context: Any
    ) -> customers_pb2.UpsertCustomerResponse:
        wanted = self._read_upsert(request)

        async def work(
            tx: WriteTransaction, people: People
        ) -> customers_pb2.UpsertCustomerResponse:
            outcomes = await actions.upsert_customers(tx, {0: wanted}, people)
            return messages.upserted(outcomes.only())

        return await self._store.answer_asking(
            request,
            customers_pb2.UpsertCustomerResponse,
            lambda: self._named_by([wanted.new.draft]),
            work,
        )

    async def BatchUpsertCustomers(
        self, request: customers_pb2.BatchUpsertCustomersRequest, context: Any
    ) -> customers_pb2.BatchUpsertCustomersResponse:
        wanted, refused = await read_items(request.requests, self._read_upsert)

        async def work(
            tx: WriteTransaction, people: People
        ) -> customers_pb2.BatchUpsertCustomersResponse:
            outcomes = await actions.upsert_customers(
                tx, wanted, people, validate_only=request.validate_only
            )
            return customers_pb2.BatchUpsertCustomersResponse(
                responses=await made_in_turns(messages.upserted, outcomes.created),
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer_asking(
            request,
            customers_pb2.BatchUpsertCustomersResponse,
            lambda: self._named_by([each.new.draft for each in wanted.values()]),
            work,
        )

    async def RecordConsent(
        self, request: customers_pb2.RecordConsentRequest, context: Any
    ) -> customers_pb2.Customer:
        said = messages.said_in(request)

        async def work(tx: WriteTransaction) -> customers_pb2.Customer:
            return to_message(await actions.record_consent(tx, request.name, request.etag, said))

        return await self._store.answer(request, customers_pb2.Customer, work)

    async def BatchGetCustomers(
        self, request: customers_pb2.BatchGetCustomersRequest, context: Any
    ) -> customers_pb2.BatchGetCustomersResponse:
        look_up = customers.those_found if request.allow_missing else customers.many
        async with self._store.read() as tx:
            found = await look_up(tx, request.names)
        return customers_pb2.BatchGetCustomersResponse(
            customers=await made_in_turns(to_message, found)
        )

    async def _named_by(self, drafts: Collection[Draft]) -> People:
        """Whom new customers are given to, and the caller only where one is theirs by that."""
        caller = current_caller()
        owners = {owner_of_new(caller, each.owner, each.team) for each in drafts}
        return await self._directory.look_up(owners, {each.team for each in drafts})

    def _read_upsert(self, request: customers_pb2.UpsertCustomerRequest) -> Upsert:
        wanted = messages.upsert_of(request, ids=self._ids, country=self._country)
        beginning = self._calendar.beginning
        expect_since(beginning, request.customer, "first_seen_time", beneath="customer")
        return wanted

    def _read(self, request: customers_pb2.CreateCustomerRequest) -> New[Draft]:
        new = messages.new_customer(request, ids=self._ids, country=self._country)
        beginning = self._calendar.beginning
        expect_since(beginning, request.customer, "first_seen_time", beneath="customer")
        return new
