"""The names that come with one customer's key: another spelling of the first is told, and a name
that has nothing of it is doubtful, for then the key may be two people's, or that of all guests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from cli.imports.cells import as_name
from cli.imports.refusals import LeftOut

# A word, or a character of a script that writes names without spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_ALIKE = 0.5


class Names:
    """Notes the names of every customer of a file of orders."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, str]] = {}
        self._met: set[tuple[str, str]] = set()
        # By customer the other names, each with the line where it comes first.
        self._others: dict[str, list[tuple[int, str]]] = {}

    def meet(self, identifier: str, name: str, line: int) -> None:
        """Notes a name that comes with the key of a customer."""
        if (identifier, name) in self._met:
            return
        self._met.add((identifier, name))
        _, first = self._first.setdefault(identifier, (line, name))
        if as_name(name) != as_name(first):
            self._others.setdefault(identifier, []).append((line, name))

    def doubtful(self) -> Iterator[tuple[str, str]]:
        """Every customer who has a name that can't be another spelling of the first, or what
        became of it, and what to tell."""
        for identifier, others in self._others.items():
            first_line, first = self._first[identifier]
            for line, other in others:
                if not _may_be_one(as_name(first), as_name(other)):
                    yield (
                        identifier,
                        f"customer {identifier!r} is {first!r} on line {first_line} and {other!r}"
                        f" on line {line}: give each a key of its own, leave the key of guests"
                        " empty, or say --names-may-differ if they are one",
                    )
                    break

    def told(self) -> Iterator[LeftOut]:
        """The names that a customer doesn't keep."""
        for identifier, others in self._others.items():
            first_line, first = self._first[identifier]
            for line, other in others:
                reason = f"customer {identifier!r} is {first!r} on line {first_line}"
                yield LeftOut(line, "customer_name", other, reason)


def words(name: str) -> set[str]:
    """The words of a name, in whatever spelling and order."""
    return set(_WORD.findall(as_name(name)))


def _may_be_one(name: str, other: str) -> bool:
    """Whether they share a word, as a person's names do after a wedding, or are spelled alike."""
    if not words(name).isdisjoint(words(other)):
        return True
    return SequenceMatcher(None, name, other).ratio() >= _ALIKE
