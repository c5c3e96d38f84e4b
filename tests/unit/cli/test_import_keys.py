"""A company's keys become ids: two keys never one, one key never two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.imports.cells import BadValue, folded
from cli.imports.keys import Spellings, as_meant, id_of


@pytest.mark.parametrize(
    ("key", "identifier"),
    [("85123A", "85123a"), ("C536379", "c536379"), ("north-7", "north-7"), ("１２Ａ", "12a")],
)
def test_a_key_that_can_be_an_id_stays_as_it_is(key: str, identifier: str) -> None:
    assert id_of("product", key) == identifier


def test_another_key_keeps_what_can_be_read_of_it() -> None:
    assert id_of("product", "BANK CHARGES").startswith("bank-charges-")
    assert id_of("customer", "Grün & Söhne").startswith("grun-sohne-")


@pytest.mark.parametrize(
    ("key", "identifier"),
    [
        ("BANK CHARGES", "bank-charges-sgqohpfp3q4qhi36"),
        ("Grün & Söhne", "grun-sohne-i0vu9s722f3nn5mf"),
        ("张伟", "kegblv8btra4r4qh"),
        ("x" * 46 + " y", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-i7ffog4b28d0im3f"),
        ("x" * 45 + " y", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-k3r3gn5k4cburctd"),
        ("x" * 63, "x" * 63),
        ("x" * 64, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-fjgg15ovcjjg07kf"),
    ],
)
def test_a_key_has_the_same_id_in_every_release(key: str, identifier: str) -> None:
    assert id_of("customer", key) == identifier


@pytest.mark.parametrize(
    "keys",
    [
        ("张伟-3", "李娜-3"),
        ("Müller", "Möller", "Muller"),
        ("Weiß", "Weiss"),
        ("A+", "A-", "A", "A#", "A."),
        ("INV/1", "INV 1", "INV-1", "INV_1"),
        ("x" * 70, "x" * 71),
        ("Иванов", "Петров"),
        ("۱۲", "12"),
    ],
)
def test_different_keys_have_different_ids(keys: tuple[str, ...]) -> None:
    assert len({id_of("customer", key) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Q-17", " q-17", "Q-17\u00a0", "Ｑ-17"),
        ("Q-17", "Q-17\u200b", "\ufeffQ-17", "Q\u201117", "Q\u00ad-17", "Q-\u200d17"),
        ("BANK CHARGES", "BANK\u00a0CHARGES", "bank\u202fcharges"),
        ("Grün & Söhne", "GRÜN & SÖHNE", "Gru\u0308n & So\u0308hne"),
        ("88017", "88017.0"),
        ("INV 77", "INV  77", "inv\u00a0 77", "INV\t77", "INV\n77"),
        ("00123", "'00123", " '00123"),
        ("ﾊﾞﾅﾅ", "バナナ"),
    ],
)
def test_a_key_has_one_id_in_whatever_way_it_is_typed(spellings: tuple[str, ...]) -> None:
    assert len({id_of("customer", key) for key in spellings}) == 1


@given(st.lists(st.text(min_size=1, max_size=80), min_size=2, max_size=20))
def test_two_keys_share_an_id_only_if_they_are_one_key(keys: list[str]) -> None:
    normal_of_id: dict[str, str] = {}
    for key in keys:
        try:
            identifier = id_of("order", key)
        except BadValue:
            continue
        normal = as_meant(folded(key)).removesuffix(".0")
        assert normal_of_id.setdefault(identifier, normal) == normal
        assert id_of("order", identifier) == identifier
        assert 1 <= len(identifier) <= 63
        assert "-" not in (identifier[0], identifier[-1])
        assert set(identifier) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize("key", ["kim", "17-a", "grün & söhne"])
def test_where_case_counts_a_key_without_capitals_is_what_it_is_elsewhere(key: str) -> None:
    assert id_of("customer", key, case_counts=True) == id_of("customer", key)


def test_where_case_counts_keys_that_differ_in_it_have_different_ids() -> None:
    keys = ["001AbXyZ", "001ABXYZ", "001abxyz", "Grün", "grün", "GRÜN"]
    identifiers = {id_of("customer", key, case_counts=True) for key in keys}
    assert len(identifiers) == len(keys)
    assert all(id_of("customer", each, case_counts=True) == each for each in identifiers)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("0015g00000AbCdE", "0015g00000AbCdEAAV"),
        ("0015g00000aBcDe", "0015g00000aBcDeAAK"),
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("001500000012345", "001500000012345AAA"),
    ],
)
def test_where_case_counts_both_ids_of_a_salesforce_account_are_one(short: str, long: str) -> None:
    identifier = id_of("customer", short, case_counts=True)
    assert id_of("customer", long, case_counts=True) == identifier
    assert id_of("customer", f"{short}AAB", case_counts=True) != identifier
    assert id_of("customer", long.lower(), case_counts=True) != identifier
    spellings = Spellings()
    spellings.meet(identifier, short)
    spellings.meet(identifier, long)
    assert not spellings.doubtful


@pytest.mark.parametrize("key", ["1,5", "1234,567", "17,8500", "17,850-A", "17.850"])
def test_a_comma_that_separates_no_thousands_is_part_of_the_key(key: str) -> None:
    assert id_of("product", key)


@pytest.mark.parametrize(
    ("first", "second", "doubtful"),
    [
        (("KIM", "Kim Sand"), ("kim", "kim  SAND"), False),
        (("KIM", "Kim Sand"), ("kim", "Ann Sand"), True),
        (("KIM", "Kim Sand"), ("KIM", "Ann Sand"), False),
        (("KIM", "Kim Sand"), ("kim", ""), False),
        (("001Ab000001xYzA", ""), ("001AB000001xYza", ""), True),
        (("001Ab000001xYzA", ""), ("001AB000001XYZA", ""), False),
        (("cus_9s6XKzkNRiz8i3", ""), ("cus_9s6XKzkNRiz8I3", ""), True),
        (("Una.Smith1@x.example", ""), ("una.Smith1@x.example", ""), False),
        (("Grün & Söhne", ""), ("grün & Söhne", ""), False),
    ],
)
def test_keys_that_differ_only_in_case_are_one_unless_the_file_shows_two(
    first: tuple[str, str], second: tuple[str, str], doubtful: bool
) -> None:
    spellings = Spellings()
    for key, name in (first, second, first):
        spellings.meet(id_of("customer", key), key, name)
    assert bool(spellings.doubtful) == doubtful


def test_every_name_that_comes_with_a_spelling_counts() -> None:
    spellings = Spellings()
    for key, name in (("KIM", ""), ("kim", "Kim"), ("KIM", "Ann")):
        spellings.meet("kim", key, name)
    assert spellings.doubtful


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("--", "has no letter or digit"),
        ("", "customer is empty"),
        ("4.00512E+11", "was shortened by a spreadsheet"),
        ("17,850", "customer '17,850' may be 17850, as a spreadsheet shows it: export the column"),
        ("1,017,850", "may be 1017850"),
    ],
)
def test_what_names_nobody_for_certain_is_refused(key: str, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        id_of("customer", key)
