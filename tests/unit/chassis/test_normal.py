"""Texts that people take for the same have the same normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.normal import digits, folded


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
