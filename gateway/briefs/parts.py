"""Asks the services for the parts of a brief, all at the same time. A part that fails is missing;
the others are there."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from google.type.date_pb2 import Date
from guanxi.customer.v1 import contacts_pb2, customers_pb2, customers_pb2_grpc, touchpoints_pb2
from guanxi.customer.v1.contacts_pb2_grpc import ContactServiceStub
from guanxi.customer.v1.touchpoints_pb2_grpc import TouchpointServiceStub
from guanxi.gateway.v1.briefs_pb2 import CallBrief
from guanxi.insight.v1 import alerts_pb2, facts_pb2, predictions_pb2, segments_pb2
from guanxi.insight.v1.alerts_pb2_grpc import AlertServiceStub
from guanxi.insight.v1.facts_pb2_grpc import FactServiceStub
from guanxi.insight.v1.predictions_pb2_grpc import PredictionServiceStub
from guanxi.insight.v1.segments_pb2_grpc import SegmentServiceStub
from guanxi.sales.v1 import orders_pb2
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from gateway.backends import unanswered
from gateway.briefs.day import BriefDay
from services.chassis.client import Channel
from services.chassis.errors import DomainError, failed_precondition
from services.chassis.timestamps import to_timestamp

__all__ = ["Parts", "Sources", "ask"]

_TOUCHPOINTS = 10
_PURCHASES = 5
_ORDERS = 5
_ALERTS = 20
# A part may be late, but not keep the caller from the others.
_PART_SECONDS = 2.0

Reply = TypeVar("Reply")


class Sources(NamedTuple):
    """The services a brief is composed from."""

    customer: Channel
    sales: Channel
    insight: Channel


@dataclass(slots=True)
class Parts:
    """The answers that came, and the errors of those that did not."""

    customer: customers_pb2.Customer | None = None
    touchpoints: touchpoints_pb2.ListTouchpointsResponse | None = None
    purchases: orders_pb2.ListPurchasesResponse | None = None
    orders: orders_pb2.ListOrdersResponse | None = None
    alerts: alerts_pb2.ListAlertsResponse | None = None
    segment: segments_pb2.CustomerSegment | None = None
    prediction: predictions_pb2.Prediction | None = None
    facts: facts_pb2.CustomerFacts | None = None
    chain: contacts_pb2.DecisionChain | None = None
    missing: dict[CallBrief.Part.ValueType, DomainError] = field(default_factory=dict)


async def ask(sources: Sources, customer: str, day: BriefDay) -> Parts:
    """All parts for `customers/{customer}` as they were at the end of a business day."""
    parts = Parts()

    async def part(
        number: CallBrief.Part.ValueType, owner: str, call: Awaitable[Reply]
    ) -> Reply | None:
        try:
            return await call
        except DomainError as error:
            came_from_service = bool(error.domain)
            parts.missing[number] = (
                error if came_from_service else unanswered(error.kind, owner, error.message)
            )
            return None

    async def of_today(
        number: CallBrief.Part.ValueType, owner: str, what: str, call: Callable[..., Any]
    ) -> Any:
        if day.is_today:
            return await part(number, owner, call(sources, customer))
        parts.missing[number] = failed_precondition(
            "PART_OF_TODAY", f"{what} of today, and this brief is of another day"
        )
        return None

    (
        parts.customer,
        parts.touchpoints,
        parts.purchases,
        parts.orders,
        parts.alerts,
        parts.segment,
        parts.prediction,
        parts.facts,
        parts.chain,
    ) = await asyncio.gather(
        part(CallBrief.PROFILE, "customer", _customer(sources, customer)),
        part(CallBrief.JOURNEY, "customer", _touchpoints(sources, customer, day)),
        part(CallBrief.PURCHASES, "sales", _purchases(sources, customer, day)),
        part(CallBrief.RECENT_ORDERS, "sales", _orders(sources, customer, day)),
        # Rules look at today's facts, and an alert says what they find now.
        of_today(CallBrief.ALERTS, "insight", "alerts are", _alerts),
        part(CallBrief.SEGMENT, "insight", _segment(sources, customer, day.as_of)),
        part(CallBrief.PREDICTION, "insight", _prediction(sources, customer, day.as_of)),
        part(CallBrief.SAME_PERIOD, "insight", _facts(sources, customer, day.as_of)),
        of_today(CallBrief.DECISION_CHAIN, "customer", "the decision chain is", _chain),
    )
    return parts


def _customer(sources: Sources, customer: str) -> Any:
    stub = customers_pb2_grpc.CustomerServiceStub(sources.customer)
    request = customers_pb2.GetCustomerRequest(name=customer)
    return stub.GetCustomer(request, timeout=_PART_SECONDS)


def _chain(sources: Sources, customer: str) -> Any:
    request = contacts_pb2.GetDecisionChainRequest(name=f"{customer}/decisionChain")
    return ContactServiceStub(sources.customer).GetDecisionChain(request, timeout=_PART_SECONDS)


def _touchpoints(sources: Sources, customer: str, day: BriefDay) -> Any:
    request = touchpoints_pb2.ListTouchpointsRequest(
        parent=customer, filter=_before("touch_time", day), page_size=_TOUCHPOINTS
    )
    return TouchpointServiceStub(sources.customer).ListTouchpoints(request, timeout=_PART_SECONDS)


def _purchases(sources: Sources, customer: str, day: BriefDay) -> Any:
    request = orders_pb2.ListPurchasesRequest(
        parent=customer,
        page_size=_PURCHASES,
        end_time=None if day.end is None else to_timestamp(day.end),
    )
    return OrderServiceStub(sources.sales).ListPurchases(request, timeout=_PART_SECONDS)


def _orders(sources: Sources, customer: str, day: BriefDay) -> Any:
    met = (f'customer = "{customer}"', _before("order_time", day))
    request = orders_pb2.ListOrdersRequest(
        filter=" AND ".join(filter(None, met)), page_size=_ORDERS
    )
    return OrderServiceStub(sources.sales).ListOrders(request, timeout=_PART_SECONDS)


def _before(field: str, day: BriefDay) -> str:
    """The filter for what had happened by the end of the day."""
    return "" if day.end is None else f'{field} < "{day.end.isoformat()}"'


def _alerts(sources: Sources, customer: str) -> Any:
    request = alerts_pb2.ListAlertsRequest(
        filter=f'customer = "{customer}" AND (state = OPEN OR state = ACKNOWLEDGED)',
        page_size=_ALERTS,
    )
    return AlertServiceStub(sources.insight).ListAlerts(request, timeout=_PART_SECONDS)


def _segment(sources: Sources, customer: str, as_of: Date | None) -> Any:
    request = segments_pb2.GetCustomerSegmentRequest(name=f"{customer}/segment", as_of=as_of)
    return SegmentServiceStub(sources.insight).GetCustomerSegment(request, timeout=_PART_SECONDS)


def _prediction(sources: Sources, customer: str, as_of: Date | None) -> Any:
    request = predictions_pb2.GetPredictionRequest(name=f"{customer}/prediction", as_of=as_of)
    return PredictionServiceStub(sources.insight).GetPrediction(request, timeout=_PART_SECONDS)


def _facts(sources: Sources, customer: str, as_of: Date | None) -> Any:
    request = facts_pb2.GetCustomerFactsRequest(name=f"{customer}/facts", as_of=as_of)
    return FactServiceStub(sources.insight).GetCustomerFacts(request, timeout=_PART_SECONDS)
