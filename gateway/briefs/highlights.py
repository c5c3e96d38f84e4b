"""The brief in a few plain sentences, the most urgent first."""

from collections.abc import Iterator
from datetime import UTC, tzinfo

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from guanxi.customer.v1.contacts_pb2 import Signer
from guanxi.gateway.v1.briefs_pb2 import CallBrief
from guanxi.insight.v1.facts_pb2 import CustomerFacts

from gateway.briefs.day import BriefDay
from services.chassis.money import amount_text, minor_of

__all__ = ["highlights"]

_ALERTS = 3
_PURCHASES = 2
_SIGNERS = 3


def highlights(
    brief: CallBrief, facts: CustomerFacts | None, zone: tzinfo, day: BriefDay
) -> Iterator[str]:
    """What the caller should have in mind when the phone is picked up; days are those of `zone`.

    What is large, and what a contact, is for insight to say: it is read from the `facts`.
    """
    if brief.customer.HasField("delete_time") and _reached(brief.customer.delete_time, day):
        yield "This customer was deleted."
    alerts = brief.alerts[:_ALERTS]
    yield from (alert.text_en for alert in alerts)
    told = {evidence.fact for alert in alerts for evidence in alert.evidence}
    if "same_period_ratio" not in told:
        yield from _same_period(brief)
    if "next_order_start" not in told:
        yield from _next_order(brief)
    yield from _next_signers(brief)
    if facts is not None and facts.HasField("last_contact_time"):
        yield from _last_contact(brief, facts, zone)
    if brief.purchases:
        bought = " and ".join(p.description or p.product for p in brief.purchases[:_PURCHASES])
        yield f"Mostly buys {bought}."


def _reached(moment: Timestamp, day: BriefDay) -> bool:
    """Whether it had happened by the end of the brief's day."""
    return day.end is None or moment.ToDatetime(UTC) < day.end


def _same_period(brief: CallBrief) -> Iterator[str]:
    period = brief.same_period
    if period.large:
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


def _next_signers(brief: CallBrief) -> Iterator[str]:
    chain = brief.decision_chain
    signers = {each.contact: each for level in chain.levels for each in level.signers}
    missing = [signers[name] for name in chain.next_signers]
    if missing:
        names = ", ".join(_titled(each) for each in missing[:_SIGNERS])
        more = len(missing) - _SIGNERS
        yield f"Next to approve: {names}" + (f" and {more} more." if more > 0 else ".")


def _titled(signer: Signer) -> str:
    return (
        f"{signer.display_name} ({signer.job_title})" if signer.job_title else signer.display_name
    )


def _last_contact(brief: CallBrief, facts: CustomerFacts, zone: tzinfo) -> Iterator[str]:
    moment = facts.last_contact_time
    then = [each for each in brief.touchpoints if each.touch_time == moment]
    told = next((each.outcome or each.subject for each in then if each.outcome or each.subject), "")
    when = moment.ToDatetime(zone).date().isoformat()
    yield f"Last in contact on {when}" + (f": {told.rstrip('.')}." if told else ".")


def _day(date: Date) -> str:
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}"


def _amount(money: Money) -> str:
    return amount_text(minor_of(money), money.currency_code)
