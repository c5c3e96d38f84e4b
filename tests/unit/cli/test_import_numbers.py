"""Numbers in all the ways they are written are exact values, or are asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.imports.cells import BadValue
from cli.imports.numbers import Decimals, Numbers

COMMA = Numbers(Decimals.COMMA)
SEMICOLONS = Numbers(mostly_point=False)


@given(
    st.decimals(
        min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False, places=9
    )
)
def test_an_amount_keeps_every_decimal(amount: Decimal) -> None:
    money = Numbers().amount(f"{amount:f}", "GBP")
    assert Decimal(money.units) + Decimal(money.nanos).scaleb(-9) == amount
    assert money.units * money.nanos >= 0  # both signs agree, as google.type.Money asks


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.sampled_from("., '"))
def test_a_number_is_the_same_however_it_is_grouped(amount: Decimal, group: str) -> None:
    decimal = "," if group == "." else "."
    text = f"{amount:,.2f}".translate(str.maketrans(",.", group + decimal))
    assert Numbers(Decimals.COMMA if decimal == "," else None).read(text, "n") == amount


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4,180.50", "4180.50"),
        ("(36.00)", "-36.00"),
        ("36.00-", "-36.00"),
        ("- 36.00", "-36.00"),
        ("−36", "-36"),
        ("£36.00", "36.00"),
        ("-£36.00", "-36.00"),
        ("36 GBP", "36"),
        ("GBP 1,234,567", "1234567"),
        ("３６．５", "36.5"),
        (".5", "0.5"),
        ("0.001", "0.001"),
        ("4.180", "4.180"),
    ],
)
def test_signs_and_thousands_are_read(text: str, value: str) -> None:
    assert Numbers().read(text, "amount", "GBP") == Decimal(value)


@pytest.mark.parametrize(
    ("numbers", "text", "value"),
    [
        (COMMA, "7,50", "7.50"),
        (COMMA, "4.180,50", "4180.50"),
        (COMMA, "1.234.567", "1234567"),
        (COMMA, "4,180", "4.180"),
        (Numbers(Decimals.COMMA, thousands=True), "4.180", "4180"),
        (Numbers(thousands=True), "4,180", "4180"),
        (Numbers(Decimals.POINT, mostly_point=False), "4.180", "4.180"),
        (SEMICOLONS, "7.50", "7.50"),
    ],
)
def test_the_user_says_what_stands_before_decimals(numbers: Numbers, text: str, value: str) -> None:
    assert numbers.read(text, "amount") == Decimal(value)


@pytest.mark.parametrize(
    ("numbers", "text", "advice"),
    [
        (Numbers(), "4,180", "could be 4180 or 4.180: write 4180, or say --thousands"),
        (COMMA, "4.180", "could be 4180 or 4.180: write 4180, or say --thousands"),
        (
            SEMICOLONS,
            "4.180",
            "could be 4.180 or 4180: say --decimal point for 4.180, or --decimal comma --thousands",
        ),
        (SEMICOLONS, "4,180", "--decimal point --thousands for 4180, or --decimal comma for 4.180"),
        (Numbers(), "7,50", "has a decimal comma: say --decimal comma"),
    ],
)
def test_what_could_be_two_numbers_is_asked_about(numbers: Numbers, text: str, advice: str) -> None:
    with pytest.raises(BadValue, match=advice):
        numbers.read(text, "amount")


@pytest.mark.parametrize(
    "text",
    [
        *("", "abc", "NaN", "Infinity", "1e5", "1_000", "12 5", "(-5)", "--5", "1,23.50", "1.5.5"),
        *("٣", "-5-", "(5)-", "(5", "5)", "£5 GBP", "GBP £5"),
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"is not a number like 1234\.50"):
        Numbers(Decimals.POINT).read(text, "amount", "GBP")


@pytest.mark.parametrize(
    ("text", "currency"), [("€36.00", "GBP"), ("36 USD", "EUR"), ("¥36", "USD"), ("$36", "EUR")]
)
def test_an_amount_in_another_currency_than_its_row_is_refused(text: str, currency: str) -> None:
    with pytest.raises(BadValue, match=f"and its row in {currency}"):
        Numbers().read(text, "amount", currency)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.0000000001", "more than 9 decimals"),
        ("123456789012345.1234567890000000001", "more than 9 decimals"),
        ("1000000000000000", "too large"),
    ],
)
def test_an_amount_that_cannot_be_kept_exactly_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        Numbers().amount(text, "GBP")


@pytest.mark.parametrize(("text", "whole"), [("6", 6), ("-12", -12), ("3.00", 3), ("(2)", -2)])
def test_a_whole_number_may_be_written_with_decimals(text: str, whole: int) -> None:
    assert Numbers().whole(text, "quantity") == whole


@pytest.mark.parametrize("text", ["1.5", "0.5", "six", "", "3 pcs"])
def test_half_a_piece_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match=f"quantity '{text}' is not a whole number"):
        Numbers().whole(text, "quantity")


@pytest.mark.parametrize(
    "text", [str(2**63), str(-(2**63)), "4006381333931400638133", "9" * 5_000], ids=len
)
def test_a_whole_number_that_no_field_holds_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is too large"):
        Numbers().whole(text, "quantity")


def test_the_largest_whole_number_is_read() -> None:
    assert Numbers().whole(str(2**63 - 1), "quantity") == 2**63 - 1
