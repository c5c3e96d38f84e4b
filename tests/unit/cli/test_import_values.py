"""Cells of a file become exact values, or say what is wrong with them."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.imports.values import (
    BadValue,
    Identifiers,
    content_id,
    parse_choice,
    parse_money,
    parse_quantity,
    parse_time,
)


@given(
    st.decimals(
        min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False, places=9
    )
)
def test_an_amount_keeps_every_decimal(amount: Decimal) -> None:
    money = parse_money(str(amount), "GBP")
    assert Decimal(money.units) + Decimal(money.nanos).scaleb(-9) == amount
    assert money.units * money.nanos >= 0  # both signs agree, as google.type.Money asks


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "0.0000000001", "1e16"])
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="amount"):
        parse_money(text, "GBP")


@pytest.mark.parametrize(("text", "quantity"), [("6", 6), ("-12", -12)])
def test_a_quantity_is_a_whole_number(text: str, quantity: int) -> None:
    assert parse_quantity(text) == quantity


@pytest.mark.parametrize("text", ["0", "1.5", "six", ""])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="quantity"):
        parse_quantity(text)


def test_a_time_without_an_offset_is_local_time_of_the_zone() -> None:
    time = parse_time("2011-07-01 09:27:00", ZoneInfo("Europe/London"))
    assert time.ToDatetime(UTC) == datetime(2011, 7, 1, 8, 27, tzinfo=UTC)


def test_a_time_with_an_offset_keeps_it() -> None:
    time = parse_time("2011-07-01T09:27:00+08:00", ZoneInfo("Europe/London"))
    assert time.ToDatetime(UTC) == datetime(2011, 7, 1, 1, 27, tzinfo=UTC)


def test_a_time_in_another_form_is_refused_with_an_example() -> None:
    with pytest.raises(BadValue, match=r"12/1/2010.*is not like 2026-03-31"):
        parse_time("12/1/2010 8:26", ZoneInfo("UTC"))


def test_a_choice_is_found_in_any_case_and_spelling() -> None:
    assert parse_choice("trade event", {"TRADE_EVENT": 8}, "channel") == 8


def test_an_unknown_choice_is_told_the_known_ones() -> None:
    with pytest.raises(BadValue, match="channel 'fax' is none of PHONE, WEBSITE"):
        parse_choice("fax", {"WEBSITE": 1, "PHONE": 5}, "channel")


@pytest.mark.parametrize(
    ("key", "identifier"),
    [("85123A", "85123a"), ("BANK CHARGES", "bank-charges"), ("gift_0001_20", "gift-0001-20")],
)
def test_a_company_key_becomes_an_id(key: str, identifier: str) -> None:
    assert Identifiers("product").id_of(key) == identifier


def test_keys_that_differ_in_case_only_are_the_same_thing() -> None:
    ids = Identifiers("product")
    assert ids.id_of("15056BL") == ids.id_of("15056bl")


def test_different_keys_never_become_one_thing_silently() -> None:
    ids = Identifiers("order")
    ids.id_of("INV/1")
    with pytest.raises(BadValue, match="would both be 'inv-1'"):
        ids.id_of("INV 1")


@given(st.text(max_size=80))
def test_an_id_fits_the_contract_or_the_key_is_refused(key: str) -> None:
    try:
        identifier = Identifiers("order").id_of(key)
    except BadValue:
        return
    assert 1 <= len(identifier) <= 63
    assert identifier[0] != "-"
    assert identifier[-1] != "-"
    assert set(identifier) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_same_content_has_the_same_id_and_other_content_another() -> None:
    assert content_id("t", "a", "b") == content_id("t", "a", "b")
    assert content_id("t", "a", "b") != content_id("t", "ab", "")
