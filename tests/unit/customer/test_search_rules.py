"""Finding customers: what is compared, what matches, and that the index leads to whoever does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.chassis.creation import New
from services.chassis.errors import DomainError
from services.customer.contact_points.model import EmailAddress, PhoneNumber
from services.customer.customers.model import Customer, Draft, register, search_text
from services.customer.customers.model.search_texts import SearchField, lines_of
from services.customer.customers.model.spelling import compared, readings
from services.customer.search.model import (
    PLACES_IN_BLOCK,
    Found,
    Places,
    Rank,
    Seen,
    find_in,
    packed,
    paths_of,
    read_query,
    text_grams,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMES = st.text(min_size=1, max_size=40).filter(lambda name: bool(compared(name)))
HAN = st.text("张偉伟明單单曾仇解銀银行上海貿贸易有限公司呂吕", min_size=2, max_size=8)


def known(name: str = "Ann", **fields: object) -> Customer:
    draft = Draft(display_name=name, **fields)  # type: ignore[arg-type] # each test its own
    return register(New("customers/known", draft, b""), owner="", team="", at=NOON, etag="1")


def seen(customer: Customer) -> Seen:
    text = search_text(customer).text
    named = (customer.name, customer.display_name, customer.kind, customer.owner)
    return Seen(*named, customer.update_time, text)


def found(customer: Customer, typed: str) -> Found | None:
    """Who is found, and is led to by the index as well."""
    query = read_query(typed)
    match = find_in(seen(customer), query)
    if match is not None and match.field is not SearchField.ID:
        grams = text_grams(lines_of(search_text(customer).text))
        assert any(
            all(grams.issuperset(path.within) or path.reading in grams for path in paths_of(words))
            for words in query.alternatives
        ), f"nothing leads to {customer.display_name!r} for {typed!r}"
    return match


def rank(name: str, typed: str) -> Rank | None:
    match = found(known(name), typed)
    return None if match is None else match.rank


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Nordlicht Trading GmbH", "nord"),
        ("Nordlicht Trading GmbH", "ordli"),
        ("Nordlicht Trading GmbH", "TRADING nordl"),
        ("Nordlicht", "nord licht"),
        ("Café Größe", "cafe grosse"),
        ("Café Größe", "CAFÉ"),
        ("Łukasz Øst", "lukasz ost"),
        ("Ｎｏｒｄ", "nord"),
        ("O’Brien & Sons", "obrien"),
        ("O'Brien & Sons", "o'brien sons"),
        ("Anna Smith", "smith a"),
        ("上海贸易有限公司", "贸易"),
        ("上海贸易有限公司", "易"),
        ("上海贸易有限公司", "貿易"),
        ("張偉明", "张伟"),
        ("张伟明", "張偉明"),
        ("张伟明", "zhangweiming"),
        ("张伟明", "Zhang Wei Ming"),
        ("张伟明", "weiming"),
        ("张伟明", "zhangw"),
        ("张伟明", "zwm"),
        ("张伟明", "zw"),
        ("单雄信", "shan"),
        ("单雄信", "danxiongxin"),
        ("单雄信", "sxx"),
        ("曾国藩", "zengguofan"),
        ("曾国藩", "ceng"),
        ("仇英", "qiuying"),
        ("解缙", "xiejin"),
        ("查良镛", "zha"),
        ("区伯", "ou bo"),
        ("重庆银行", "chongqing yinhang"),
        ("呂布", "lvbu"),
        ("呂布", "lubu"),
        ("การค้า", "การ"),
        ("Nord 上海贸易", "nord maoyi"),
    ],
)
def test_a_name_is_found_however_it_is_typed(name: str, typed: str) -> None:
    assert found(known(name), typed) is not None


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Nordlicht", "sued"),
        ("Nordlicht Trading", "nordlicht gmbh"),
        ("Nordlicht", "o licht"),
        ("张伟明", "angwei"),
        ("张伟明", "eiming"),
        ("张伟明", "伟张"),
        ("张伟明", "wm zhao"),
    ],
)
def test_what_a_name_has_not_finds_nobody(name: str, typed: str) -> None:
    assert found(known(name), typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "+44 20 7946 0018",
        "0044 20 7946 0018",
        "020 7946 0018",
        "02079460018",
        "+44 (0)20 7946 0018",
        "7946-0018",
        "0018",
        "946",
        "７９４６",
    ],
)
def test_a_phone_number_is_found_by_any_run_of_it(typed: str) -> None:
    match = found(known(phones=(PhoneNumber("+44 20 7946 0018"),)), typed)
    assert match is not None
    assert (match.field, match.text) == (SearchField.PHONE, "+44 20 7946 0018")


def test_a_number_that_cannot_be_read_is_found_as_it_is_written() -> None:
    assert found(known(phones=(PhoneNumber("0815/4711"),)), "0815 47") is not None


def test_two_digits_find_no_phone() -> None:
    assert found(known(phones=(PhoneNumber("+44 20 7946 0018"),)), "18") is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ann.smith@nordlicht.example", Rank.EXACT_KEY),
        ("ANN.SMITH@nordlicht.example", Rank.EXACT_KEY),
        ("ann.smi", Rank.WORD_BEGINS),
        ("nordlicht.ex", Rank.WORD_BEGINS),
        ("@nordl", Rank.WORD_BEGINS),
        ("rdlic", Rank.WITHIN),
        ("mith", Rank.WITHIN),
    ],
)
def test_an_address_is_found_by_any_part_of_it(typed: str, expected: Rank) -> None:
    customer = known("Zoe", emails=(EmailAddress("Ann.Smith@nordlicht.example"),))
    match = found(customer, typed)
    assert match is not None
    shown = (match.field, match.rank, match.text)
    assert shown == (SearchField.EMAIL, expected, "Ann.Smith@nordlicht.example")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("C-1042", Rank.EXACT_KEY), ("c-10", Rank.WORD_BEGINS), ("042", Rank.WITHIN)],
)
def test_an_external_id_is_found(typed: str, expected: Rank) -> None:
    match = found(known(external_ids={"shop": "C-1042"}), typed)
    assert match is not None
    assert (match.field, match.rank) == (SearchField.EXTERNAL_ID, expected)


@pytest.mark.parametrize("typed", ["known", "customers/known", " KNOWN "])
def test_a_customer_is_found_by_their_own_id(typed: str) -> None:
    match = found(known(), typed)
    assert match is not None
    assert (match.field, match.rank) == (SearchField.ID, Rank.EXACT_KEY)


def test_the_better_a_name_matches_the_further_up_it_stands() -> None:
    assert [rank(name, "lin") for name in ("Lin", "Linde AG", "Ann Linde", "Berlin")] == [
        Rank.EXACT_NAME,
        Rank.NAME_BEGINS,
        Rank.WORD_BEGINS,
        Rank.WITHIN,
    ]


def test_given_and_family_name_are_found_beside_another_name() -> None:
    customer = known("Bob's Bikes", given_name="Robert", family_name="Miller")
    match = found(customer, "miller rob")
    assert match is not None
    assert match.text == "Robert Miller"


def test_a_field_is_told_by_the_longest_word() -> None:
    customer = known("Ann Smith", emails=(EmailAddress("ann@nordlicht.example"),))
    match = found(customer, "ann nordlicht")
    assert match is not None
    assert match.field is SearchField.EMAIL


@pytest.mark.parametrize("typed", ["a", "7", "-", "…", "!?", "é", " \u3000 "])
def test_a_query_that_says_too_little_is_refused(typed: str) -> None:
    with pytest.raises(DomainError) as error:
        read_query(typed)
    assert error.value.reason == "QUERY_TOO_SHORT"


def test_more_than_twelve_words_are_refused() -> None:
    with pytest.raises(DomainError) as error:
        read_query(" ".join(f"word{number}" for number in range(13)))
    assert error.value.reason == "QUERY_TOO_MANY_WORDS"


@given(st.text(max_size=200), NAMES)
def test_whatever_is_typed_is_found_or_refused(typed: str, name: str) -> None:
    try:
        found(known(name), typed)
    except DomainError as error:
        assert error.reason in {"QUERY_TOO_SHORT", "QUERY_TOO_MANY_WORDS"}  # noqa: PT017 - most are found


@given(NAMES, st.data())
@example("İstanbul", None)
@example("ﷺ", None)
def test_every_name_is_found_by_its_words_and_their_parts(
    name: str, data: st.DataObject | None
) -> None:
    customer = known(name)
    words = compared(name).split()
    for word in words[:12]:
        if data is None or len(word) < 2:
            part = word
        else:
            begin = data.draw(st.integers(0, len(word) - 2))
            part = word[begin : data.draw(st.integers(begin + 2, len(word)))]
        try:
            read_query(part)
        except DomainError:
            continue
        assert found(customer, part) is not None


@given(NAMES)
def test_every_name_is_found_as_it_is_written(name: str) -> None:
    words = set(compared(name).split())
    assume(len("".join(words)) > 1 and len(words) <= 12)
    match = found(known(name), name)
    assert match is not None
    assert match.rank <= Rank.EXACT_NAME


@given(HAN)
def test_every_chinese_name_is_found_by_each_of_its_readings(name: str) -> None:
    customer = known(name)
    for reading in readings(compared(name)):
        for typed in (reading.whole, " ".join(dict.fromkeys(reading.syllables))):
            assert found(customer, typed) is not None
        for end in range(2, len(reading.initials) + 1):
            assert found(customer, reading.initials[:end]) is not None


@given(NAMES)
def test_what_is_compared_stays_as_it_is(name: str) -> None:
    assert compared(compared(name)) == compared(name)


@given(st.sets(st.integers(0, PLACES_IN_BLOCK - 1)))
def test_places_come_back_from_what_is_kept_of_them(places: set[int]) -> None:
    kept = packed(sorted(places))
    assert len(kept) <= 1_024
    back = Places.of([3, 7], [(7, kept), (99, kept)])
    chunks = list(back.newest_first(100))
    newest = [7 * PLACES_IN_BLOCK + at for at in sorted(places)[::-1]]
    assert [place for chunk in chunks for place in chunk] == newest
    assert len(back) == len(places)
