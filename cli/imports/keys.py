"""A company's own keys → resource ids: different keys never share one, and the same key always has
the same one, in every file and on every day."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from functools import lru_cache

from cli.imports.cells import BadValue, as_name, folded, with_case

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NOT_IN_ID = re.compile(r"[^a-z0-9]+")
_HASH_BYTES = 10  # 80 bits: of ten million keys no two share one
_READABLE_LENGTH = 46  # with a hyphen and 16 characters of hash, the 63 that an id may have
# What spreadsheets and data frames make of a whole number that shares its column with gaps.
_WHOLE_AS_FLOAT = re.compile(r"([0-9]+)\.0")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_SHORTENED = re.compile(r"[-+]?[0-9]([.,][0-9]+)?e\+[0-9]+")
_KEPT = 200_000
# Salesforce's ids: 15 characters of which each letter's case counts, and the same with three more,
# each of which says of five which are capitals.
_OF_18 = re.compile("[0-9A-Za-z]{15}[A-Z0-5]{3}")
_OF_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
# Ids that some systems give in letters of both cases, of which each counts.
_MADE_BY_A_SYSTEM = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Za-z_-]{10,}")


def whole(text: str) -> str:
    """The text without the `.0` that programs add to a whole number."""
    found = _WHOLE_AS_FLOAT.fullmatch(text)
    return found.group(1) if found else text


def as_meant(key: str) -> str:
    """The key without what programs add to it: the `.0` of a whole number, the apostrophe by which
    a spreadsheet is told that it is a text, and more than one space between words."""
    return whole(" ".join(key.split()).removeprefix("'"))


def is_id(text: str) -> bool:
    """Whether it can be the id of a resource as it stands."""
    return _ID.fullmatch(text) is not None


def is_shortened(text: str) -> bool:
    """Whether it is the beginning of a long number, as a spreadsheet shows it: 4.0051E+11."""
    return _SHORTENED.fullmatch(text.lower()) is not None


@lru_cache(maxsize=_KEPT)
def id_of(noun: str, key: str, *, case_counts: bool = False) -> str:
    """`85123A` → `85123a`; `BANK CHARGES` → `bank-charges-` and a hash of the whole key.

    Keys are the same if they differ only in case, in width, in how their accents are composed, in
    what can't be seen, in space, in an apostrophe before them, or in `.0` after a whole number. One
    that is an id already is its own id. Where case counts, a key with capitals is another than one
    without, and Salesforce's ids of 18 characters are those of 15.

    Raises:
        BadValue: the key has no letter or digit, or a spreadsheet has shortened it, or has put
        commas between its thousands.
    """
    stated = _spelled(key) if case_counts else as_meant(folded(key))
    normal = unicodedata.normalize("NFC", stated.lower())
    if stated == normal and is_id(normal):
        return normal
    if not any(character.isalnum() for character in normal):
        raise BadValue(f"{noun} {key!r} has no letter or digit" if normal else f"{noun} is empty")
    if is_shortened(normal):
        raise BadValue(
            f"{noun} {key!r} was shortened by a spreadsheet and may stand for several:"
            " export the column as text"
        )
    if _THOUSANDS.fullmatch(normal):
        raise BadValue(
            f"{noun} {key!r} may be {normal.replace(',', '')}, as a spreadsheet shows it: export"
            " the column as text"
        )
    digest = hashlib.sha256(stated.encode()).digest()[:_HASH_BYTES]
    ending = base64.b32hexencode(digest).decode().lower()
    readable = _readable(normal)
    return f"{readable}-{ending}" if readable else ending


def _spelled(key: str) -> str:
    """The key as it is meant, upper and lower case as they are."""
    spelled = as_meant(with_case(key))
    if not _OF_18.fullmatch(spelled):
        return spelled
    short = spelled[:15]
    capitals = "".join(
        _OF_CAPITALS[sum(1 << at for at in range(5) if short[start + at].isupper())]
        for start in (0, 5, 10)
    )
    return short if capitals == spelled[15:] else spelled


def _readable(normal: str) -> str:
    plain = unicodedata.normalize("NFKD", normal).encode("ascii", "ignore").decode()
    return _NOT_IN_ID.sub("-", plain).strip("-")[:_READABLE_LENGTH].rstrip("-")


class Spellings:
    """Keys that differ only in case are one customer's, as people type them; and are two people's
    where a system gave them out. `doubtful` are the ids of which a file doesn't say which, with
    what to tell: keys that come with different names, or that look as if each letter counted."""

    def __init__(self) -> None:
        self.doubtful: dict[str, str] = {}
        self._met: dict[str, list[tuple[str, str]]] = {}

    def meet(self, identifier: str, key: str, name: str = "") -> None:
        """Notes a key, its id, and the name that comes with it, if any."""
        met = self._met.setdefault(identifier, [])
        one = _spelled(key), as_name(name)
        if one in met:
            return
        for other in met:
            if _may_be_two(one, other):
                self.doubtful.setdefault(
                    identifier,
                    f"customers {other[0]!r} and {one[0]!r} differ only in case: spell them alike"
                    " if they are one, or say --keys-with-case, in every import, if they are two",
                )
        met.append(one)


def _may_be_two(one: tuple[str, str], other: tuple[str, str]) -> bool:
    (key, name), (other_key, other_name) = one, other
    if key == other_key:
        return False
    two_names = bool(name and other_name) and name != other_name
    return two_names or (_case_counts_in(key) and _case_counts_in(other_key))


def _case_counts_in(key: str) -> bool:
    """Whether it is spelled as nobody would type it: neither in small letters nor in capitals."""
    as_typed = (key.lower(), key.upper(), key.capitalize())
    return key not in as_typed and _MADE_BY_A_SYSTEM.fullmatch(key) is not None


class Doubles:
    """Rows of a file that are to have one id: the same again is the same, and another is refused,
    for the service would say that it is there with other content, which only this file has."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, object]] = {}

    def why_not(self, identifier: str, line: int, content: object) -> str:
        """What is told of a row whose id an earlier one has with other content; else empty."""
        first_line, first = self._first.setdefault(identifier, (line, content))
        if first == content:
            return ""
        return (
            f"line {first_line} has the same key, or is the same without one, and says something"
            " else: make them one row, or give each a key of its own"
        )
