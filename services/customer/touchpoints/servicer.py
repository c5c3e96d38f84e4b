"""Transport room of touchpoints: message ↔ model, one transaction per call. No rule, no SQL."""

from collections.abc import Mapping
from typing import Any

from guanxi.customer.v1 import touchpoints_pb2, touchpoints_pb2_grpc

from services.chassis.batches import failed_requests, read_items, split_outcomes
from services.chassis.errors import DomainError
from services.chassis.ids import Ids
from services.chassis.store import Store, WriteTransaction
from services.customer.customers import store as customers
from services.customer.touchpoints import actions, store
from services.customer.touchpoints.messages import NewTouchpoint, new_touchpoint, to_message
from services.customer.touchpoints.model import Touchpoint

__all__ = ["TouchpointServicer"]

_EVERYONE = "customers/-"


class TouchpointServicer(touchpoints_pb2_grpc.TouchpointServiceServicer):
    """Serves protos/guanxi/customer/v1/touchpoints.proto."""

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
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
        items, refused = read_items(request.requests, self._read)

        async def work(tx: WriteTransaction) -> touchpoints_pb2.BatchLogTouchpointsResponse:
            return _batch_reply(
                await actions.log_touchpoints(tx, items, validate_only=request.validate_only),
                refused,
            )

        return await self._store.answer(request, touchpoints_pb2.BatchLogTouchpointsResponse, work)

    async def ListTouchpoints(
        self, request: touchpoints_pb2.ListTouchpointsRequest, context: Any
    ) -> touchpoints_pb2.ListTouchpointsResponse:
        customer = "" if request.parent == _EVERYONE else request.parent
        async with self._store.read() as tx:
            if customer:
                await customers.get(tx, customer)
            touchpoints, next_page_token = await store.page(
                tx,
                customer=customer,
                filter=request.filter,
                order_by=request.order_by,
                page_size=request.page_size,
                page_token=request.page_token,
            )
        return touchpoints_pb2.ListTouchpointsResponse(
            touchpoints=[to_message(each) for each in touchpoints],
            next_page_token=next_page_token,
        )

    def _read(self, request: touchpoints_pb2.LogTouchpointRequest) -> NewTouchpoint:
        return new_touchpoint(request, ids=self._ids)


def _batch_reply(
    outcomes: Mapping[int, Touchpoint | DomainError], refused: Mapping[int, DomainError]
) -> touchpoints_pb2.BatchLogTouchpointsResponse:
    logged, failed = split_outcomes(outcomes)
    return touchpoints_pb2.BatchLogTouchpointsResponse(
        touchpoints=[to_message(each) for each in logged],
        failed_requests=failed_requests({**refused, **failed}, "customer"),
    )
