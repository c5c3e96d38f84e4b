"""Amounts are exact, and rounding, where it must be, is half to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from google.type.money_pb2 import Money
from hypothesis import assume, given
from hypothesis import strategies as st

from services.chassis import money
from services.chassis.errors import DomainError

CURRENCIES = st.sampled_from(("USD", "EUR", "JPY", "KWD", "CLF"))
MINOR = st.integers(-(2**53), 2**53)


def half_even(exact: Decimal, decimals: int) -> int:
    return int(exact.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("code", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0), ("HRK", 2)]
)
def test_a_currency_has_its_decimals(code: str, decimals: int) -> None:
    assert money.exponent(code) == decimals


@pytest.mark.parametrize("code", ["", "usd", "XXX", "XAU", "ABC", "DOLLAR"])
def test_what_is_no_currency_with_amounts_is_refused(code: str) -> None:
    with pytest.raises(DomainError) as refused:
        money.exponent(code, field="order.currency_code")
    assert refused.value.reason == "CURRENCY_UNKNOWN"
    assert refused.value.violations[0].field == "order.currency_code"


def test_unusual_currencies_are_those_without_two_decimals() -> None:
    unusual = money.unusual_currencies()
    assert "JPY" in unusual[0]
    assert "KWD" in unusual[3]
    assert 2 not in unusual
    assert all(money.exponent(code) == key for key, codes in unusual.items() for code in codes)


@given(MINOR, CURRENCIES)
def test_an_amount_survives_the_way_into_a_message_and_back(minor: int, code: str) -> None:
    message = Money(**money.parts(minor, code))
    assert money.minor_of(message) == minor
    filled = Money()
    money.fill(filled, minor, code)
    assert filled == message


@given(MINOR, CURRENCIES)
def test_an_amount_is_written_as_the_number_it_is(minor: int, code: str) -> None:
    text = money.decimal_text(minor, code)
    assert Decimal(text) == Decimal(minor).scaleb(-money.exponent(code))
    price = money.parts_of_nanos(money.parse_nanos(text), code)
    assert money.to_minor(price["units"], price["nanos"], code) == minor


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (143_280_000, "USD", "1,432,800.00 USD"),
        (1_432_800, "JPY", "1,432,800 JPY"),
        (-1_500, "KWD", "-1.500 KWD"),
        (-5, "EUR", "-0.05 EUR"),
        (0, "EUR", "0.00 EUR"),
    ],
)
def test_an_amount_is_told_with_its_currencys_decimals(minor: int, code: str, text: str) -> None:
    assert money.amount_text(minor, code) == text


@pytest.mark.parametrize(
    ("units", "nanos", "code", "reason"),
    [
        (1, 5_000_000, "USD", "AMOUNT_TOO_PRECISE"),
        (1, 500_000_000, "JPY", "AMOUNT_TOO_PRECISE"),
        (1, -10_000_000, "USD", "AMOUNT_INVALID"),
        (-1, 10_000_000, "USD", "AMOUNT_INVALID"),
        (0, 1_000_000_000, "USD", "AMOUNT_INVALID"),
        (2**62, 0, "USD", "AMOUNT_OUT_OF_RANGE"),
        (1, 0, "ABC", "CURRENCY_UNKNOWN"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused(
    units: int, nanos: int, code: str, reason: str
) -> None:
    with pytest.raises(DomainError) as refused:
        money.to_minor(units, nanos, code, field="unit_price")
    assert refused.value.reason == reason
    assert refused.value.violations[0].field == "unit_price"


@pytest.mark.parametrize(
    ("text", "nanos"),
    [("1", 10**9), ("-0.5", -(5 * 10**8)), ("+2.123456789", 2_123_456_789), (" 3.1 ", 31 * 10**8)],
)
def test_a_written_price_is_read_exactly(text: str, nanos: int) -> None:
    assert money.parse_nanos(text) == nanos


@pytest.mark.parametrize("text", ["", "1,5", "1.", ".5", "1e3", "nan", "1.1234567890", "--1", "٣"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        money.parse_nanos(text)
    assert refused.value.reason == "AMOUNT_INVALID"


@pytest.mark.parametrize(
    ("quantity", "price", "minor"),
    [(1, "0.125", 12), (1, "0.135", 14), (-1, "0.125", -12), (3, "0.333", 100), (0, "5", 0)],
)
def test_a_line_is_rounded_half_to_even(quantity: int, price: str, minor: int) -> None:
    assert money.multiply(quantity, money.parse_nanos(price), "USD") == minor


@given(st.integers(-(10**6), 10**6), st.integers(-(10**13), 10**13), CURRENCIES)
def test_a_line_is_what_decimal_arithmetic_makes_of_it(
    quantity: int, nanos: int, code: str
) -> None:
    exact = Decimal(quantity) * Decimal(nanos).scaleb(-9)
    assert money.multiply(quantity, nanos, code) == half_even(exact, money.exponent(code))
    assert money.multiply(-quantity, nanos, code) == -money.multiply(quantity, nanos, code)


@given(st.integers(1, 1000), st.lists(MINOR, max_size=20), CURRENCIES)
def test_lines_without_fractions_add_up_to_their_sum(
    quantity: int, prices: list[int], code: str
) -> None:
    scale = money.NANOS // 10 ** money.exponent(code)
    lines = [money.multiply(quantity, price * scale, code) for price in prices]
    assert sum(lines) == quantity * sum(prices)


@given(
    st.integers(-(10**9), 10**9),
    st.decimals("0.000000001", "99999", places=9),
    CURRENCIES,
    CURRENCIES,
)
def test_a_conversion_is_what_decimal_arithmetic_makes_of_it(
    minor: int, rate: Decimal, source: str, target: str
) -> None:
    assume(rate > 0)
    exact = Decimal(minor).scaleb(-money.exponent(source)) * rate
    converted = money.convert(minor, f"{rate:f}", source, target)
    assert converted == half_even(exact, money.exponent(target))


@given(MINOR, CURRENCIES)
def test_a_rate_of_one_changes_nothing(minor: int, code: str) -> None:
    assert money.convert(minor, "1", code, code) == minor


@pytest.mark.parametrize("rate", ["", "0", "0.0", "-1", "1e3", "1,2", "NaN", "1."])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(DomainError) as refused:
        money.convert(100, rate, "GBP", "USD")
    assert refused.value.reason == "RATE_INVALID"


def test_an_amount_beyond_64_bits_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        money.multiply(10**9, 10**12 * money.NANOS, "USD")
    assert refused.value.reason == "AMOUNT_OUT_OF_RANGE"
