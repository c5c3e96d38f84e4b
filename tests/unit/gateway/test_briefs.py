"""What a brief says of the parts that came, and of those that didn't."""

from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from guanxi.customer.v1.contacts_pb2 import ApprovalLevel, DecisionChain, Signer
from guanxi.customer.v1.customers_pb2 import Customer
from guanxi.customer.v1.touchpoints_pb2 import ListTouchpointsResponse, Touchpoint
from guanxi.gateway.v1.briefs_pb2 import CallBrief
from guanxi.insight.v1.alerts_pb2 import Alert, ListAlertsResponse
from guanxi.insight.v1.facts_pb2 import CustomerFacts
from guanxi.insight.v1.predictions_pb2 import Prediction
from guanxi.sales.v1.orders_pb2 import ListPurchasesResponse, Purchase

from gateway.backends import unanswered
from gateway.briefs.compose import compose
from gateway.briefs.parts import Parts
from services.chassis.errors import Kind

_NAME = "customers/ann/callBrief"


def _touch(kind: Touchpoint.Type.ValueType, day: int, **fields: Any) -> Touchpoint:
    time = Timestamp(seconds=1_767_225_600 + day * 86_400)  # days after 2026-01-01
    return Touchpoint(type=kind, touch_time=time, **fields)


def _facts(ratio: float) -> CustomerFacts:
    return CustomerFacts(
        as_of=Date(year=2026, month=3, day=1),
        largest_order_same_period=Money(currency_code="EUR", units=60_000),
        same_period_ratio=ratio,
        same_period_start=Date(year=2025, month=2, day=14),
        same_period_end=Date(year=2025, month=3, day=16),
        same_period_large=ratio >= 2,
    )


def _contacted(day: int) -> CustomerFacts:
    """Last in contact so many days after 2026-01-01."""
    return CustomerFacts(last_contact_time=_touch(Touchpoint.CALL, day).touch_time)


def test_what_was_talked_about_most_comes_first() -> None:
    touchpoints = ListTouchpointsResponse(
        touchpoints=[
            _touch(
                Touchpoint.CALL,
                3,
                topics=[Touchpoint.DELIVERY, Touchpoint.PRICE],
                products_of_concern=["products/a"],
            ),
            _touch(
                Touchpoint.CALL,
                2,
                topics=[Touchpoint.PRICE],
                products_of_concern=["products/b"],
            ),
            _touch(Touchpoint.DOWNLOAD, 1, products_of_concern=["products/b"]),
        ]
    )
    brief = compose(_NAME, Parts(touchpoints=touchpoints))
    assert list(brief.topics) == [Touchpoint.PRICE, Touchpoint.DELIVERY]
    assert list(brief.products_of_concern) == ["products/b", "products/a"]


def _chain(*names: str, **fields: Any) -> DecisionChain:
    """Who signs at one level, and has not."""
    signers = [Signer(contact=f"contacts/{n}", display_name=n.title(), **fields) for n in names]
    return DecisionChain(
        levels=[ApprovalLevel(approval_order=1, signers=signers)],
        next_signers=[each.contact for each in signers],
    )


def test_who_has_to_approve_next_is_a_highlight() -> None:
    def said(chain: DecisionChain) -> list[str]:
        return list(compose(_NAME, Parts(chain=chain)).highlights)

    assert said(_chain("kim", job_title="Buyer")) == ["Next to approve: Kim (Buyer)."]
    assert said(_chain("kim", "lee")) == ["Next to approve: Kim, Lee."]
    assert said(_chain("a", "b", "c", "d", "e")) == ["Next to approve: A, B, C and 2 more."]
    assert said(DecisionChain()) == []


def test_the_same_period_is_the_one_that_insight_looked_at() -> None:
    period = compose(_NAME, Parts(facts=_facts(3.0))).same_period
    assert period.start_date == Date(year=2025, month=2, day=14)
    assert period.end_date == Date(year=2025, month=3, day=16)


def test_a_large_order_at_this_time_last_year_is_a_highlight() -> None:
    [highlight] = compose(_NAME, Parts(facts=_facts(3.0))).highlights
    assert highlight == (
        "Placed a large order at this time last year: 60,000.00 EUR, 3.0 times the usual."
    )


def test_a_usual_order_at_this_time_last_year_is_none() -> None:
    assert not compose(_NAME, Parts(facts=_facts(1.9))).highlights


def test_alerts_come_before_everything_else() -> None:
    facts = _facts(3.0)
    facts.MergeFrom(_contacted(4))
    parts = Parts(
        alerts=ListAlertsResponse(alerts=[Alert(text_en="No order for 93 days")]),
        facts=facts,
        prediction=Prediction(
            window_start=Date(year=2026, month=3, day=4),
            window_expected=Date(year=2026, month=3, day=9),
            window_end=Date(year=2026, month=3, day=14),
        ),
        touchpoints=ListTouchpointsResponse(
            touchpoints=[
                _touch(Touchpoint.NOTE, 5, subject="internal"),
                _touch(Touchpoint.CALL, 4, subject="Spare parts", outcome="wants a quote"),
            ]
        ),
        purchases=ListPurchasesResponse(purchases=[Purchase(description="Seal kit")]),
    )
    assert list(compose(_NAME, parts).highlights) == [
        "No order for 93 days",
        "Placed a large order at this time last year: 60,000.00 EUR, 3.0 times the usual.",
        "Next order expected about 2026-03-09, between 2026-03-04 and 2026-03-14.",
        "Last in contact on 2026-01-05: wants a quote.",
        "Mostly buys Seal kit.",
    ]


def _window(as_of: int, start: int, expected: int, end: int) -> Parts:
    days = (Date(year=2026, month=3, day=day) for day in (as_of, start, expected, end))
    today, first, middle, last = days
    return Parts(
        prediction=Prediction(
            as_of=today, window_start=first, window_expected=middle, window_end=last
        )
    )


def test_a_contact_was_on_a_day_of_the_company() -> None:
    late = ListTouchpointsResponse(touchpoints=[_touch(Touchpoint.CALL, 4)])  # midnight UTC
    parts = Parts(touchpoints=late, facts=_contacted(4))
    told = compose(_NAME, parts, ZoneInfo("America/New_York")).highlights
    assert list(told) == ["Last in contact on 2026-01-04."]


def test_an_amount_is_told_with_its_currencys_decimals() -> None:
    facts = _facts(3.0)
    facts.largest_order_same_period.CopyFrom(Money(currency_code="JPY", units=1_432_800))
    [told] = compose(_NAME, Parts(facts=facts)).highlights
    assert "last year: 1,432,800 JPY," in told


def test_a_window_of_one_day_is_told_as_a_day() -> None:
    [told] = compose(_NAME, _window(1, 9, 9, 9)).highlights
    assert told == "Next order expected about 2026-03-09."


def test_a_window_that_has_passed_is_told_as_an_order_that_has_not_come() -> None:
    [told] = compose(_NAME, _window(15, 4, 9, 14)).highlights
    assert told == (
        "An order was expected about 2026-03-09, between 2026-03-04 and 2026-03-14,"
        " and has not come."
    )
    [on_the_last_day] = compose(_NAME, _window(14, 4, 9, 14)).highlights
    assert on_the_last_day.startswith("Next order expected about 2026-03-09")


def test_what_an_alert_has_told_is_not_told_again() -> None:
    alert = Alert(text_en="A large order a year ago")
    alert.evidence.add(fact="same_period_ratio", value="3.0")
    parts = Parts(alerts=ListAlertsResponse(alerts=[alert]), facts=_facts(3.0))
    assert list(compose(_NAME, parts).highlights) == ["A large order a year ago"]


def test_a_deleted_customer_is_said_to_be_deleted() -> None:
    customer = Customer(display_name="Ann", delete_time=Timestamp(seconds=1))
    assert compose(_NAME, Parts(customer=customer)).highlights[0] == "This customer was deleted."


def test_a_part_that_is_missing_is_named_with_the_reason_and_no_address() -> None:
    parts = Parts(customer=Customer(display_name="Ann"))
    parts.missing[CallBrief.ALERTS] = unanswered(Kind.UNAVAILABLE, "insight")
    brief = compose(_NAME, parts)
    [missing] = brief.missing_parts
    assert missing.part == CallBrief.ALERTS
    assert missing.status.message == "the insight service can't be reached at the moment"
    assert brief.customer.display_name == "Ann"
