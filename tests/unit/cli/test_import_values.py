"""Cells of a file become times, choices and clean text, or say what is wrong with them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cli.imports.cells import BadValue, clean, usual_width
from cli.imports.values import Times, content_id, listed, parse_choice

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    "text",
    [
        *("nan", "NULL", "NaN", "\\N", "#N/A", "<NA>", "NaT", "N/A", "n/a", "Null", "None"),
        *("NONE", "#VALUE!", "#REF!", "#NAME?"),
        *("#DIV/0!", "#NUM!", "#NULL!", "#ERROR!", "N/A\u200b", " nan ", "  ", "\ufeff", '=""'),
    ],
)
def test_what_programs_write_for_no_value_is_no_value(text: str) -> None:
    assert clean(text, "region") == ""


@pytest.mark.parametrize("text", ["NA", "nano", "0", "#1", "😀", "#REF", "#SALE!", "n/a yet"])
def test_what_only_looks_like_it_is_a_value(text: str) -> None:
    assert clean(text, "customer") == text


@pytest.mark.parametrize("text", ["-", "--", "–", "?", "./.", "…", "- -", "－", "-" * 40, '="-"'])
@pytest.mark.parametrize("field", ["customer", "company", "name", "region", "owner", "phones"])
def test_signs_without_a_letter_or_a_digit_are_no_value(text: str, field: str) -> None:
    assert clean(text, field) == ""


@pytest.mark.parametrize("field", ["unit_price", "quantity", "currency", "content", "subject"])
def test_a_dash_for_a_price_and_in_prose_is_one(field: str) -> None:
    assert clean("-", field) == "-"


@pytest.mark.parametrize("text", ["Nan", "Null", "None", "Nat"])
@pytest.mark.parametrize("field", ["name", "given_name", "family_name", "customer_name"])
def test_people_may_be_called_like_no_value(text: str, field: str) -> None:
    assert clean(text, field) == text
    assert clean(text.upper(), field) == ""
    assert clean(text, "region") == ""


@pytest.mark.parametrize("text", ["#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#name?"])
@pytest.mark.parametrize(
    "field", ["order", "original_order", "product", "unit_price", "currency", "exchange_rate"]
)
def test_an_error_where_an_order_would_be_another_without_is_refused(text: str, field: str) -> None:
    with pytest.raises(
        BadValue, match=f"{field} is {text}, the error of a spreadsheet".replace("?", r"\?")
    ):
        clean(text, field)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("IV\u200b-\ufeffC", "IV-C"),
        ("So\u00adphie", "Sophie"),
        ("IV\u2011C\u00a07\u202f", "IV-C 7"),
        ("\u202a+44 20 7946 0105\u202c", "+44 20 7946 0105"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # without it, other letters are to be seen
        ("\u0600\u0661", "\u0600\u0661"),
    ],
)
def test_what_cannot_be_seen_is_dropped_from_a_cell(text: str, seen: str) -> None:
    assert clean(text, "name") == seen


@pytest.mark.parametrize(
    ("character", "plain"),
    [("\u2010", "-"), ("\u2011", "-"), ("\u00a0", " "), ("\u2007", " "), ("\u202f", " ")],
)
def test_hyphens_and_spaces_of_typesetters_are_the_usual_ones(character: str, plain: str) -> None:
    assert clean(f"A{character}7", "name") == f"A{plain}7"


def test_every_form_of_another_width_is_the_usual_character() -> None:
    for code in (0x3000, *range(0xFF00, 0x10000)):
        character = chr(code)
        usual = unicodedata.normalize("NFKC", character)
        is_form = unicodedata.decomposition(character).startswith(("<wide>", "<narrow>"))
        assert usual_width(f"a{character}") == (f"a{usual}" if is_form else f"a{character}")


# Prepended_Concatenation_Mark: https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt
@pytest.mark.parametrize(
    "sign",
    [chr(code) for code in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2)]
    + ["\U000110bd", "\U000110cd"],
)
def test_a_sign_that_stands_before_a_number_is_seen(sign: str) -> None:
    assert clean(f"{sign}1", "name") == f"{sign}1"


def test_prose_is_kept_as_it_was_written() -> None:
    text = "5\u00a0kg 👩\u200d🔧 \u200fשלום\u200e"
    assert clean(text, "content") == text


@pytest.mark.parametrize(("text", "value"), [('="00123"', "00123"), ('="N/A"', ""), ("=A1", "=A1")])
def test_a_formula_that_is_a_text_is_that_text(text: str, value: str) -> None:
    assert clean(text, "customer") == value


def test_text_is_composed_and_its_lines_end_in_newlines() -> None:
    assert clean("Cre\u0301me\r\nNord\rSüd", "name") == "Créme\nNord\nSüd"


@pytest.mark.parametrize("text", ["pi\0pe", "pi\x07pe", "pi\x85pe"])
def test_a_control_character_is_refused_with_the_fields_name(text: str) -> None:
    with pytest.raises(BadValue, match=r"description holds the control character U\+00"):
        clean(text, "description")


def test_a_time_without_an_offset_is_local_time_of_the_zone() -> None:
    time = Times(LONDON).read("2011-07-01 09:27:00")
    assert time.ToDatetime(UTC) == datetime(2011, 7, 1, 8, 27, tzinfo=UTC)


def test_a_day_begins_at_midnight_of_the_zone() -> None:
    time = Times(ZoneInfo("Asia/Shanghai")).read("2026-05-01")
    assert time.ToDatetime(UTC) == datetime(2026, 4, 30, 16, tzinfo=UTC)


def test_a_time_with_an_offset_keeps_it() -> None:
    time = Times(LONDON).read("2011-07-01T09:27:00.250001+08:00")
    assert time.ToDatetime(UTC) == datetime(2011, 7, 1, 1, 27, 0, 250_001, tzinfo=UTC)


def test_a_time_in_another_form_is_refused_with_an_example_and_the_option() -> None:
    with pytest.raises(BadValue, match=r"12/1/2010.*is not like 2026-03-31.*--date-format"):
        Times(LONDON).read("12/1/2010 8:26")


def test_the_user_says_how_times_are_written() -> None:
    times = Times(LONDON, "%d.%m.%Y %H:%M")
    assert times.read("01.07.2011 09:27").ToDatetime(UTC) == datetime(2011, 7, 1, 8, 27, tzinfo=UTC)
    exact = Times(LONDON, "%d.%m.%Y %H:%M:%S.%f").read("01.07.2011 09:27:05.000007")
    assert exact.ToDatetime(UTC) == datetime(2011, 7, 1, 8, 27, 5, 7, tzinfo=UTC)
    with pytest.raises(BadValue, match=r"is not like %d.%m.%Y %H:%M"):
        times.read("2011-07-01 09:27")


BERLIN = ZoneInfo("Europe/Berlin")
LATE = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", [" UTC", "UTC", " GMT", "Z", " Z", "Ｚ"])
@pytest.mark.parametrize("form", ["", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S%z"])
def test_utc_behind_a_time_is_its_zone(zone: str, form: str) -> None:
    form = form.replace(" %Z", "%Z") if not zone.startswith(" ") else form.replace("%z", " %z")
    time = Times(BERLIN, form).read(f"2026-01-05 23:30:00{zone}")
    assert time.ToDatetime(UTC) == LATE


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "2026-01-05T23:30:00Z"),
        ("%d.%m.%Y %H:%M UTC", "05.01.2026 23:30 UTC"),
        ("%H:%M %Z %d.%m.%Y", "23:30 UTC 05.01.2026"),
        ("Zeit %Y-%m-%d %H:%M GMT%z", "Zeit 2026-01-06 00:30 GMT+0100"),
        ("%d.%m.%Y %H:%M %z (%Z)", "05.01.2026 23:30 +0000 (UTC)"),
    ],
)
def test_utc_that_the_user_writes_into_the_form_is_the_zone(form: str, text: str) -> None:
    assert Times(BERLIN, form).read(text).ToDatetime(UTC) == LATE


@pytest.mark.parametrize("form", ["", "%Y-%m-%d %H:%M:%S %Z"])
@pytest.mark.parametrize("zone", ["EST", "CET", "IST"])
def test_the_name_of_another_zone_is_refused(
    form: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.tzname", ("CET", "CEST"))
    with pytest.raises(BadValue, match=f"names the zone {zone}, which may be several: write its"):
        Times(BERLIN, form).read(f"2026-01-05 23:30:00 {zone}")
    with pytest.raises(BadValue, match="PM' is not like"):
        Times(BERLIN).read("2026-01-05 10:00 PM")


@pytest.mark.parametrize(
    ("text", "happened"), [("2026-03-29 02:30", "never"), ("2025-10-26 02:30", "twice")]
)
def test_a_time_that_summer_skips_or_repeats_is_not_guessed(text: str, happened: str) -> None:
    with pytest.raises(BadValue, match=f"'{text}' was {happened} in Europe/Berlin, .*its offset"):
        Times(BERLIN).read(text)
    assert Times(BERLIN).read(f"{text}+01:00").ToDatetime(UTC).hour == 1


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [("America/Sao_Paulo", "2018-11-04", 3), ("America/Havana", "2025-11-02", 4)],
)
def test_a_day_begins_also_where_summer_does_at_midnight(zone: str, day: str, hour: int) -> None:
    assert Times(ZoneInfo(zone)).read(day).ToDatetime(UTC).hour == hour


def test_a_choice_is_found_in_any_case_and_spelling() -> None:
    assert parse_choice("trade event", {"TRADE_EVENT": 8}, "channel") == 8


def test_an_unknown_choice_is_told_the_known_ones() -> None:
    with pytest.raises(BadValue, match=r"channel 'fax' is none of PHONE, WEBSITE$"):
        parse_choice("fax", {"CHANNEL_UNSPECIFIED": 0, "WEBSITE": 1, "PHONE": 5}, "channel")


def test_several_values_stand_in_one_cell() -> None:
    assert listed("a; b；c\nd;") == ["a", "b", "c", "d"]


def test_the_same_content_has_the_same_id_and_other_content_another() -> None:
    assert content_id("t", "a", "b") == content_id("t", "a", "b")
    assert content_id("t", "a", "b") != content_id("t", "ab", "")


def test_it_has_it_in_every_release_too() -> None:
    assert content_id("t", "a", "b") == "t-f04cdced9736a69da6103f08a4daaf8c"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("45385", "is a spreadsheet's day number: format the column as a date"),
        ("45385.4375", "is a spreadsheet's day number"),
        ("45385,4375", "is a spreadsheet's day number"),
        ("1712102400", "is a Unix time: write it as a time"),
        ("1712102400.5", "is a Unix time"),
        ("1712102400000", "is a Unix time"),
        ("123", "is not like 2026-03-31 17:05:00"),
    ],
)
def test_a_time_that_programs_count_is_told_as_what_it_is(text: str, told: str) -> None:
    with pytest.raises(BadValue, match=told):
        Times(LONDON).read(text)
