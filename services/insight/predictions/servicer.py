"""Transport room of predictions: one view per call, rows out as messages. No rule, no SQL."""

from typing import Any, Final

from guanxi.insight.v1 import predictions_pb2, predictions_pb2_grpc

from services.chassis.lists.listing import Listing
from services.insight.asked_day import stated
from services.insight.facts import store as facts
from services.insight.facts.views import Views
from services.insight.names import customer_of
from services.insight.predictions import store
from services.insight.predictions.messages import prediction

__all__ = ["PredictionServicer"]

_WITHIN_DAYS: Final = 7


class PredictionServicer(predictions_pb2_grpc.PredictionServiceServicer):
    """Serves guanxi.insight.v1.PredictionService."""

    def __init__(self, views: Views) -> None:
        self._views = views

    async def GetPrediction(
        self, request: predictions_pb2.GetPredictionRequest, context: Any
    ) -> predictions_pb2.Prediction:
        customer = customer_of(request.name)
        async with self._views.of(stated(request), customer=customer) as view:
            return prediction(await facts.get(view.tx, view.generation, customer, request.name))

    async def ListDueCustomers(
        self, request: predictions_pb2.ListDueCustomersRequest, context: Any
    ) -> predictions_pb2.ListDueCustomersResponse:
        within_days = request.within_days if request.HasField("within_days") else _WITHIN_DAYS
        async with self._views.of(stated(request)) as view:
            page = await store.page_of_due(
                view.tx,
                view.generation,
                view.terms.day.date,
                Listing.of(request),
                within_days=within_days,
                include_overdue=request.include_overdue,
            )
        sent = await page.sent(prediction)
        return predictions_pb2.ListDueCustomersResponse(
            predictions=sent.messages, next_page_token=sent.next_page_token
        )
