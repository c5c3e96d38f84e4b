"""Texts that people take for the same have the same normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.normal import digits, folded, phone_keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cre\u0301me Süd", "CRÉME  SÜD "),
        ("ＤＥＬＴＡ　ＡＧ", "delta ag"),
        ("STRASSE", "straße"),
        ("Info@X.example", "info@x.EXAMPLE"),
    ],
)
def test_case_width_and_composition_make_no_difference(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    ("number", "found_by"),
    [("+44 (0)20 7946-0000", "4402079460000"), ("０３０ １２", "03012"), ("021转8", "0218")],
)
def test_a_phone_number_is_its_digits(number: str, found_by: str) -> None:
    assert digits(number) == found_by


@pytest.mark.parametrize(
    ("phone", "keys"),
    [
        ("020 7946 1234", ("02079461234",)),
        ("020 7946 1234 ext. 5", ("020794612345", "02079461234")),
        ("+44 20 7946 1234;ext=5", ("4420794612345", "442079461234")),
        ("(020) 7946-1234x12", ("0207946123412", "02079461234")),
        ("020 7946 1234 Extension 5", ("020794612345", "02079461234")),
        ("030 123456 #7", ("0301234567", "030123456")),
        ("030 123456 (Durchwahl 7)", ("0301234567", "030123456")),
        ("021-6355转88", ("021635588", "0216355")),
        ("０２１-6355 ＥＸＴ ８", ("02163558", "0216355")),
        ("030 123456 Fax 7", ("0301234567",)),
        ("ext. 12345", ("12345",)),
        ("x 5 020 7946", ("50207946",)),
    ],
)
def test_a_number_is_found_with_its_extension_and_without(
    phone: str, keys: tuple[str, ...]
) -> None:
    assert phone_keys(phone) == keys
