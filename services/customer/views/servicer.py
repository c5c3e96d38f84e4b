"""Transport room of views: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.customer.v1 import views_pb2, views_pb2_grpc

from services.chassis import field_mask
from services.chassis.clock import BusinessCalendar
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.customer.views import actions, messages
from services.customer.views.messages import to_message
from services.customer.views.store import views

__all__ = ["ViewServicer"]


class ViewServicer(views_pb2_grpc.ViewServiceServicer):
    """Serves guanxi.customer.v1.ViewService."""

    def __init__(self, database: Store, *, calendar: BusinessCalendar, ids: Ids) -> None:
        self._store = database
        self._calendar = calendar
        self._ids = ids

    async def CreateView(
        self, request: views_pb2.CreateViewRequest, context: Any
    ) -> views_pb2.View:
        new = messages.new_view(request, ids=self._ids)

        async def work(tx: WriteTransaction) -> views_pb2.View:
            return to_message(await actions.create_view(tx, new, self._calendar))

        return await self._store.answer(request, views_pb2.View, work)

    async def GetView(self, request: views_pb2.GetViewRequest, context: Any) -> views_pb2.View:
        async with self._store.read() as tx:
            return to_message(await views.get(tx, request.name))

    async def ListViews(
        self, request: views_pb2.ListViewsRequest, context: Any
    ) -> views_pb2.ListViewsResponse:
        async with self._store.read() as tx:
            page = await views.page(tx, Listing.of(request, self._calendar))
        sent = await page.sent(to_message)
        return views_pb2.ListViewsResponse(
            views=sent.messages, next_page_token=sent.next_page_token
        )

    async def UpdateView(
        self, request: views_pb2.UpdateViewRequest, context: Any
    ) -> views_pb2.View:
        wanted = request.view
        draft = messages.draft_of(wanted)
        fields = field_mask.resolve(request.update_mask, wanted)

        async def work(tx: WriteTransaction) -> views_pb2.View:
            view = await actions.change_view(
                tx, wanted.name, wanted.etag, draft, fields, self._calendar
            )
            changed = to_message(view)
            field_mask.expect_fixed(request.update_mask, wanted, changed)
            return changed

        return await self._store.answer(request, views_pb2.View, work)

    async def DeleteView(
        self, request: views_pb2.DeleteViewRequest, context: Any
    ) -> views_pb2.View:
        async def work(tx: WriteTransaction) -> views_pb2.View:
            return to_message(await actions.delete_view(tx, request.name, request.etag))

        return await self._store.answer(request, views_pb2.View, work)
