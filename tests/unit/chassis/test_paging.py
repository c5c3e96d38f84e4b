"""Pages show every row once, in order, whatever their size; tokens belong to their request."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Date, Double, MetaData, Select, Table, select

from services.chassis.errors import DomainError
from services.chassis.lists.filters import INT, Field
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import MAX_PAGE_SIZE, Query
from services.chassis.store.columns import Name, UtcTime
from tests.support.in_turn import in_turn
from tests.support.statements import AnyRow, Statements, filled

METADATA = MetaData()
THINGS = Table(
    "things",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("rank", BigInteger, nullable=False),
    Column("title", Name, nullable=False),
    Column("score", BigInteger),
    Column("moment", UtcTime),
    Column("share", Double),
    Column("day", Date),
    Column("active", Boolean),
)
C = THINGS.c
QUERY = Query(
    fields={"rank": Field(C.rank, INT)},
    order={column.name: column for column in C} | {"double_rank": C.rank * 2},
    default_order="rank desc",
    tie_breaker=C.name,
)
_START = datetime(2024, 1, 1, tzinfo=UTC)


def random_things(count: int) -> list[dict[str, Any]]:
    chance = random.Random(5)
    return [
        {
            "name": f"things/{number}",
            "rank": chance.choice((1, 2, 3)),
            "title": chance.choice(("a", "B", "é", "")),
            "score": chance.choice((None, -(2**63), 0, 2**63 - 1)),
            "moment": chance.choice((None, _START, _START + timedelta(microseconds=1))),
            "share": chance.choice((None, 0.1, 0.1 + 0.2, 1e300)),
            "day": chance.choice((None, date(2024, 2, 29), date(1900, 1, 1))),
            "active": chance.choice((None, True, False)),
        }
        for number in range(count)
    ]


ROWS = random_things(60)


@pytest.fixture
def statements(database_url: str) -> Iterator[Statements]:
    with filled(database_url, METADATA, {THINGS: ROWS}) as opened:
        yield opened


Things = Select[*tuple[Any, ...]]


def pages(statements: Statements, columns: Things, **request: Any) -> list[Sequence[AnyRow]]:
    found, token = [], ""
    while True:
        page = QUERY.page(columns, Listing(page_token=token, **request))
        cut = page.cut(statements.all(page.statement))
        found.append(cut.rows)
        token = cut.next_page_token
        if not token:
            return found


def in_order(order_by: Sequence[tuple[str, bool]]) -> list[str]:
    """Names in the order asked for: missing values last, ties by name as the last key runs."""
    keys = [(name, descending) for name, descending in order_by if name != "name"]
    by_name = [descending for name, descending in order_by if name == "name"]
    tie = by_name[0] if by_name else order_by[-1][1]
    ordered = sorted(ROWS, key=lambda row: str(row["name"]), reverse=tie)
    if by_name:
        keys = keys[: [name for name, _ in order_by].index("name")]
    for name, descending in reversed(keys):
        present = [row for row in ordered if row[name] is not None]
        present.sort(
            key=lambda row: row[name].encode() if isinstance(row[name], str) else row[name],
            reverse=descending,
        )
        ordered = present + [row for row in ordered if row[name] is None]
    return [str(row["name"]) for row in ordered]


ORDERS = st.lists(
    st.tuples(st.sampled_from([column.name for column in C]), st.booleans()),
    min_size=1,
    max_size=3,
    unique_by=lambda key: key[0],
)


# The database is filled once for a test and only read, so examples may share it.
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=ORDERS, size=st.sampled_from([1, 2, 7, 30, 59, 60, 61]), named=st.booleans())
def test_pages_visit_every_row_once_in_order(
    statements: Statements, order: list[tuple[str, bool]], size: int, named: bool
) -> None:
    order_by = ", ".join(f"{name} desc" if descending else name for name, descending in order)
    columns: Things = select(C.name) if named else select(THINGS)
    found = pages(statements, columns, order_by=order_by, page_size=size)
    assert [len(rows) for rows in found[:-1]] == [size] * (len(found) - 1)
    assert [row.name for rows in found for row in rows] == in_order(order)


def test_an_expression_can_be_ordered_by(statements: Statements) -> None:
    found = pages(statements, select(C.name), order_by="double_rank desc", page_size=7)
    assert [row.name for rows in found for row in rows] == in_order([("rank", True)])


def test_without_an_order_the_declared_one_holds(statements: Statements) -> None:
    found = pages(statements, select(THINGS), page_size=50)
    assert [row.name for rows in found for row in rows] == in_order([("rank", True)])


def test_a_page_has_50_rows_if_no_size_is_given_and_never_more_than_1000(
    statements: Statements,
) -> None:
    assert [len(rows) for rows in pages(statements, select(THINGS))] == [50, 10]
    assert QUERY.page(select(THINGS), Listing(page_size=5000)).size == MAX_PAGE_SIZE


def test_a_page_shows_only_what_the_filter_leaves(statements: Statements) -> None:
    found = pages(statements, select(THINGS), filter="rank >= 2", page_size=4)
    assert {row.name for rows in found for row in rows} == {
        row["name"] for row in ROWS if row["rank"] >= 2
    }


def test_the_size_may_change_from_page_to_page(statements: Statements) -> None:
    first = QUERY.page(select(THINGS), Listing(page_size=3))
    begun = first.cut(statements.all(first.statement))
    second = QUERY.page(select(THINGS), Listing(page_size=100, page_token=begun.next_page_token))
    rest = second.cut(statements.all(second.statement))
    assert [len(begun.rows), len(rest.rows), rest.next_page_token] == [3, 57, ""]


def token_of(statements: Statements, **request: Any) -> str:
    page = QUERY.page(select(THINGS), Listing(page_size=1, **request))
    return page.cut(statements.all(page.statement)).next_page_token


@in_turn(
    ("first", "second", "argument"),
    [
        ({"filter": "rank >= 2"}, {"filter": "rank >= 3"}, "filter"),
        ({"filter": "rank >= 2"}, {}, "filter"),
        ({}, {"order_by": "rank"}, "order_by"),
        ({"arguments": {"parent": "a"}}, {"arguments": {"parent": "b"}}, "parent"),
        ({}, {"arguments": {"show_deleted": "true"}}, "show_deleted"),
        ({"request": "ListThings"}, {"request": "ListOthers"}, "page_token"),
        ({"request": "ListThings", "filter": "rank >= 2"}, {"request": "ListOthers"}, "page_token"),
    ],
)
def test_a_changed_argument_is_named(
    statements: Statements, first: dict[str, Any], second: dict[str, Any], argument: str
) -> None:
    token = token_of(statements, **first)
    with pytest.raises(DomainError) as refused:
        QUERY.page(select(THINGS), Listing(page_token=token, **second))
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"
    assert refused.value.violations[0].field == argument


def packed(content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "!!!!",
        "é",
        "A" * 9000,
        packed("no json"),
        packed("[" * 1500),
        packed([2, {}, [1, "a"]]),
        packed([1, [], [1, "a"]]),
        packed([1, {"filter": 1}, [1, "a"]]),
        packed([1, {}, "1a"]),
        packed([1, {}, [1]]),
        packed([1, {}, [1, "a", "b"]]),
        packed([1, {}, ["1", "a"]]),
        packed([1, {}, [True, "a"]]),
        packed([1, {}, [1.0, "a"]]),
        packed([1, {}, [None, "a"]]),
        packed([1, {}, [2**63, "a"]]),
        packed([1, {}, [1, "a\x00"]]),
        packed('[1, {}, [1, "\\ud800"]]'),
        packed([1, {}, [{"t": 1}, "a"]]),
        packed([1, {}, [{"t": 10**30}, "a"]]),
        packed([1, {}, [{"d": "2024-13-01"}, "a"]]),
        packed([1, {}, [[1], "a"]]),
    ],
)
def test_what_is_no_token_of_the_list_is_refused(token: str) -> None:
    with pytest.raises(DomainError) as refused:
        QUERY.page(select(THINGS), Listing(page_token=token))
    assert refused.value.reason == "PAGE_TOKEN_INVALID"
    assert refused.value.violations[0].field == "page_token"


@given(
    st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode())
)
def test_any_text_as_a_token_is_refused_or_stands_for_the_start(text: str) -> None:
    if not text:
        return
    with pytest.raises(DomainError):
        QUERY.page(select(THINGS), Listing(page_token=text))


def test_a_token_says_its_values_only_as_parameters(statements: Statements) -> None:
    hostile = packed([1, {}, [1, "'; DROP TABLE things; --"]])
    page = QUERY.page(select(THINGS), Listing(page_token=hostile))
    assert "DROP" not in str(page.statement.compile())
    statements.all(page.statement)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        QUERY.page(select(THINGS), Listing(page_size=-1))
    assert refused.value.reason == "PAGE_SIZE_NEGATIVE"
    assert refused.value.violations[0].field == "page_size"


def test_columns_that_are_never_missing_are_compared_as_one_row() -> None:
    token = packed([1, {}, [1, "a"]])
    start = QUERY.page(select(THINGS), Listing(page_token=token))
    assert "(things.rank, things.name) < (" in str(start.statement)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Listing(filter="title = x"), "FILTER_UNKNOWN_FIELD"),
        (Listing(filter="rank >"), "FILTER_SYNTAX"),
        (Listing(order_by="nothing"), "ORDER_BY_UNKNOWN_FIELD"),
        (Listing(order_by="rank, rank"), "ORDER_BY_REPEATED_FIELD"),
    ],
)
def test_what_is_kept_to_be_asked_later_is_refused_as_a_page_is(
    asked: Listing, reason: str
) -> None:
    QUERY.expect(Listing())
    QUERY.expect(Listing(filter="rank > 1", order_by="title desc"))
    with pytest.raises(DomainError) as refused:
        QUERY.page(select(THINGS), asked)
    with pytest.raises(DomainError) as kept:
        QUERY.expect(asked)
    assert kept.value.reason == reason
    assert kept.value == refused.value
