"""What the filter grammar accepts, what it refuses and how, and that printing undoes parsing."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.chassis.errors import DomainError, Kind
from services.chassis.lists.filters import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_TERMS,
    parse,
    restrictions,
    to_text,
)
from services.chassis.lists.filters.syntax import (
    And,
    Call,
    Comparator,
    Literal,
    Node,
    Not,
    Or,
    Restriction,
    conjunction,
    disjunction,
)


def equal(field: str, text: str, *, prefix: bool = False) -> Restriction:
    return Restriction((field,), Comparator.EQUAL, Literal(text, prefix))


A, B, C = equal("a", "1"), equal("b", "2"), equal("c", "3")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", And(())),
        ("  \n", And(())),
        ("a = 1", A),
        ("a=1", A),
        ("(a = 1)", A),
        ("((a = 1))", A),
        ("a = 1 AND b = 2", And((A, B))),
        ("a = 1 b = 2", And((A, B))),
        ("a = 1 AND b = 2 OR c = 3", And((A, Or((B, C))))),
        ("a = 1 OR b = 2 AND c = 3", And((Or((A, B)), C))),
        ("a = 1 b = 2 OR c = 3", And((A, Or((B, C))))),
        ("(a = 1 AND b = 2) OR c = 3", Or((And((A, B)), C))),
        ("(a = 1 AND b = 2) AND c = 3", And((A, B, C))),
        ("NOT a = 1", Not(A)),
        ("-a = 1", Not(A)),
        ("NOT (a = 1 OR b = 2)", Not(Or((A, B)))),
        ("-(a = 1)", Not(A)),
        ("NOT a = 1 OR b = 2", Or((Not(A), B))),
        ("a = -1", equal("a", "-1")),
        ("a = 2.5", equal("a", "2.5")),
        ("a = abc*", equal("a", "abc", prefix=True)),
        ('a = "abc*"', equal("a", "abc", prefix=True)),
        (r'a = "abc\*"', equal("a", "abc*")),
        ("a = 'it\\'s'", equal("a", "it's")),
        ('a = "say \\"hi\\" \\\\ \\n"', equal("a", 'say "hi" \\ \n')),
        ('a = "AND"', equal("a", "AND")),
        ("a = users/ann", equal("a", "users/ann")),
        ("a = 2024-03-01T10:00:00.5+02:00", equal("a", "2024-03-01T10:00:00.5+02:00")),
        ("a:*", Restriction(("a",), Comparator.HAS, Literal("", prefix=True))),
        ("a:x:y", Restriction(("a",), Comparator.HAS, Literal("x:y"))),
        ("a.b.c >= 1", Restriction(("a", "b", "c"), Comparator.GREATER_OR_EQUAL, Literal("1"))),
        ('a."b.c \\"d" = 1', Restriction(("a", 'b.c "d'), Comparator.EQUAL, Literal("1"))),
        ("a.AND = 1", Restriction(("a", "AND"), Comparator.EQUAL, Literal("1"))),
        (
            "a <= days(-7)",
            Restriction(("a",), Comparator.LESS_OR_EQUAL, Call("days", (Literal("-7"),))),
        ),
        (
            "a != f( 1 , 'x' )",
            Restriction(("a",), Comparator.NOT_EQUAL, Call("f", (Literal("1"), Literal("x")))),
        ),
        ("a = f()", Restriction(("a",), Comparator.EQUAL, Call("f", ()))),
        ("ANDROID = 1 ORDER = 2", And((equal("ANDROID", "1"), equal("ORDER", "2")))),
    ],
)
def test_a_filter_is_read_as_its_tree(text: str, tree: Node) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("hugo", "FILTER_BARE_WORD", "'hugo' is compared with nothing; .* at position 1"),
        ("a = big deal", "FILTER_BARE_WORD", "'deal' is compared with nothing; .* at position 9"),
        ('a = 1 AND "b" = 2', "FILTER_BARE_WORD", "at position 11"),
        (
            "a > 2026-01-01T00:00:00 08:00 AND b = 1",
            "FILTER_BARE_WORD",
            r"'08:00' is compared with nothing; in a URL, \+ is written %2B at position 25",
        ),
        ("a = 1 and b = 2", "FILTER_SYNTAX", "write AND in capitals at position 7"),
        ("a = 1 AND", "FILTER_SYNTAX", "a field is expected, not the end at position 10"),
        ("a = 1 OR OR b = 2", "FILTER_SYNTAX", "a field is expected, not OR at position 10"),
        ("AND a = 1", "FILTER_SYNTAX", "a field is expected, not AND at position 1"),
        ("a = ", "FILTER_SYNTAX", "a value is expected, not the end at position 5"),
        ("a = AND b = 2", "FILTER_SYNTAX", "not AND; quote it if it is one at position 5"),
        ("a == 1", "FILTER_SYNTAX", "a value is expected, not '=' at position 4"),
        ("a = 1=2", "FILTER_SYNTAX", "'=' directly after a value; put quotes.* at position 6"),
        ("(a = 1", "FILTER_SYNTAX", r"the '\(' is never closed at position 1"),
        ("a = 1)", "FILTER_SYNTAX", r"unexpected '\)' at position 6"),
        ("()", "FILTER_SYNTAX", r"a field is expected, not '\)' at position 2"),
        ('a = "x', "FILTER_SYNTAX", 'the " is never closed at position 5'),
        (r'a = "\x"', "FILTER_SYNTAX", r"are escapes at position 6"),
        ("a = days(7", "FILTER_SYNTAX", r"the '\(' is never closed at position 9"),
        ("a = days(days(7))", "FILTER_SYNTAX", "a function takes no function at position 10"),
        ("days(7) = a", "FILTER_SYNTAX", "a function stands only in place of a value at"),
        ("a. = 1", "FILTER_SYNTAX", "a name or key is expected after '.', not ' ' at position 3"),
        ("a = *b", "FILTER_WILDCARD", r"only at the end of a value; .* at position 5"),
        ("a = b*c", "FILTER_WILDCARD", "at position 6"),
        ('a = "b*c"', "FILTER_WILDCARD", "at position 7"),
        ("a = \x00", "FILTER_SYNTAX", "a control character is not allowed at position 5"),
        ("a = \ud800", "FILTER_SYNTAX", "a control character is not allowed at position 5"),
        ("- a = 1", "FILTER_SYNTAX", "a field is expected, not ' ' at position 2"),
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(text: str, reason: str, message: str) -> None:
    with pytest.raises(DomainError, match=message) as refused:
        parse(text)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert refused.value.violations[0].field == "filter"


def test_a_refusal_names_the_argument_the_filter_came_in() -> None:
    with pytest.raises(DomainError) as refused:
        parse("hugo", argument="rule.filter")
    assert refused.value.violations[0].field == "rule.filter"


def test_the_longest_filter_is_read_and_a_longer_one_refused() -> None:
    longest = f'a = "{"é" * ((MAX_BYTES - 6) // 2)}"'
    assert len(longest.encode()) == MAX_BYTES
    parse(longest)
    with pytest.raises(
        DomainError, match=f"at most {MAX_BYTES} bytes are read, this has 2049"
    ) as refused:
        parse(longest + " ")
    assert refused.value.reason == "FILTER_TOO_LONG"


def test_as_many_comparisons_as_allowed_are_read_and_one_more_refused() -> None:
    parse(" OR ".join(["a = 1"] * MAX_TERMS))
    with pytest.raises(DomainError, match="more than 30 comparisons") as refused:
        parse(" OR ".join(["a = 1"] * (MAX_TERMS + 1)))
    assert refused.value.reason == "FILTER_TOO_MANY_TERMS"


def test_parentheses_as_deep_as_allowed_are_read_and_deeper_ones_refused() -> None:
    parse("(" * MAX_DEPTH + "a = 1" + ")" * MAX_DEPTH)
    with pytest.raises(
        DomainError, match="more than 6 nested parentheses at position 7"
    ) as refused:
        parse("(" * 1000 + "a = 1" + ")" * 1000)
    assert refused.value.reason == "FILTER_TOO_DEEP"


def test_the_fields_a_filter_compares_are_known_in_their_order() -> None:
    node = parse("spend >= 10 AND NOT (labels.x = 1 OR spend < 20)")
    assert [each.field_name for each in restrictions(node)] == ["spend", "labels.x", "spend"]


WORDS = ("AND", "OR", "NOT", "a", "days", "1", "2.5", "!=", ">=")
PIECES = st.sampled_from((*WORDS, *"-()=<:.*\"'\\, é\n\xa0\x00\ud800"))


@given(
    st.text(max_size=60)
    | st.lists(PIECES, max_size=25).map("".join)
    | st.lists(PIECES).map(" ".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(DomainError):
        node = parse(text)
        assert parse(to_text(node)) == node


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("AND", "OR", "NOT")
)
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"))
TEXTS = st.text(CHARACTERS, max_size=12) | st.sampled_from(
    ["AND", "-1", "1.50", "*", "\\*", "\n\t"]
)
LITERALS = st.builds(Literal, TEXTS, st.booleans())
CALLS = st.builds(Call, NAMES, st.lists(LITERALS, max_size=2).map(tuple))
PATHS = st.tuples(NAMES) | st.tuples(NAMES, TEXTS)
LEAVES: st.SearchStrategy[Node] = st.builds(
    Restriction, PATHS, st.sampled_from(Comparator), LITERALS | CALLS
)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(conjunction),
        st.lists(inner, min_size=1, max_size=3).map(disjunction),
    ),
    max_leaves=6,
)


@given(NODES)
def test_a_printed_filter_is_read_as_the_same_tree(node: Node) -> None:
    text = to_text(node)
    assume(len(text.encode()) <= MAX_BYTES and text.count("(") <= MAX_DEPTH)
    assert parse(text) == node
