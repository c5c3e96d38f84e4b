"""A company's own keys → resource ids: different keys never share one, and the same key always has
the same one, in every file and on every day."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from functools import lru_cache

from cli.imports.cells import BadValue, folded

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NOT_IN_ID = re.compile(r"[^a-z0-9]+")
_HASH_BYTES = 10  # 80 bits: of ten million keys no two share one
_READABLE_LENGTH = 46  # with a hyphen and 16 characters of hash, the 63 that an id may have
# What spreadsheets and data frames make of a whole number that shares its column with gaps.
_WHOLE_AS_FLOAT = re.compile(r"([0-9]+)\.0")
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?e\+[0-9]+")
_KEPT = 200_000


def as_meant(key: str) -> str:
    """The key without the `.0` that programs add to a whole number."""
    whole = _WHOLE_AS_FLOAT.fullmatch(key)
    return whole.group(1) if whole else key


@lru_cache(maxsize=_KEPT)
def id_of(noun: str, key: str) -> str:
    """`85123A` → `85123a`; `BANK CHARGES` → `bank-charges-` and a hash of the whole key.

    Keys are the same if they differ only in case, in width, in how their accents are composed, in
    space around them, or in `.0` after a whole number. One that is an id already is its own id.

    Raises:
        BadValue: the key has no letter or digit, or a spreadsheet has shortened it.
    """
    normal = as_meant(folded(key))
    if _ID.fullmatch(normal):
        return normal
    if not any(character.isalnum() for character in normal):
        raise BadValue(f"{noun} {key!r} has no letter or digit" if normal else f"{noun} is empty")
    if _SHORTENED.fullmatch(normal):
        raise BadValue(
            f"{noun} {key!r} was shortened by a spreadsheet and may stand for several:"
            " export the column as text"
        )
    digest = hashlib.sha256(normal.encode()).digest()[:_HASH_BYTES]
    ending = base64.b32hexencode(digest).decode().lower()
    readable = _readable(normal)
    return f"{readable}-{ending}" if readable else ending


def _readable(normal: str) -> str:
    plain = unicodedata.normalize("NFKD", normal).encode("ascii", "ignore").decode()
    return _NOT_IN_ID.sub("-", plain).strip("-")[:_READABLE_LENGTH].rstrip("-")
