"""Transport room of facts: one view per call, rows out as messages. No rule, no SQL."""

from typing import Any

from guanxi.insight.v1 import facts_pb2, facts_pb2_grpc

from services.chassis.descriptors import load_catalogue
from services.chassis.lists.listing import Listing
from services.insight.asked_day import stated
from services.insight.facts import store
from services.insight.facts.messages import definitions, to_message
from services.insight.facts.views import Views
from services.insight.names import customer_of

__all__ = ["FactServicer"]


class FactServicer(facts_pb2_grpc.FactServiceServicer):
    """Serves guanxi.insight.v1.FactService."""

    def __init__(self, views: Views, *, currency: str) -> None:
        self._views = views
        self._currency = currency
        self._definitions = tuple(definitions(load_catalogue().comments))

    async def ListFacts(
        self, request: facts_pb2.ListFactsRequest, context: Any
    ) -> facts_pb2.ListFactsResponse:
        return facts_pb2.ListFactsResponse(facts=self._definitions)

    async def GetCustomerFacts(
        self, request: facts_pb2.GetCustomerFactsRequest, context: Any
    ) -> facts_pb2.CustomerFacts:
        customer = customer_of(request.name)
        async with self._views.of(stated(request), customer=customer) as view:
            row = await store.get(view.tx, view.generation, customer, request.name)
        return to_message(row, self._currency)

    async def ListCustomerFacts(
        self, request: facts_pb2.ListCustomerFactsRequest, context: Any
    ) -> facts_pb2.ListCustomerFactsResponse:
        async with self._views.of(stated(request)) as view:
            page = await store.page(view.tx, view.generation, view.terms, Listing.of(request))
        return facts_pb2.ListCustomerFactsResponse(
            customer_facts=[to_message(row, self._currency) for row in page.rows],
            next_page_token=page.next_page_token,
        )
