"""Orders whose rows stand in a file twice: two exports that were put together, and that share a
day, would count it twice."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

from cli.imports.columns import Located

# The first columns of a file of refused rows, whose lines are those of the file they come from.
_OF_REFUSED = ("line", "reason")
# Of any file there is; Python refuses to read a number of more than 4,300 digits.
_MOST_LINE_DIGITS = 18


class Repeats:
    """Notes the rows of every order: what is read of each, and where they begin anew. Rows that
    follow each other are lines, however alike; rows that all come again elsewhere are doubtful,
    and so are those of one place that stand together with others in another."""

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
        """Every order whose rows all come again, alone or with others, and what to tell of it."""
        for order, anew in self._anew.items():
            if told := _told(self._contents[order], anew):
                yield (
                    order,
                    f"the order's rows {told}, or say --repeated-rows if they are more lines of the"
                    " order",
                )


def _told(contents: array[int], anew: Sequence[tuple[int, int]]) -> str:
    for count, line in anew:
        if _comes_again(contents, count):
            return (
                f"all come again from line {line} on, as if two exports were put together: take"
                " them out"
            )
    if (later := _held(contents, [count for count, _ in anew])) is not None:
        return (
            f"come again from line {anew[later][1]} on with others, as if two exports were put"
            " together and it had changed in between: take the older ones out"
        )
    return ""


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


def _held(contents: array[int], cuts: Sequence[int]) -> int | None:
    """Of two stretches of which one has all rows of the other, and at least two, the later one's
    cut; None if there are no such two. A row that comes again by itself is a line."""
    stretches = [Counter(contents[start:end]) for start, end in pairwise((0, *cuts, len(contents)))]
    having: defaultdict[int, list[int]] = defaultdict(list)
    for at, stretch in enumerate(stretches):
        if stretch.total() > 1:
            for row in stretch:
                having[row].append(at)
    for at, stretch in enumerate(stretches):
        rarest = min(stretch, key=lambda row: len(having[row]))
        for other in having[rarest]:
            if other != at and stretch <= stretches[other]:
                return max(at, other) - 1
    return None
