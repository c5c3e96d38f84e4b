"""Parts → the brief: what was talked about, what happened at this time last year, what is missing.
No call is made here."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import TypeVar

from guanxi.customer.v1.touchpoints_pb2 import Touchpoint
from guanxi.gateway.v1.briefs_pb2 import CallBrief
from guanxi.insight.v1.facts_pb2 import CustomerFacts

from gateway.briefs.day import TODAY, BriefDay
from gateway.briefs.highlights import highlights
from gateway.briefs.parts import Parts
from services.chassis.status import to_status

__all__ = ["compose"]

Value = TypeVar("Value")


def compose(name: str, parts: Parts, zone: tzinfo = UTC, day: BriefDay = TODAY) -> CallBrief:
    """The brief of the parts that came, with the missing ones named; days are those of `zone`."""
    brief = CallBrief(
        name=name,
        customer=parts.customer,
        segment=parts.segment,
        prediction=parts.prediction,
        decision_chain=parts.chain,
    )
    if parts.touchpoints is not None:
        touchpoints = parts.touchpoints.touchpoints
        brief.touchpoints.extend(touchpoints)
        brief.topics.extend(_by_frequency(topic for t in touchpoints for topic in t.topics))
        brief.products_of_concern.extend(_products_of_concern(touchpoints))
    if parts.purchases is not None:
        brief.purchases.extend(parts.purchases.purchases)
    if parts.orders is not None:
        brief.recent_orders.extend(parts.orders.orders)
    if parts.alerts is not None:
        brief.alerts.extend(parts.alerts.alerts)
    if parts.facts is not None:
        brief.same_period.CopyFrom(_same_period(parts.facts))
    for part, error in sorted(parts.missing.items()):
        brief.missing_parts.add(part=part, status=to_status(error, "gateway"))
    brief.highlights.extend(highlights(brief, parts.facts, zone, day))
    return brief


def _products_of_concern(touchpoints: Iterable[Touchpoint]) -> list[str]:
    return _by_frequency(product for t in touchpoints for product in t.products_of_concern)


def _by_frequency(values: Iterable[Value]) -> list[Value]:
    return [value for value, _ in Counter(values).most_common()]


def _same_period(facts: CustomerFacts) -> CallBrief.SamePeriod:
    same_period = CallBrief.SamePeriod(
        start_date=facts.same_period_start if facts.HasField("same_period_start") else None,
        end_date=facts.same_period_end if facts.HasField("same_period_end") else None,
        spend=facts.spend_same_period,
        largest_order=facts.largest_order_same_period,
        large=facts.same_period_large,
    )
    if facts.HasField("same_period_ratio"):
        same_period.ratio_to_average_order = facts.same_period_ratio
    return same_period
