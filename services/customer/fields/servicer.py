"""Transport room of custom fields: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.customer.v1 import fields_pb2, fields_pb2_grpc

from services.chassis import field_mask
from services.chassis.clock import BusinessCalendar
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.customer.fields import actions, messages
from services.customer.fields.messages import to_message
from services.customer.fields.store import custom_fields

__all__ = ["CustomFieldServicer"]


class CustomFieldServicer(fields_pb2_grpc.CustomFieldServiceServicer):
    """Serves guanxi.customer.v1.CustomFieldService."""

    def __init__(self, database: Store, *, calendar: BusinessCalendar) -> None:
        self._store = database
        self._calendar = calendar

    async def CreateCustomField(
        self, request: fields_pb2.CreateCustomFieldRequest, context: Any
    ) -> fields_pb2.CustomField:
        draft = messages.draft_of(request.custom_field)

        async def work(tx: WriteTransaction) -> fields_pb2.CustomField:
            return to_message(await actions.declare_field(tx, draft))

        return await self._store.answer(request, fields_pb2.CustomField, work)

    async def GetCustomField(
        self, request: fields_pb2.GetCustomFieldRequest, context: Any
    ) -> fields_pb2.CustomField:
        async with self._store.read() as tx:
            return to_message(await custom_fields.get(tx, request.name))

    async def ListCustomFields(
        self, request: fields_pb2.ListCustomFieldsRequest, context: Any
    ) -> fields_pb2.ListCustomFieldsResponse:
        async with self._store.read() as tx:
            page = await custom_fields.page(tx, Listing.of(request, self._calendar))
        sent = await page.sent(to_message)
        return fields_pb2.ListCustomFieldsResponse(
            custom_fields=sent.messages, next_page_token=sent.next_page_token
        )

    async def UpdateCustomField(
        self, request: fields_pb2.UpdateCustomFieldRequest, context: Any
    ) -> fields_pb2.CustomField:
        wanted = request.custom_field
        draft = messages.draft_of(wanted)
        fields = field_mask.resolve(request.update_mask, wanted)

        async def work(tx: WriteTransaction) -> fields_pb2.CustomField:
            field = await actions.change_field(tx, wanted.name, wanted.etag, draft, fields)
            changed = to_message(field)
            field_mask.expect_fixed(request.update_mask, wanted, changed)
            return changed

        return await self._store.answer(request, fields_pb2.CustomField, work)

    async def ArchiveCustomField(
        self, request: fields_pb2.ArchiveCustomFieldRequest, context: Any
    ) -> fields_pb2.CustomField:
        async def work(tx: WriteTransaction) -> fields_pb2.CustomField:
            return to_message(await actions.archive_field(tx, request.name, request.etag))

        return await self._store.answer(request, fields_pb2.CustomField, work)

    async def RestoreCustomField(
        self, request: fields_pb2.RestoreCustomFieldRequest, context: Any
    ) -> fields_pb2.CustomField:
        async def work(tx: WriteTransaction) -> fields_pb2.CustomField:
            return to_message(await actions.restore_field(tx, request.name, request.etag))

        return await self._store.answer(request, fields_pb2.CustomField, work)
