"""What each fact means, on histories small enough to count by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from guanxi.customer.v1 import touchpoints_pb2

from services.insight.engine.model import compute_facts
from services.insight.facts.model.order_facts import is_large, same_period
from services.insight.sources.columns import (
    ContactColumns,
    CustomerColumns,
    OrderColumns,
    TouchChannel,
    TouchColumns,
    TouchType,
)
from tests.support.fact_records import CustomerFacts, records
from tests.support.histories import History, day_us

TODAY = date(2011, 12, 10)


def ago(days: int, hour: int = 12) -> int:
    return day_us(TODAY - timedelta(days=days), hour)


def from_orders(*orders: tuple[int, int]) -> CustomerFacts:
    """Facts of one customer from (days ago, net in minor units)."""
    rows = [(0, ago(days), net) for days, net in orders]
    return records(History(rows, [], [None]).facts(TODAY))[0]


def from_touches(*touches: tuple[int, TouchType], about_price: bool = False) -> CustomerFacts:
    """Facts of one customer from (instant, type), by phone."""
    rows = [(0, time, int(type), int(TouchChannel.PHONE), about_price) for time, type in touches]
    return records(History([], rows, [ago(400)]).facts(TODAY))[0]


def test_who_has_done_nothing_has_zeros_and_nothing_else() -> None:
    record = from_orders()

    assert (record.orders_total, record.purchase_days, record.spend_total_minor) == (0, 0, 0)
    assert (record.contacts_90d, record.intent_downloads) == (0, 0)
    assert record.age_days is None
    assert record.days_since_order is None
    assert record.days_since_contact is None
    assert record.average_order_value_minor is None
    assert record.return_rate is None
    assert record.first_order_time is None
    assert record.first_touch_channel is TouchChannel.CHANNEL_UNSPECIFIED


def test_people_who_sign_at_one_level_make_one_level_and_gaps_are_none() -> None:
    contacts = [(0, 1), (0, 1), (0, 7), (1, 2), (-1, 3)]
    found = records(History([], [], [None] * 3, contacts).facts(TODAY))
    assert [each.decision_chain_length for each in found] == [2, 1, 0]


def test_two_orders_of_a_day_are_two_orders_and_one_purchase_day() -> None:
    record = from_orders((3, 100), (3, 250), (1, -40))

    assert (record.orders_total, record.purchase_days) == (2, 1)
    assert record.spend_total_minor == 310
    assert record.largest_order_minor == 250
    assert record.days_since_order == 3
    assert record.return_rate == 40 / 350


def with_returns(*orders: tuple[int, int, int]) -> CustomerFacts:
    """Facts of one customer from (days ago, net in minor units, place of the original or -1)."""
    rows = [(0, ago(days), net) for days, net, _ in orders]
    return records(
        compute_facts(
            OrderColumns.of(rows, [original for *_, original in orders]),
            TouchColumns.of([]),
            ContactColumns.of([]),
            CustomerColumns.of([None]),
            as_of=TODAY,
            zone=UTC,
            population=None,
        )
    )[0]


def test_who_took_everything_back_on_another_day_has_bought_nothing() -> None:
    record = from_orders((9, 8000), (5, -8000))

    assert (record.orders_total, record.purchase_days, record.spend_total_minor) == (0, 0, 0)
    assert (record.first_order_time, record.days_since_order) == (None, None)
    assert record.largest_order_minor is None
    assert record.return_rate == 1


def test_an_order_taken_back_whole_was_no_purchase_and_the_others_were() -> None:
    record = with_returns((20, 500, -1), (10, 80, -1), (5, -30, 1), (4, -50, 1))

    assert (record.orders_total, record.purchase_days, record.days_since_order) == (1, 1, 20)
    assert (record.spend_total_minor, record.largest_order_minor) == (500, 500)


def test_an_order_taken_back_in_part_is_a_purchase() -> None:
    record = with_returns((20, 500, -1), (10, 80, -1), (5, -79, 1))

    assert (record.orders_total, record.days_since_order) == (2, 10)


def test_a_return_counts_against_its_order_from_its_own_day_on() -> None:
    record = with_returns((0, 500, -1), (-1, -500, 0))

    assert (record.orders_total, record.spend_total_minor) == (1, 500)


def test_rows_left_out_do_not_move_a_return_to_another_order() -> None:
    record = with_returns((-3, 70, -1), (20, 500, -1), (10, 80, -1), (5, -80, 2))

    assert (record.orders_total, record.days_since_order) == (1, 20)


def test_returns_and_orders_of_nothing_make_no_purchase_day() -> None:
    record = from_orders((9, 0), (8, -500))

    assert (record.orders_total, record.purchase_days) == (0, 0)
    assert record.spend_total_minor == -500
    assert record.days_since_order is None
    assert record.return_rate is None
    assert record.age_days == 9


@pytest.mark.parametrize(
    ("nets", "average"),
    [((1, 2), 2), ((2, 3), 2), ((1, 1, 2), 1), ((1, 2, 2), 2), ((10**15,), 10**15)],
)
def test_the_average_order_is_rounded_half_to_even(nets: tuple[int, ...], average: int) -> None:
    assert from_orders(*((1, net) for net in nets)).average_order_value_minor == average


def test_the_last_365_days_are_today_and_364_days_before() -> None:
    record = from_orders((0, 1), (364, 10), (365, 100), (366, 1_000))

    assert (record.orders_365d, record.spend_365d_minor) == (2, 11)
    assert (record.orders_total, record.spend_total_minor) == (4, 1111)


def test_the_same_period_is_15_days_around_the_day_a_year_ago() -> None:
    record = from_orders((349, 1), (350, 10), (365, -30), (380, 100), (381, 1_000))

    assert record.spend_same_period_minor == 80
    assert record.largest_order_same_period_minor == 100
    assert record.average_order_value_minor == 278  # 1,111 / 4
    assert record.same_period_ratio == 100 / 278


def test_returns_alone_make_no_largest_order_of_the_same_period() -> None:
    record = from_orders((365, -30), (1, 50))

    assert record.spend_same_period_minor == -30
    assert record.largest_order_same_period_minor is None
    assert record.same_period_ratio is None


def test_gaps_are_counted_between_purchase_days() -> None:
    record = from_orders((0, 1), (10, 1), (10, 1), (30, 1), (15, -1))

    assert record.gap_count == 2
    assert record.median_days_between_orders == 15
    assert record.order_regularity == 0  # 10 and 20 lie 33 % off


def test_a_gap_a_quarter_off_the_median_is_still_regular() -> None:
    record = from_orders((0, 1), (3, 1), (7, 1), (12, 1), (18, 1), (20, 1))

    assert record.median_days_between_orders == 4  # 2 3 4 5 6
    assert record.order_regularity == 3 / 5


def test_one_purchase_day_has_no_gap() -> None:
    record = from_orders((5, 1))

    assert record.median_days_between_orders is None
    assert record.order_regularity is None
    assert record.cycles_since_order is None


def test_an_order_after_the_day_does_not_count_yet() -> None:
    record = from_orders((-1, 700), (2, 5))

    assert record.spend_total_minor == 5
    assert record.last_order_time == datetime(2011, 12, 8, 12, tzinfo=UTC)


def test_a_walk_in_counts_for_no_customer() -> None:
    facts = History([(-1, ago(1), 900), (0, ago(1), 1)], [], [None]).facts(TODAY)

    assert facts.orders.spend_total_minor.tolist() == [1]


def test_a_row_of_an_unknown_customer_is_refused() -> None:
    with pytest.raises(IndexError):
        History([(1, ago(1), 900)], [], [None]).facts(TODAY)


def test_a_customer_is_as_old_as_the_earliest_trace() -> None:
    orders = [(0, ago(50), 1), (1, ago(5), 1), (2, ago(9), -1)]
    touches = [(1, ago(60), int(TouchType.NOTE), 0, False)]
    facts = History(orders, touches, [ago(40), ago(7), ago(-3)]).facts(TODAY)

    assert [record.age_days for record in records(facts)] == [50, 60, 9]


def test_calls_meetings_mails_chats_and_visits_are_contacts_and_nothing_else_is() -> None:
    for touch_type in TouchType:
        record = from_touches((ago(4), touch_type))
        is_contact = touch_type.name in {"CALL", "MEETING", "EMAIL", "CHAT", "VISIT"}
        assert record.contacts_90d == int(is_contact)
        assert record.days_since_contact == (4 if is_contact else 400)
        assert (record.last_contact_time is not None) == is_contact


def test_contacts_count_for_90_days_and_negotiations_for_180() -> None:
    days = (0, 89, 90, 179, 180)
    record = from_touches(*((ago(day), TouchType.CALL) for day in days), about_price=True)

    assert (record.contacts_90d, record.negotiations_180d) == (2, 4)


def test_a_note_about_the_price_is_no_negotiation() -> None:
    assert from_touches((ago(1), TouchType.NOTE), about_price=True).negotiations_180d == 0


@pytest.mark.parametrize(
    ("contact_at", "unanswered_days"),
    [(None, 3), (ago(3, hour=11), 3), (ago(3, hour=12), None), (ago(1), None)],
)
def test_an_intent_is_unanswered_until_a_contact_follows(
    contact_at: int | None, unanswered_days: int | None
) -> None:
    intents = [(ago(8), TouchType.FORM), (ago(3, hour=12), TouchType.DOWNLOAD)]
    contacts = [] if contact_at is None else [(contact_at, TouchType.EMAIL)]
    record = from_touches(*intents, *contacts)

    assert record.intent_downloads == 2
    assert record.days_since_unanswered_intent == unanswered_days


def test_first_and_last_channel_are_those_of_the_journey() -> None:
    channel = TouchChannel
    rows = [
        (ago(9), TouchType.NOTE, channel.OTHER),
        (ago(8), TouchType.PAGE_VIEW, channel.CHANNEL_UNSPECIFIED),
        (ago(7), TouchType.PAGE_VIEW, channel.SEARCH),
        (ago(7), TouchType.PAGE_VIEW, channel.WEBSITE),
        (ago(2), TouchType.CALL, channel.PHONE),
        (ago(2), TouchType.CHAT, channel.WECHAT),
        (ago(1), TouchType.SYSTEM, channel.MAIL),
    ]
    touches = [(0, time, int(type), int(way), False) for time, type, way in rows]
    record = records(History([], touches, [None]).facts(TODAY))[0]

    assert record.first_touch_channel is channel.WEBSITE
    assert record.last_touch_channel is channel.WECHAT


def test_amounts_stay_exact_far_beyond_floating_point() -> None:
    record = from_orders((2, 2**58 + 1), (1, 2**58 + 1))

    assert record.spend_total_minor == 2**59 + 2
    assert record.average_order_value_minor == 2**58 + 1


def test_codes_are_the_numbers_of_the_contract() -> None:
    touchpoint = touchpoints_pb2.Touchpoint
    assert {code.name: code.value for code in TouchType} == dict(touchpoint.Type.items())
    assert {code.name: code.value for code in TouchChannel} == dict(touchpoint.Channel.items())


def test_large_sums_are_exact_and_never_wrap() -> None:
    largest = 10**15
    record = from_orders(*((each, largest) for each in range(1_000)), (1_001, -largest), (9, -1))

    assert record.spend_total_minor == 999 * largest - 1
    with pytest.raises(OverflowError):
        from_orders((3, 9 * 10**18), (2, 9 * 10**18))


def test_the_same_period_is_fifteen_days_either_side_of_a_year_ago() -> None:
    assert same_period(date(2026, 3, 1)) == (date(2025, 2, 14), date(2025, 3, 16))
    assert same_period(date(2024, 2, 29)) == (date(2023, 2, 14), date(2023, 3, 16))
    assert same_period(date(2, 1, 16)) == (date(1, 1, 1), date(1, 1, 31))
    assert same_period(date(2, 1, 15)) is None


@pytest.mark.parametrize(("ratio", "large"), [(None, False), (1.9, False), (2.0, True)])
def test_an_order_of_twice_the_average_is_large(ratio: float | None, large: bool) -> None:
    assert is_large(ratio) is large
