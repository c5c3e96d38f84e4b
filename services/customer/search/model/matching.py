"""How well a customer matches what was typed, and by what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final, NamedTuple

from services.customer.customers.model import CustomerKind
from services.customer.customers.model.search_texts import Line, SearchField, lines_of
from services.customer.customers.model.spelling import is_wide
from services.customer.search.model.grams import syllable_starts
from services.customer.search.model.queries import SearchQuery

__all__ = ["Found", "Rank", "Seen", "find_in"]

_FEWEST_DIGITS: Final = 3
_FEWEST_LETTERS: Final = 2


class Rank(IntEnum):
    """How well it matches, best first."""

    EXACT_KEY = 0
    EXACT_NAME = 1
    NAME_BEGINS = 2
    WORD_BEGINS = 3
    WITHIN = 4


class Seen(NamedTuple):
    """A customer in the caller's sight, and the text they are found by."""

    customer: str
    display_name: str
    kind: CustomerKind
    owner: str
    update_time: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A customer who matches, how well, and by what."""

    customer: Seen
    rank: Rank
    field: SearchField
    text: str

    @property
    def order(self) -> tuple[int, float, str]:
        """The best one first, of equal ones who changed last."""
        return self.rank, -self.customer.update_time.timestamp(), self.customer.customer


class _Match(NamedTuple):
    rank: Rank
    line: Line


def find_in(seen: Seen, query: SearchQuery) -> Found | None:
    """The customer as found by a query; None where they don't match."""
    lines = list(lines_of(_relevant(seen.text, query)))
    match = _by_id(seen, query) or _in_whole(lines, query) or _by_parts(lines, query)
    if match is None:
        return None
    return Found(seen, match.rank, match.line.field, match.line.shown)


def _relevant(text: str, query: SearchQuery) -> str:
    """The lines that have any of it: of a customer's seven, one or two, and a search looks at
    hundreds of customers."""
    parts = query.parts
    return "\n".join(line for line in text.split("\n") if any(part in line for part in parts))


def _by_id(seen: Seen, query: SearchQuery) -> _Match | None:
    if seen.customer != query.name:
        return None
    return _Match(Rank.EXACT_KEY, Line(SearchField.ID, seen.customer, seen.customer))


def _in_whole(lines: Sequence[Line], query: SearchQuery) -> _Match | None:
    """By all that was typed in one."""
    return min(_wholes(lines, query), key=lambda match: match.rank, default=None)


def _wholes(lines: Sequence[Line], query: SearchQuery) -> Iterator[_Match]:
    for line in lines:
        rank = _whole(line, query)
        if rank is not None:
            yield _Match(rank, line)


def _whole(line: Line, query: SearchQuery) -> Rank | None:
    match line.field:
        case SearchField.NAME if line.compared == query.whole:
            return Rank.EXACT_NAME
        case SearchField.NAME if line.compared.startswith(query.whole):
            return Rank.NAME_BEGINS
        case SearchField.PINYIN if line.shown and line.compared.startswith(query.joined):
            return Rank.NAME_BEGINS
        case SearchField.PHONE if query.number and line.compared.lstrip("0") == query.number:
            return Rank.EXACT_KEY
        case SearchField.EMAIL | SearchField.EXTERNAL_ID if line.compared == query.whole:
            return Rank.EXACT_KEY
        case _:
            return None


def _by_parts(lines: Sequence[Line], query: SearchQuery) -> _Match | None:
    """By its words, all of which have to match; as well as the worst of them does."""
    best: _Match | None = None
    for words in query.alternatives:
        matches = [_best(lines, word) for word in words]
        found = [match for match in matches if match is not None]
        if len(found) < len(words):
            continue
        longest = max(range(len(words)), key=lambda at: len(words[at]))
        match = _Match(max(each.rank for each in found), found[longest].line)
        if best is None or match.rank < best.rank:
            best = match
    return best


def _best(lines: Sequence[Line], word: str) -> _Match | None:
    best: _Match | None = None
    for line in lines:
        rank = _within(line, word)
        if rank is not None and (best is None or rank < best.rank):
            best = _Match(rank, line)
    return best


def _within(line: Line, word: str) -> Rank | None:
    match line.field:
        case SearchField.PINYIN:
            return _in_reading(line, word)
        case SearchField.PHONE:
            return _in_number(line.compared, word)
        case _:
            return _in_text(line.compared, word)


def _in_reading(line: Line, word: str) -> Rank | None:
    if len(word) < _FEWEST_LETTERS and not line.shown:
        return None
    starts = syllable_starts(line)
    return Rank.WORD_BEGINS if any(line.compared.startswith(word, at) for at in starts) else None


def _in_number(number: str, word: str) -> Rank | None:
    if len(word) < _FEWEST_DIGITS or word not in number:
        return None
    return Rank.WORD_BEGINS if number.startswith(word) else Rank.WITHIN


def _in_text(text: str, word: str) -> Rank | None:
    at = text.find(word)
    if at < 0:
        return None
    while at >= 0:
        if at == 0 or text[at - 1] == " ":
            return Rank.WORD_BEGINS
        at = text.find(word, at + 1)
    says_something = len(word) >= _FEWEST_LETTERS or is_wide(word)
    return Rank.WITHIN if says_something else None
