"""Quotes of a delimited file that a CSV reader stumbles over: which one makes a record unreadable,
and space that stands between a quote and the end of its cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_LINE_ENDS = "\r\n"


class _Quotes:
    """Where in a record one is, character by character. `opened_on` is the line of the quote that
    is open; `closing` is whether the character before may have closed it."""

    def __init__(self, delimiter: str) -> None:
        self.opened_on: int | None = None
        self.closing = False
        self._delimiter = delimiter
        self._at_start = True

    def ends_cell(self, character: str) -> bool:
        """Whether a character outside of quotes is the end of a cell."""
        return character == self._delimiter or character in _LINE_ENDS

    def take(self, character: str, line: int) -> bool:
        """Goes on by a character; False if it can't stand here: behind a closing quote."""
        ends_cell = self.ends_cell(character)
        if self.opened_on is not None and not self.closing:
            self.closing = character == '"'
        elif self.closing and character == '"':
            self.closing = False  # a doubled quote is one quote of the text
        elif self.closing and not ends_cell:
            return False
        else:
            self.opened_on, self.closing = None, False
            if character == '"' and self._at_start:
                self.opened_on = line
            self._at_start = ends_cell or (self._at_start and character == " ")
        return True


def opening_quote(lines: Iterable[str], first_line: int, delimiter: str) -> int | None:
    """The line where a cell's quote opens that is never closed, or that is closed in the middle
    of its cell; None where every quote is as it should be."""
    quotes = _Quotes(delimiter)
    for number, line in enumerate(lines, first_line):
        for character in line:
            if not quotes.take(character, number):
                return quotes.opened_on
    return None if quotes.closing else quotes.opened_on


def without_space_behind_quotes(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """The lines without the space between a closing quote and the end of its cell. It looks at
    every character, which takes ten times as long as reading the lines."""
    quotes = _Quotes(delimiter)
    for line in lines:
        yield "".join(_kept(line, quotes))


def _kept(line: str, quotes: _Quotes) -> Iterator[str]:
    for index, character in enumerate(line):
        if quotes.closing and character == " ":
            after = line[index:].lstrip(" ")[:1]
            if not after or quotes.ends_cell(after):
                continue
        quotes.take(character, 0)
        yield character
