"""Reads the text of a filter (grammar of AIP-160) into a tree.

Knows the grammar and its limits; which fields exist and what their values mean is the compiler's.

    filter      = [expression]
    expression  = sequence {"AND" sequence}
    sequence    = factor {factor}                 juxtaposition is AND
    factor      = term {"OR" term}                so OR binds tighter than AND
    term        = ["NOT" | "-"] (restriction | "(" expression ")")
    restriction = member comparator value
    member      = name {"." (word | string)}
    value       = bare | string | name "(" [value {"," value}] ")"
"""

import re
from typing import Final, NoReturn

from services.chassis.errors import invalid
from services.chassis.lists.filters.syntax import (
    And,
    Call,
    Comparator,
    Literal,
    Node,
    Not,
    Restriction,
    Value,
    conjunction,
    disjunction,
)
from services.chassis.lists.filters.text import KEYWORDS, NAME, FilterText, refusal
from services.chassis.lists.filters.values import plus_lost

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_TERMS", "parse"]

MAX_BYTES: Final = 2048
MAX_TERMS: Final = 30
MAX_DEPTH: Final = 6

# What follows the + of an offset: 08:00.
_OFFSET: Final = 5
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_/-]+")
_COMPARATOR: Final = re.compile(r"<=|>=|!=|[=<>:]")
_BARE: Final = re.compile(r"""[^\s()",'=<>!*\\]+""")
_WORD: Final = re.compile(r"""[^\s()",'=<>!:]+""")
# PostgreSQL stores no NUL and UTF-8 no surrogates; the others are never meant.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def parse(text: str, *, argument: str = "filter") -> Node:
    """Reads a filter; empty text is `And(())`.

    Raises DomainError INVALID_ARGUMENT on `argument`: FILTER_TOO_LONG, FILTER_TOO_DEEP,
    FILTER_TOO_MANY_TERMS, FILTER_BARE_WORD, FILTER_WILDCARD or FILTER_SYNTAX.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise invalid(
            argument, "FILTER_TOO_LONG", f"at most {MAX_BYTES} bytes are read, this has {size}"
        )
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise refusal(
            argument, "FILTER_SYNTAX", forbidden.start() + 1, "a control character is not allowed"
        )
    return _Reader(text, argument).filter()


class _Reader(FilterText):
    """One pass over one text, a method for each rule of the grammar."""

    def __init__(self, text: str, argument: str) -> None:
        super().__init__(text, argument)
        self._depth = 0
        self._terms = 0

    def filter(self) -> Node:
        self.skip_space()
        if self.ended():
            return And(())
        node = self._expression()
        if not self.ended():
            self.fail(f"unexpected {self.seen()}")
        return node

    def _expression(self) -> Node:
        operands = [self._sequence()]
        while self.take_keyword("AND"):
            operands.append(self._sequence())
        return conjunction(operands)

    def _sequence(self) -> Node:
        factors = [self._factor()]
        while not self.ended() and self.peek() != ")" and self.keyword() != "AND":
            factors.append(self._factor())
        return conjunction(factors)

    def _factor(self) -> Node:
        terms = [self._term()]
        while self.take_keyword("OR"):
            terms.append(self._term())
        return disjunction(terms)

    def _term(self) -> Node:
        if self.take_keyword("NOT"):
            return Not(self._simple())
        if self.peek() == "-":
            self.at += 1
            return Not(self._simple())
        return self._simple()

    def _simple(self) -> Node:
        if self.peek() != "(":
            return self._restriction()
        opened = self.at
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} nested parentheses", reason="FILTER_TOO_DEEP")
        self.at += 1
        self.skip_space()
        node = self._expression()
        if self.ended():
            self.fail("the '(' is never closed", at=opened)
        self.at += 1
        self._depth -= 1
        self.skip_space()
        return node

    def _restriction(self) -> Restriction:
        start = self.at
        self._terms += 1
        if self._terms > MAX_TERMS:
            self.fail(f"more than {MAX_TERMS} comparisons", reason="FILTER_TOO_MANY_TERMS")
        path = self._member()
        self.skip_space()
        comparator = self.take(_COMPARATOR)
        if not comparator:
            self._fail_without_comparator(start)
        self.skip_space()
        value = self._value()
        self.skip_space()
        return Restriction(path, Comparator(comparator), value, start + 1)

    def _member(self) -> tuple[str, ...]:
        if self.keyword():
            self.fail(f"a field is expected, not {self.keyword()}")
        start = self.at
        name = self.take(NAME)
        if not name:
            if self.peek() in ("'", '"') or _WORD.match(self.text, self.at):
                self._fail_without_comparator(start)
            self.fail(f"a field is expected, not {self.seen()}")
        path = [name]
        while self.peek() == ".":
            self.at += 1
            path.append(self._segment())
        return tuple(path)

    def _segment(self) -> str:
        if self.peek() in ("'", '"'):
            key = self.quoted()
            if key.prefix:
                self.fail("a key takes no wildcard", at=key.position - 1)
            return key.text
        word = self.take(_SEGMENT)
        if not word:
            self.fail(f"a name or key is expected after '.', not {self.seen()}")
        return word

    def _value(self) -> Value:
        start = self.at
        if self.keyword():
            self.fail(f"a value is expected, not {self.keyword()}; quote it if it is one")
        if self.peek() in ("'", '"'):
            literal = self.quoted()
            self._check_value_ends(after_wildcard=False)
            return literal
        text = self.take(_BARE)
        if text and self.peek() == "(":
            return self._call(text, start)
        prefix = self.peek() == "*"
        if prefix:
            self.at += 1
        if not text and not prefix:
            self.fail(f"a value is expected, not {self.seen()}")
        self._check_value_ends(after_wildcard=prefix)
        return Literal(text, prefix, start + 1)

    def _check_value_ends(self, *, after_wildcard: bool) -> None:
        following = self.peek()
        if following in ("", ")", ",") or following.isspace():
            return
        if after_wildcard:
            self.fail_wildcard(self.at - 1)
        self.fail(f"{following!r} directly after a value; put quotes around all of it")

    def _call(self, name: str, start: int) -> Call:
        if not NAME.fullmatch(name):
            self.fail(f"{name!r} is no function", at=start)
        opened = self.at
        self.at += 1
        arguments: list[Literal] = []
        self.skip_space()
        while self.peek() != ")":
            value = self._value()
            if isinstance(value, Call):
                self.fail("a function takes no function", at=value.position - 1)
            arguments.append(value)
            self.skip_space()
            if self.peek() == ",":
                self.at += 1
                self.skip_space()
            elif self.peek() != ")":
                self.fail("the '(' is never closed", at=opened)
        self.at += 1
        return Call(name, tuple(arguments), start + 1)

    def _fail_without_comparator(self, start: int) -> NoReturn:
        if self.peek() == "(":
            self.fail("a function stands only in place of a value", at=start)
        found = _WORD.match(self.text, start)
        word = found.group() if found else self.text[start : start + 20]
        if word.upper() in KEYWORDS:
            self.fail(f"write {word.upper()} in capitals", at=start)
        offset = self.text[start : start + _OFFSET]
        if hint := plus_lost(self.text[:start] + offset):
            self.fail(
                f"{offset!r} is compared with nothing{hint}", at=start, reason="FILTER_BARE_WORD"
            )
        self.fail(
            f"{word!r} is compared with nothing; search without a field is not offered, write "
            "field = value, and quote a value that has spaces",
            at=start,
            reason="FILTER_BARE_WORD",
        )
