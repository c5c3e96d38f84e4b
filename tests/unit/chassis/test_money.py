"""Amounts are exact, and rounding, where it must be, is half to even."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import money
from services.chassis.errors import DomainError

CURRENCIES = st.sampled_from(("USD", "EUR", "JPY", "KWD", "CLF"))
MINOR = st.integers(-(2**53), 2**53)


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
    money.filling(code)(filled, minor)
    assert filled == message


@given(MINOR, CURRENCIES)
def test_an_amount_is_written_as_the_number_it_is(minor: int, code: str) -> None:
    text = money.decimal_text(minor, code)
    assert Decimal(text) == Decimal(minor).scaleb(-money.exponent(code))


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


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_a_quotient_is_what_decimal_arithmetic_makes_of_it(numerator: int, places: int) -> None:
    exact = Fraction(numerator, places)
    assert money.half_even(numerator, places) == round(exact)
