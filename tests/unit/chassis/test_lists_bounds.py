"""Lists at their bounds: sizes of pages, whole numbers, days, times, places of faults."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, SmallInteger, Table, Text, select

from services.chassis.errors import DomainError
from services.chassis.lists import filters
from services.chassis.lists.filters import parse
from services.chassis.lists.filters.sql import like_pattern
from services.chassis.lists.filters.syntax import Comparator, Literal, Restriction
from services.chassis.lists.filters.values import Bound, Moment, bound, plus_lost, read_moment
from services.chassis.lists.listing import Listing
from services.chassis.lists.page_token import decode
from services.chassis.lists.paging import Query, size_of_page
from services.chassis.store import Json, Name, Names, UtcTime
from tests.support.filter_rows import FIELDS, THINGS, TODAY

SMALLEST, LARGEST = -(2**63), 2**63 - 1
AT_MOST, AT_LEAST = Comparator.LESS_OR_EQUAL, Comparator.GREATER_OR_EQUAL


@pytest.mark.parametrize(
    ("asked", "size"), [(0, 50), (1, 1), (50, 50), (999, 999), (1_000, 1_000), (1_001, 1_000)]
)
def test_a_page_has_50_rows_or_as_many_as_are_asked_for_up_to_1000(asked: int, size: int) -> None:
    assert size_of_page(asked) == size


@pytest.mark.parametrize(("asked", "size"), [(0, 7), (3, 3), (2_000, 1_000)])
def test_a_list_may_have_a_default_of_its_own(asked: int, size: int) -> None:
    assert size_of_page(asked, default=7) == size


def test_a_page_is_read_with_one_row_more_which_tells_that_there_is_another_page() -> None:
    query = Query({}, {"name": THINGS.c.name}, "name", THINGS.c.name)
    page = query.page(select(THINGS.c.name), Listing(page_size=3))
    assert page.statement._limit == 4
    rows: list[Any] = [Told(name) for name in "abcd"]
    whole = page.cut(rows[:3])
    assert (whole.rows, whole.next_page_token) == (rows[:3], "")
    shown = page.cut(rows)
    assert (shown.rows, decode(shown.next_page_token).values) == (rows[:3], ("c",))
    shorter = page.cut(rows[:3], most=2)
    assert (shorter.rows, decode(shorter.next_page_token).values) == (rows[:2], ("b",))
    assert page.cut(rows[:2], most=9).next_page_token == ""
    assert page.cut(rows, most=9).rows == rows[:3]


class Told:
    """As much of a row of the database as a page looks at."""

    def __init__(self, name: str) -> None:
        self._mapping = {THINGS.c.name: name}


@pytest.mark.parametrize(
    ("comparator", "number", "expected"),
    [
        (Comparator.LESS, LARGEST, Bound(AT_MOST, LARGEST - 1)),
        (Comparator.LESS, LARGEST + 1, Bound(AT_MOST, LARGEST, always=True)),
        (Comparator.LESS, SMALLEST + 1, Bound(AT_MOST, SMALLEST)),
        (Comparator.LESS, SMALLEST, Bound(AT_MOST, None)),
        (Comparator.LESS_OR_EQUAL, LARGEST - 1, Bound(AT_MOST, LARGEST - 1)),
        (Comparator.LESS_OR_EQUAL, LARGEST, Bound(AT_MOST, LARGEST, always=True)),
        (Comparator.LESS_OR_EQUAL, SMALLEST, Bound(AT_MOST, SMALLEST)),
        (Comparator.LESS_OR_EQUAL, SMALLEST - 1, Bound(AT_MOST, None)),
        (Comparator.GREATER, SMALLEST, Bound(AT_LEAST, SMALLEST + 1)),
        (Comparator.GREATER, SMALLEST - 1, Bound(AT_LEAST, SMALLEST, always=True)),
        (Comparator.GREATER, LARGEST - 1, Bound(AT_LEAST, LARGEST)),
        (Comparator.GREATER, LARGEST, Bound(AT_LEAST, None)),
        (Comparator.GREATER_OR_EQUAL, SMALLEST + 1, Bound(AT_LEAST, SMALLEST + 1)),
        (Comparator.GREATER_OR_EQUAL, SMALLEST, Bound(AT_LEAST, SMALLEST, always=True)),
        (Comparator.GREATER_OR_EQUAL, LARGEST, Bound(AT_LEAST, LARGEST)),
        (Comparator.GREATER_OR_EQUAL, LARGEST + 1, Bound(AT_LEAST, None)),
        (Comparator.EQUAL, LARGEST, Bound(Comparator.EQUAL, LARGEST)),
        (Comparator.EQUAL, LARGEST + 1, Bound(Comparator.EQUAL, None)),
        (Comparator.EQUAL, SMALLEST, Bound(Comparator.EQUAL, SMALLEST)),
        (Comparator.EQUAL, SMALLEST - 1, Bound(Comparator.EQUAL, None)),
    ],
)
def test_a_comparison_with_a_number_beyond_64_bits_holds_always_or_never(
    comparator: Comparator, number: int, expected: Bound
) -> None:
    assert bound(comparator, Fraction(number)) == expected


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        (Comparator.LESS, Bound(AT_MOST, 2)),
        (Comparator.LESS_OR_EQUAL, Bound(AT_MOST, 2)),
        (Comparator.GREATER, Bound(AT_LEAST, 3)),
        (Comparator.GREATER_OR_EQUAL, Bound(AT_LEAST, 3)),
        (Comparator.EQUAL, Bound(Comparator.EQUAL, None)),
    ],
)
def test_between_whole_numbers_nothing_is_rounded(comparator: Comparator, expected: Bound) -> None:
    assert bound(comparator, Fraction(5, 2)) == expected


def days_of(text: str) -> list[object]:
    """What the parameters of a filter on a day are, today being 2024-03-01."""
    compiled = filters.compile(text, FIELDS, today=TODAY).compile()
    return list(compiled.params.values())


@pytest.mark.parametrize(
    ("text", "days"), [("days(0)", 0), ("days(7)", 7), ("days(-30)", -30), ("days(123456)", 123456)]
)
def test_days_are_counted_from_today(text: str, days: int) -> None:
    assert days_of(f"day = {text}") == [TODAY + timedelta(days=days)]


@pytest.mark.parametrize(
    "text", ["days()", "days(1, 2)", "days(1, x)", "days(1.5)", "days(1234567)", "days('')"]
)
def test_days_take_one_whole_number_of_up_to_six_digits(text: str) -> None:
    with pytest.raises(DomainError, match="days takes one whole number"):
        days_of(f"day = {text}")


@pytest.mark.parametrize("text", ["days(-738947)", "days(-999999)"])
def test_days_do_not_lead_out_of_the_calendar(text: str) -> None:
    assert days_of("day = days(-738945)") == [date(1, 1, 1)]
    with pytest.raises(DomainError, match="days leads out of the calendar at position 7"):
        days_of(f"day = {text}")


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2024-03-01T10:00:00Z", 0),
        ("2024-03-01t10:00:00z", 0),
        ("2024-03-01 10:00:00Z", 0),
        ("2024-03-01T12:00:00.5+02:00", 500_000),
        ("2024-03-01T04:30:00.123456-05:30", 123_456),
    ],
)
def test_a_time_is_that_one_microsecond(text: str, microsecond: int) -> None:
    start = datetime(2024, 3, 1, 10, 0, 0, microsecond, tzinfo=UTC)
    assert read_moment(text, UTC) == Moment(start, start + timedelta(microseconds=1))


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T10:00:00",
        "2024-03-01T10:00Z",
        "2024-03-01T10:00:00.1234567Z",
        "2024-03-01T25:00:00Z",
        "24-03-01T10:00:00Z",
        "9999-12-31T23:59:59.999999Z",
    ],
)
def test_what_is_no_time_of_the_calendar_is_none(text: str) -> None:
    assert read_moment(text, UTC) is None


def test_a_day_is_from_midnight_to_midnight() -> None:
    first = datetime(2024, 2, 29, tzinfo=UTC)
    assert read_moment("2024-02-29", UTC) == Moment(first, first + timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("2026-01-01T00:00:00 08:00", True),
        ("2026-01-01T00:00:00.25 08:00", True),
        ("2026-01-01T00:00:00+08:00", False),
        ("08:00", False),
        ("of 00:00 8:00", False),
    ],
)
def test_a_plus_that_a_url_has_eaten_is_noticed_and_nothing_else(text: str, lost: bool) -> None:
    assert bool(plus_lost(text)) is lost


def test_every_character_of_a_pattern_stands_for_itself() -> None:
    assert like_pattern("50%_!x", before="%", after="%") == "%50!%!_!!x%"
    assert like_pattern("x") == "x"


@pytest.mark.parametrize(
    ("text", "position", "value"),
    [
        ("a = 1", 1, 5),
        ("  a = 1", 3, 7),
        ('  abc   =   "x"', 3, 13),
        ("a = days(7)", 1, 5),
    ],
)
def test_a_comparison_knows_where_it_and_its_value_stand(
    text: str, position: int, value: int
) -> None:
    node = parse(text)
    assert isinstance(node, Restriction)
    assert (node.position, node.value.position) == (position, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'a = "\n\r\t"', "\n\r\t"),
        (r"""a = "\"\'\\\*" """, "\"'\\*"),
        ("a = 'it is \"so\"'", 'it is "so"'),
    ],
)
def test_escapes_stand_for_what_they_say(text: str, value: str) -> None:
    node = parse(text)
    assert isinstance(node, Restriction)
    assert node.value == Literal(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(a = 1 AND (b = 2)", r"the '\(' is never closed at position 1"),
        ("a = 1 AND (b = 2", r"the '\(' is never closed at position 11"),
        ("a = 1 b = 2)", r"unexpected '\)' at position 12"),
        ("a = 'it", "the ' is never closed at position 5"),
        (r"a = 'x\q'", "are escapes at position 7"),
        ("a.'k*' = 1", "a key takes no wildcard at position 3"),
        ("a = f-g(1)", "'f-g' is no function at position 5"),
        ("a = f(1 2)", r"the '\(' is never closed at position 6"),
        ("or a = 1", "write OR in capitals at position 1"),
        ("a = 1 Not b = 2", "write NOT in capitals at position 7"),
        ("\u4f60\u597d", "is compared with nothing; .* at position 1"),
        ("'x y' = 1", "is compared with nothing; .* at position 1"),
        ("a = 1, b = 2", "unexpected ',' at position 6|a field is expected, not ',' at position 6"),
        ("a = \x7f", "a control character is not allowed at position 5"),
        ("\x0b", "a control character is not allowed at position 1"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        parse(text)


@pytest.mark.parametrize("text", ["a = 1\tAND\r\nb = 2", "\n a = 1 b = 2 \t"])
def test_white_space_of_any_kind_parts_words(text: str) -> None:
    assert parse(text) == parse("a = 1 AND b = 2")


TABLE = Table(
    "told",
    MetaData(),
    Column("name", Name, primary_key=True),
    Column("small", SmallInteger),
    Column("number", Integer),
    Column("text", Text),
    Column("moment", UtcTime),
    Column("labels", Json),
    Column("tags", Names),
)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("name", filters.STRING),
        ("text", filters.STRING),
        ("small", filters.INT),
        ("number", filters.INT),
        ("moment", filters.TIME),
        ("labels", filters.MAP),
        ("tags", filters.STRING_LIST),
    ],
)
def test_a_column_is_filtered_as_it_is_stored(column: str, kind: object) -> None:
    assert filters.Field.of(TABLE.c[column]).type == kind
