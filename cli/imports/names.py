"""The names that come with one customer's key: another spelling of the first is told, and a name
that has nothing of it is doubtful, for then the key may be two people's, or that of all guests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from cli.imports.cells import as_name
from cli.imports.refusals import LeftOut

# A word, or a character of a script that writes names without spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# What many names have: forms of companies, titles, and what stands between words. So do the
# letters of S.A., B.V. or an initial, which are words of one letter.
_USUAL = re.compile(
    "ab|ag|aps|as|bv|bvba|cc|co|company|corp|corporation|cv|doo|eg|ek|ev|gbr|ges|gesellschaft"
    "|gmbh|group|gruppe|holding|inc|incorporated|kft|kg|kgaa|lda|limited|llc|llp|lp|ltd|ltda"
    "|mbh|nv|ohg|oü|oy|oyj|partgmbb|plc|pte|pty|rt|sa|sarl|sas|sasu|se|sl|sia|snc|spa|sprl|srl"
    "|sro|ug|uab|vof|zoo"
    "|dipl|dr|eng|frau|herr|herrn|hr|fr|ing|jr|jun|mag|mba|med|miss|mlle|mme|mr|mrs|ms|mx|phd"
    "|prof|professor|rer|nat|sen|sir|sr|sra|srta"
    "|al|and|bin|da|das|de|del|della|den|der|des|di|do|dos|du|e|el|en|et|la|le|les|of|the|to"
    "|und|van|von|y|zu|zum|zur|für|for"
)
_USUAL_PARTS = re.compile(
    "股份有限公司|有限责任公司|有限責任公司|有限公司|股份公司|集团|集團|公司|株式会社|有限会社"
    "|合同会社|合資会社|先生|女士|小姐|様|さん|주식회사|유한회사"
)
_ALIKE = 0.6


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
    """Whether they share a word, as a person's names do after a wedding, or are spelled alike; of
    scripts without spaces more than half of the shorter name, for many share a character. What
    many names have is no sign."""
    name, other = _own(name), _own(other)
    one, another = words(name), words(other)
    shared = one & another
    if shared - _characters(shared):
        return True
    if shared:
        fewest = min(len(_characters(one)), len(_characters(another)))
        return len(shared) > max(1, fewest / 2)
    return SequenceMatcher(None, name, other).ratio() >= _ALIKE


def _characters(found: set[str]) -> set[str]:
    """Of words those that are characters of a script without spaces."""
    return {word for word in found if _WITHOUT_SPACES.fullmatch(word)}


def _own(name: str) -> str:
    """The name without what many have, unless it is nothing else."""
    found = _WORD.findall(_USUAL_PARTS.sub(" ", name))
    own = [word for word in found if not _USUAL.fullmatch(word) and not _is_letter(word)]
    return " ".join(own) or name


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha() and not _WITHOUT_SPACES.fullmatch(word)
