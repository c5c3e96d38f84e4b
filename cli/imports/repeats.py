"""Orders whose rows stand in a file twice: two exports that were put together, and that share a
day, would count it twice."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from operator import itemgetter

from cli.imports.columns import Located

# The first columns of a file of refused rows, whose lines are those of the file they come from.
_OF_REFUSED = ("line", "reason")
# Of any file there is; Python refuses to read a number of more than 4,300 digits.
_MOST_LINE_DIGITS = 18


class Repeats:
    """Notes the rows of every order: what is read of each, and where they begin anew. Rows that
    follow each other are lines, however alike; rows that all come again elsewhere are doubtful."""

    def __init__(self, columns: Located, header: Sequence[str]) -> None:
        used = sorted(index for indexes in columns.values() for index in indexes)
        self._read = itemgetter(*used)
        self._is_of_refused = tuple(header[:2]) == _OF_REFUSED
        # Of the row before: its order, its place, and what was read of the order's rows so far.
        self._order = ""
        self._place = 0
        self._here: array[int] = array("q")
        # By order: the place of its last row, once another's has come; and what was read of each.
        self._last_places: dict[str, int] = {}
        self._contents: dict[str, array[int]] = {}
        # By order how many of its rows stand before each of those that begin anew, and its line.
        self._anew: dict[str, list[tuple[int, int]]] = {}

    def meet(self, order: str, line: int, values: Sequence[str]) -> None:
        """Notes a row of an order."""
        last = self._place
        if order != self._order:
            self._last_places[self._order] = last
            last = self._last_places.get(order, last)
            self._order, self._here = order, self._contents.setdefault(order, array("q"))
        if self._is_of_refused and _is_line(values[0]):
            self._place = line = int(values[0])
        else:
            self._place += 1
        if self._place != last + 1 and self._here:
            self._anew.setdefault(order, []).append((len(self._here), line))
        self._here.append(hash(self._read(values)))

    def doubtful(self) -> Iterator[tuple[str, str]]:
        """Every order whose rows all come again, and what to tell of it."""
        for order, anew in self._anew.items():
            for count, line in anew:
                if _comes_again(self._contents[order], count):
                    yield (
                        order,
                        f"the order's rows all come again from line {line} on, as if two exports"
                        " were put together: take them out, or say --repeated-rows if they are"
                        " more lines of the order",
                    )
                    break


def _is_line(cell: str) -> bool:
    return cell.isdecimal() and len(cell) <= _MOST_LINE_DIGITS


def _comes_again(contents: array[int], count: int) -> bool:
    """Whether it is the same so many, in any order, over and over."""
    if len(contents) % count:
        return False
    first = sorted(contents[:count])
    return all(
        sorted(contents[at : at + count]) == first for at in range(count, len(contents), count)
    )
