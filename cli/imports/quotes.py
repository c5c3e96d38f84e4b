"""Finds the quote that makes a record unreadable, which a CSV reader knows but doesn't tell."""

from __future__ import annotations

from collections.abc import Iterable

_LINE_ENDS = "\r\n"


def opening_quote(lines: Iterable[str], first_line: int, delimiter: str) -> int | None:
    """The line where a cell's quote opens that is never closed, or that is closed in the middle
    of its cell; None where every quote is as it should be."""
    opened_on: int | None = None
    at_start, closing = True, False
    for number, line in enumerate(lines, first_line):
        for character in line:
            ends_cell = character == delimiter or character in _LINE_ENDS
            if opened_on is not None and not closing:
                closing = character == '"'
            elif closing and character == '"':
                closing = False  # a doubled quote is one quote of the text
            elif closing and not ends_cell:
                return opened_on
            else:
                opened_on, closing = None, False
                if character == '"' and at_start:
                    opened_on = number
                at_start = ends_cell
    return None if closing else opened_on
