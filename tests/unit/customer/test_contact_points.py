"""How phone numbers and email addresses are read, beside what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.contact_points.model import (
    EmailAddress,
    PhoneKind,
    PhoneNumber,
    phones_keys,
    read_email,
    read_phone,
)


@pytest.mark.parametrize(
    ("number", "country", "canonical", "extension"),
    [
        ("+44 20 7946 0018", "", "+442079460018", ""),
        ("0044 20 7946 0018", "DE", "+442079460018", ""),
        ("0044 20 7946 0018", "", "+442079460018", ""),
        ("138 1234 5678", "CN", "+8613812345678", ""),
        ("（021）5550－0100", "CN", "+862155500100", ""),
        ("０２１－５５５０－０１００", "CN", "+862155500100", ""),
        ("010-62782019转123", "CN", "+861062782019", "123"),
        ("(212) 555-0100 x11", "US", "+12125550100", "11"),
        ("(212) 555-0100 ext. 11", "US", "+12125550100", "11"),
        ("030 901820 Durchwahl 7", "DE", "+4930901820", "7"),
        ("+1-212-555-0100;ext=5", "", "+12125550100", "5"),
    ],
)
def test_a_number_is_read_as_it_is_dialled_from_anywhere(
    number: str, country: str, canonical: str, extension: str
) -> None:
    read = read_phone(PhoneNumber(number, PhoneKind.WORK), country)
    assert read == (number, PhoneKind.WORK, canonical, extension)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("020 7946 0018", ""),
        ("0171-1", "GB"),
        ("reception 123", "DE"),
        ("+999 123456", "DE"),
        ("9" * 60, "DE"),
    ],
)
def test_a_number_that_nobody_could_dial_is_kept_and_has_no_normal_form(
    number: str, country: str
) -> None:
    assert read_phone(PhoneNumber(number), country) == PhoneNumber(number)


def test_two_spellings_of_a_number_have_a_key_in_common() -> None:
    one, other = (
        set(phones_keys([read_phone(PhoneNumber(number), "GB")]))
        for number in ("+44 (0)20 7946 0018", "020 7946 0018")
    )
    assert "442079460018" in one & other


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("Ann.Lee@Example.ORG", "ann.lee@example.org"),
        ("kai@GRU\u0308N.example", "kai@grün.example"),
        ("kai@xn--grn-ioa.example", "kai@grün.example"),
        ("张三@例子.中国", "张三@例子.中国"),
        ("a..b@example.org", ""),
        ("ann@localhost", ""),
        ("ann@example..org", ""),
    ],
)
def test_an_address_is_read_in_the_form_that_its_spellings_share(
    address: str, canonical: str
) -> None:
    assert read_email(EmailAddress(address)) == EmailAddress(address, None, canonical)


@given(number=st.text(max_size=64), country=st.sampled_from(["", "CN", "US", "ZZ"]))
def test_whatever_is_written_is_kept(number: str, country: str) -> None:
    read = read_phone(PhoneNumber(number), country)
    assert read.number == number
    assert read.canonical_number == "" or read.canonical_number[1:].isdigit()


@given(address=st.text(max_size=254))
def test_whatever_is_written_as_an_address_is_kept(address: str) -> None:
    assert read_email(EmailAddress(address)).address == address
