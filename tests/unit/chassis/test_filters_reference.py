"""Compiled filters select exactly the rows that the plain meaning of a filter selects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.chassis.lists import filters
from services.chassis.lists.filters.syntax import (
    Call,
    Comparator,
    Literal,
    Node,
    Not,
    Restriction,
    conjunction,
    disjunction,
    to_text,
)
from tests.support.filter_rows import (
    FIELDS,
    KEYS,
    METADATA,
    TEXTS,
    THINGS,
    TODAY,
    field_values,
    holds,
    orderable,
    random_rows,
)
from tests.support.statements import Statements, filled

ROWS = random_rows(250, seed=7)
TEXT_COMPARATORS = tuple(Comparator)
PLAIN = (Comparator.EQUAL, Comparator.NOT_EQUAL, Comparator.HAS)


def literal_of(text: str) -> st.SearchStrategy[Literal]:
    return st.booleans().map(lambda prefix: Literal(text, prefix))


def text_restriction(path: tuple[str, ...]) -> st.SearchStrategy[Node]:
    exact = st.tuples(st.sampled_from(TEXT_COMPARATORS), st.sampled_from(TEXTS).map(Literal))
    wild = st.tuples(
        st.sampled_from(PLAIN), st.sampled_from(TEXTS).map(lambda text: Literal(text, prefix=True))
    )
    return (
        (exact | wild)
        .filter(lambda pair: pair[0] is not Comparator.HAS or bool(pair[1].text or pair[1].prefix))
        .map(lambda pair: Restriction(path, pair[0], pair[1]))
    )


def scalar_restriction(name: str, written: tuple[str, ...]) -> st.SearchStrategy[Node]:
    comparators = tuple(Comparator) if orderable(name) else PLAIN
    values: st.SearchStrategy[Literal | Call] = st.sampled_from(written).map(Literal)
    if name in ("moment", "day"):
        days = st.integers(-5, 5).map(lambda count: Call("days", (Literal(str(count)),)))
        values = values | days
    compared = st.builds(Restriction, st.just((name,)), st.sampled_from(comparators), values)
    present = st.builds(
        Restriction, st.just((name,)), st.sampled_from(PLAIN), st.just(Literal("", prefix=True))
    )
    return compared | compared | compared | present


def restriction() -> st.SearchStrategy[Node]:
    has_tag = st.sampled_from(TEXTS).flatmap(literal_of)
    has_key = st.sampled_from(KEYS).map(Literal) | st.just(Literal("", prefix=True))
    return st.one_of(
        text_restriction(("text",)),
        st.sampled_from(KEYS).flatmap(lambda key: text_restriction(("labels", key))),
        st.builds(Restriction, st.just(("tags",)), st.just(Comparator.HAS), has_tag),
        st.builds(Restriction, st.just(("labels",)), st.just(Comparator.HAS), has_key),
        *(scalar_restriction(name, written) for name, written in field_values().items()),
    )


def node() -> st.SearchStrategy[Node]:
    return st.recursive(
        restriction(),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(conjunction),
            st.lists(inner, min_size=2, max_size=3).map(disjunction),
        ),
        max_leaves=5,
    )


@pytest.fixture
def statements(database_url: str) -> Iterator[Statements]:
    with filled(database_url, METADATA, {THINGS: ROWS}) as opened:
        yield opened


# The database is filled once for a test and only read, so examples may share it.
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(node=node())
def test_a_filter_selects_the_rows_it_describes(statements: Statements, node: Node) -> None:
    condition = filters.compile(to_text(node), FIELDS, today=TODAY)
    selected = statements.all(select(THINGS.c.name).where(condition))
    assert {row.name for row in selected} == {row["name"] for row in ROWS if holds(node, row)}


def every_simple_comparison() -> Iterator[Node]:
    for name, written in field_values().items():
        for comparator in tuple(Comparator) if orderable(name) else PLAIN:
            yield from (Restriction((name,), comparator, Literal(text)) for text in written)
    for text in TEXTS:
        for comparator in Comparator:
            if text or comparator is not Comparator.HAS:
                yield Restriction(("text",), comparator, Literal(text))
        yield from (Restriction(("text",), each, Literal(text, prefix=True)) for each in PLAIN)


def test_every_comparison_with_every_value_selects_the_rows_it_describes(
    statements: Statements,
) -> None:
    for simple in every_simple_comparison():
        selected = statements.all(
            select(THINGS.c.name).where(filters.compile_node(simple, FIELDS, today=TODAY))
        )
        expected = {row["name"] for row in ROWS if holds(simple, row)}
        assert {row.name for row in selected} == expected, to_text(simple)
