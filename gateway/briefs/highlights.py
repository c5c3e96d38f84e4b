"""The brief in a few plain sentences, the most urgent first."""

from collections.abc import Iterator
from datetime import tzinfo

from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from guanxi.customer.v1.touchpoints_pb2 import Touchpoint
from guanxi.gateway.v1.briefs_pb2 import CallBrief

from services.chassis.money import amount_text, minor_of

__all__ = ["highlights"]

_LARGE_ORDER_RATIO = 2.0
_ALERTS = 3
_PURCHASES = 2
_CONTACTS = frozenset(
    {Touchpoint.CALL, Touchpoint.MEETING, Touchpoint.EMAIL, Touchpoint.CHAT, Touchpoint.VISIT}
)


def highlights(brief: CallBrief, zone: tzinfo) -> Iterator[str]:
    """What the caller should have in mind when the phone is picked up; days are those of `zone`."""
    if brief.customer.HasField("delete_time"):
        yield "This customer was deleted."
    alerts = brief.alerts[:_ALERTS]
    yield from (alert.text_en for alert in alerts)
    told = {evidence.fact for alert in alerts for evidence in alert.evidence}
    if "same_period_ratio" not in told:
        yield from _same_period(brief)
    if "next_order_start" not in told:
        yield from _next_order(brief)
    yield from _last_contact(brief, zone)
    if brief.purchases:
        bought = " and ".join(p.description or p.product for p in brief.purchases[:_PURCHASES])
        yield f"Mostly buys {bought}."


def _same_period(brief: CallBrief) -> Iterator[str]:
    period = brief.same_period
    if period.ratio_to_average_order >= _LARGE_ORDER_RATIO:
        yield (
            f"Placed a large order at this time last year: {_amount(period.largest_order)},"
            f" {period.ratio_to_average_order:.1f} times the usual."
        )


def _next_order(brief: CallBrief) -> Iterator[str]:
    window = brief.prediction
    if not window.HasField("window_expected"):
        return
    start, expected, end = (
        _day(each) for each in (window.window_start, window.window_expected, window.window_end)
    )
    between = f", between {start} and {end}" if start != end else ""
    if end < _day(window.as_of):
        yield f"An order was expected about {expected}{between}, and has not come."
    else:
        yield f"Next order expected about {expected}{between}."


def _last_contact(brief: CallBrief, zone: tzinfo) -> Iterator[str]:
    contact = next((t for t in brief.touchpoints if t.type in _CONTACTS), None)
    if contact is None:
        return
    told = contact.outcome or contact.subject
    when = contact.touch_time.ToDatetime(zone).date().isoformat()
    yield f"Last in contact on {when}" + (f": {told.rstrip('.')}." if told else ".")


def _day(date: Date) -> str:
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}"


def _amount(money: Money) -> str:
    return amount_text(minor_of(money), money.currency_code)
