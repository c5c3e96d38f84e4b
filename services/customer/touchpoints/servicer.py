"""Transport room of touchpoints: message ↔ model, one transaction per call. No rule, no SQL."""

from typing import Any

from guanxi.customer.v1 import touchpoints_pb2, touchpoints_pb2_grpc

from services.chassis.batches import failed_requests, read_items
from services.chassis.clock import BusinessCalendar
from services.chassis.creation import New
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.chassis.timestamps import expect_since
from services.chassis.turns import made_in_turns
from services.customer.customers.store import customers
from services.customer.touchpoints import actions, messages, store
from services.customer.touchpoints.messages import to_message
from services.customer.touchpoints.model import Draft

__all__ = ["TouchpointServicer"]

_EVERYONE = "customers/-"


class TouchpointServicer(touchpoints_pb2_grpc.TouchpointServiceServicer):
    """Serves guanxi.customer.v1.TouchpointService."""

    def __init__(self, database: Store, *, calendar: BusinessCalendar, ids: Ids) -> None:
        self._store = database
        self._calendar = calendar
        self._ids = ids

    async def LogTouchpoint(
        self, request: touchpoints_pb2.LogTouchpointRequest, context: Any
    ) -> touchpoints_pb2.Touchpoint:
        new = self._read(request)

        async def work(tx: WriteTransaction) -> touchpoints_pb2.Touchpoint:
            return to_message(await actions.log_touchpoint(tx, new))

        return await self._store.answer(request, touchpoints_pb2.Touchpoint, work)

    async def BatchLogTouchpoints(
        self, request: touchpoints_pb2.BatchLogTouchpointsRequest, context: Any
    ) -> touchpoints_pb2.BatchLogTouchpointsResponse:
        new, refused = await read_items(request.requests, self._read)

        async def work(tx: WriteTransaction) -> touchpoints_pb2.BatchLogTouchpointsResponse:
            outcomes = await actions.log_touchpoints(tx, new, validate_only=request.validate_only)
            return touchpoints_pb2.BatchLogTouchpointsResponse(
                touchpoints=await made_in_turns(to_message, outcomes.created),
                failed_requests=await failed_requests(request, refused | outcomes.refused),
            )

        return await self._store.answer(request, touchpoints_pb2.BatchLogTouchpointsResponse, work)

    async def ListTouchpoints(
        self, request: touchpoints_pb2.ListTouchpointsRequest, context: Any
    ) -> touchpoints_pb2.ListTouchpointsResponse:
        customer = "" if request.parent == _EVERYONE else request.parent
        async with self._store.read() as tx:
            if customer:
                await customers.get(tx, customer)
            page = await store.page(tx, Listing.of(request, self._calendar), customer=customer)
        sent = await page.sent(to_message)
        return touchpoints_pb2.ListTouchpointsResponse(
            touchpoints=sent.messages, next_page_token=sent.next_page_token
        )

    def _read(self, request: touchpoints_pb2.LogTouchpointRequest) -> New[Draft]:
        new = messages.new_touchpoint(request, ids=self._ids)
        beginning = self._calendar.beginning
        expect_since(beginning, request.touchpoint, "touch_time", beneath="touchpoint")
        return new
