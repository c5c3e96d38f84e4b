"""The grams by which a text is found: what the index keeps of it, and which of them lead to a word.

A word is in three kinds: as it stands (`no`, `nor`; of Chinese also each character), at the
beginning of a word (`^n` to `^nor`) and of the whole name (`=n` to `=nor`). Pinyin has its own,
since it matches from the beginning of a syllable only: `~z`, `~zh`, `~zhang`; at the beginning of
the name `=~z`. An external id is there in whole, too: `!c 1042`.

What they lead to is looked at before it is shown, so a gram too many costs time, and one too few a
customer who isn't found.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from services.customer.customers.model.search_texts import Line, SearchField
from services.customer.customers.model.spelling import is_wide

__all__ = ["Path", "exact_gram", "paths_of", "syllable_starts", "text_grams"]

_LONG: Final = 3
_BEGINNINGS: Final = (1, 2, 3)
# How much of a reading is looked up: each length costs a gram for each syllable.
_READ: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12)
_NAME_READ: Final = (1, 2, 3)
_EXACT: Final = 40
# Of a long word so many are asked for; those between them hardly say more.
_MOST_ASKED: Final = 4


class Path(NamedTuple):
    """What leads to one word: all of the grams `within`, or the one of `reading`. `beginning` are
    those of which one is there where a word begins with it, `first` where the whole name does."""

    within: tuple[str, ...]
    reading: str
    beginning: tuple[str, ...]
    first: tuple[str, ...]

    @property
    def leading(self) -> frozenset[str]:
        """Those that are needed to find all."""
        return frozenset([*self.within, self.reading]) - {""}

    @property
    def telling(self) -> frozenset[str]:
        """Those that tell of many who match better."""
        return frozenset([*self.beginning, *self.first]) - {""}


def text_grams(lines: Iterable[Line]) -> set[str]:
    """What the index keeps of a customer."""
    return {gram for line in lines for gram in _of_line(line)}


def paths_of(words: Iterable[str]) -> list[Path]:
    """What leads to each of the words."""
    return [_path(word) for word in words]


def _of_line(line: Line) -> Iterator[str]:
    match line.field:
        case SearchField.PHONE:
            yield from _of_length(line.compared, _LONG)
        case SearchField.PINYIN:
            yield from _of_reading(line)
        case _:
            words = line.compared.split()
            for word in words:
                yield from _of_word(word)
            if line.field is SearchField.NAME and words:
                yield from (f"={words[0][:length]}" for length in _BEGINNINGS)
            elif line.field is SearchField.EXTERNAL_ID:
                yield exact_gram(line.compared)


def exact_gram(compared: str) -> str:
    """What leads to exactly this id, which may be short and within many others."""
    return f"!{compared[:_EXACT]}"


def _of_word(word: str) -> Iterator[str]:
    yield from _of_length(word, 2)
    yield from _of_length(word, _LONG)
    yield from filter(is_wide, word)
    yield from (f"^{word[:length]}" for length in _BEGINNINGS)


def _of_reading(line: Line) -> Iterator[str]:
    for start in syllable_starts(line):
        yield from (f"~{line.compared[start : start + length]}" for length in _READ)
    if line.shown:
        yield from (f"=~{line.compared[:length]}" for length in _NAME_READ)


def syllable_starts(line: Line) -> Iterator[int]:
    """Where a syllable of a reading begins; of initials, their beginning alone."""
    start = 0
    for syllable in line.shown.split(" "):
        yield start
        start += len(syllable)


def _of_length(text: str, length: int) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _path(word: str) -> Path:
    read = max((length for length in _READ if length <= len(word)), default=0)
    return Path(
        within=tuple(_asked(word)),
        reading=f"~{word[:read]}" if word.isascii() else "",
        beginning=(f"^{word[:_LONG]}",),
        first=(f"={word[:_LONG]}", f"=~{word[:_LONG]}" if word.isascii() else ""),
    )


def _asked(word: str) -> Iterator[str]:
    """Grams that together have every letter of a word, if it isn't too long."""
    if len(word) == 1:
        yield word if is_wide(word) else f"^{word}"
    elif len(word) <= _LONG:
        yield word
    else:
        *between, last = range(len(word) - _LONG + 1)
        steps = between[::_LONG][: _MOST_ASKED - 1]
        yield from dict.fromkeys(word[at : at + _LONG] for at in [*steps, last])
