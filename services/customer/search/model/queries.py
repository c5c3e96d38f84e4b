"""What was typed, as it is looked for."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from services.chassis.errors import invalid
from services.chassis.normal import digits
from services.customer.customers.model.spelling import compared, is_wide

__all__ = ["SearchQuery", "read_query"]

# A phone number, by its look: digits, and what people write between them.
_DIALLED: Final = re.compile(r"\+?[\d\s()./\-\u2010-\u2015]*")
_TRUNK: Final = re.compile(r"\(0+\)")
_NAME: Final = "customers/"
_ID: Final = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_FEWEST_DIGITS: Final = 3
_FEWEST: Final = 2
# 200 characters are 100 words of one letter; each would be looked for, and nobody types so many.
_MOST_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What was typed, all of it as it is compared (`whole`), and the resource name, where it is one
    or its id (else empty).

    `number` is what it is as a phone number (empty where it can be none). `alternatives` are the
    ways to match: all of the words of one of them have to.
    """

    whole: str
    joined: str
    number: str
    name: str
    alternatives: tuple[tuple[str, ...], ...]

    @property
    def parts(self) -> frozenset[str]:
        """Whatever may be in a line."""
        return frozenset(word for words in self.alternatives for word in words)


def read_query(typed: str) -> SearchQuery:
    """Reads what was typed. Raises INVALID_ARGUMENT (QUERY_TOO_SHORT, QUERY_TOO_MANY_WORDS)."""
    whole = compared(typed)
    words = tuple(dict.fromkeys(whole.split()))
    if len("".join(words)) < _FEWEST and not any(map(is_wide, words)):
        raise invalid(
            "query",
            "QUERY_TOO_SHORT",
            "type two letters, three digits of a phone number, or one Chinese character",
        )
    if len(words) > _MOST_WORDS:
        raise invalid(
            "query", "QUERY_TOO_MANY_WORDS", f"{len(words)} words are more than {_MOST_WORDS}"
        )
    number, joined = _number(typed), whole.replace(" ", "")
    # nord licht is Nordlicht, and zhang wei ming how zhangweiming is typed as well.
    ways = dict.fromkeys([words, (joined,), *([(number,)] if number else [])])
    return SearchQuery(whole, joined, number, _name(typed), tuple(ways))


def _name(typed: str) -> str:
    id = typed.strip().lower().removeprefix(_NAME)
    return f"{_NAME}{id}" if _ID.fullmatch(id) else ""


def _number(typed: str) -> str:
    """The digits of a phone number as they stand in it, however it is dialled from here."""
    usual = unicodedata.normalize("NFKC", typed).strip()
    if not _DIALLED.fullmatch(usual):
        return ""
    number = digits(_TRUNK.sub("", usual))
    # 00 44, 0 20: what is dialled before the country's code, or the area's, from somewhere.
    significant = number.lstrip("0")
    number = significant if len(significant) >= _FEWEST_DIGITS else number
    return number if len(number) >= _FEWEST_DIGITS else ""
