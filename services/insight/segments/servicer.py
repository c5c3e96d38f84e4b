"""Transport room of segments: one view per call, rows out as messages. No rule, no SQL."""

from collections.abc import Awaitable, Callable
from typing import Any

from guanxi.insight.v1 import segments_pb2, segments_pb2_grpc

from services.chassis.caller import current_caller
from services.chassis.errors import not_found
from services.chassis.lists.listing import Listing
from services.insight.asked_day import stated
from services.insight.facts import store as facts
from services.insight.names import customer_of
from services.insight.segments import messages, store
from services.insight.segments.model import Segmentation
from services.insight.segments.views import SegmentedViews

__all__ = ["SegmentServicer"]


class SegmentServicer(segments_pb2_grpc.SegmentServiceServicer):
    """Serves guanxi.insight.v1.SegmentService."""

    def __init__(
        self,
        views: SegmentedViews,
        run: Callable[[], Awaitable[Segmentation]],
        *,
        currency: str,
    ) -> None:
        self._views = views
        self._run = run
        self._currency = currency

    async def ListSegments(
        self, request: segments_pb2.ListSegmentsRequest, context: Any
    ) -> segments_pb2.ListSegmentsResponse:
        async with self._views.of(stated(request)) as view:
            totals = await store.totals(view.tx, view.generation)
            run = await view.segmentation()
        return segments_pb2.ListSegmentsResponse(
            segments=messages.segments(totals, self._currency),
            segmentation=self._told(run),
        )

    async def GetCustomerSegment(
        self, request: segments_pb2.GetCustomerSegmentRequest, context: Any
    ) -> segments_pb2.CustomerSegment:
        customer = customer_of(request.name)
        async with self._views.of(stated(request), customer=customer) as view:
            row = await facts.get(view.tx, view.generation, customer, request.name)
            run = await view.segmentation()
        segment = messages.customer_segment(row, self._currency)
        segment.segmentation.CopyFrom(self._told(run))
        return segment

    async def ListSegmentCustomers(
        self, request: segments_pb2.ListSegmentCustomersRequest, context: Any
    ) -> segments_pb2.ListSegmentCustomersResponse:
        segment = messages.segment_of(request.parent)
        if segment is None:
            raise not_found(request.parent)
        async with self._views.of(stated(request)) as view:
            page = await store.page_of_segment(
                view.tx, view.generation, segment, Listing.of(request)
            )
        return segments_pb2.ListSegmentCustomersResponse(
            customers=[messages.customer_segment(row, self._currency) for row in page.rows],
            next_page_token=page.next_page_token,
        )

    async def GetSegmentation(
        self, request: segments_pb2.GetSegmentationRequest, context: Any
    ) -> segments_pb2.Segmentation:
        run = await self._views.segmentation(stated(request))
        return self._told(run)

    async def RunSegmentation(
        self, request: segments_pb2.RunSegmentationRequest, context: Any
    ) -> segments_pb2.Segmentation:
        run = await self._run()
        return self._told(run)

    def _told(self, run: Segmentation | None) -> segments_pb2.Segmentation:
        message = messages.segmentation(run, self._currency)
        return messages.for_caller(message, current_caller())
