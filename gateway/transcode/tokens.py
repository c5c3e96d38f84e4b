"""The tokens of a JSON body, one after the other: each is found by one native match that goes no
further than a value may reach. Knows nothing of messages.
"""

import json
import re
from typing import Any

from gateway.transcode.refusals import invalid_value, malformed_body
from gateway.transcode.words import refused_as
from services.chassis.errors import DomainError

__all__ = ["PLAIN", "VALUE_BYTES", "Tokens", "is_number"]

# The largest value of the outermost object, or item of a list in it: nobody waits for more.
VALUE_BYTES = 1024 * 1024
_NUMBER_DIGITS = 400

_WS = rb"[ \t\n\r]*+"
_ESCAPE = rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
_UNCLOSED = rb'"[^"\\\x00-\x1f]*+(?:' + _ESCAPE + rb'[^"\\\x00-\x1f]*+)*+'
_STRING = _UNCLOSED + b'"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:[.][0-9]++)?+(?:[eE][-+]?[0-9]++)?+"
_SPACE = re.compile(_WS)
_KEY = re.compile(b"(" + _STRING + b")" + _WS + b":" + _WS)
_SCALAR = re.compile(b"(" + _STRING + b")|(" + _NUMBER + b")|true|false|null")
# What ProtoJSON takes for a number in quotes: a number of JSON, and three words.
_QUOTED_NUMBER = re.compile(b'"(?:' + _NUMBER + b'|NaN|-?Infinity)"')
_NO_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_NEXT = re.compile(_WS + rb"([,\]}])" + _WS)
_PLAIN_NUMBER = rb"-?(?:0|[1-9][0-9]{0,17}+)"
# Nine of ten members: a key, one value, neither with escapes, and what comes behind them. What is
# in quotes and no plain number is a group of its own.
PLAIN = re.compile(
    rb'("[^"\\\x00-\x1f]*+")'
    + _WS
    + b":"
    + _WS
    + (rb'(?:"%b"|("[^"\\\x00-\x1f]*+")|%b|true|false|null)' % (_PLAIN_NUMBER, _PLAIN_NUMBER))
    + _WS
    + b"([,}])"
    + _WS
)
# A token that goes on past where a value must have ended.
_ENDLESS = re.compile(_WS + b"(?:" + _UNCLOSED + rb'(?:\\u?[0-9a-fA-F]{0,3}|"' + _WS + rb":?)?)?\Z")


class Tokens:
    """A body and where one is in it.

    A position is always that of a token, white space left behind. `limit` is where the value being
    read must have ended; `path` leads to it.
    """

    __slots__ = ("data", "limit", "path")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.limit = VALUE_BYTES
        self.path: list[bytes | int] = []

    def key(self, at: int) -> re.Match[bytes]:
        """A key with its colon: what is in quotes, and where its value starts."""
        found = _KEY.match(self.data, at, self.limit)
        if found is None:
            raise self.malformed(at)
        return found

    def opened(self, at: int, closer: bytes) -> tuple[int, bool]:
        """Behind an opening bracket: the first position within, and whether there is anything."""
        at = self.space(at + 1)
        return (at + 1, False) if self.data[at : at + 1] == closer else (at, True)

    def next(self, at: int, closer: bytes) -> tuple[int, bool]:
        """Behind a comma, and that there is more; or behind `closer`, and that there isn't."""
        found = _NEXT.match(self.data, at, self.limit)
        if found is None:
            raise self.malformed(at)
        if found[1] == b",":
            return found.end(), True
        if found[1] != closer:
            raise self.malformed(at)
        return found.end(1), False

    def space(self, at: int) -> int:
        """Behind white space, if there is any."""
        found = _SPACE.match(self.data, at, self.limit)
        return at if found is None else found.end()

    def scalar(self, at: int, must_be: str) -> int:
        """Behind a text, number, `true`, `false` or `null`; `must_be` says which is wanted."""
        found = _SCALAR.match(self.data, at, self.limit)
        if found is None:
            raise self._no_scalar(at, must_be)
        text, number = found.groups()
        if text is not None and b"\\u" in text:
            self.plain(text)
        if number is not None and len(number) > _NUMBER_DIGITS:
            raise invalid_value(self.where(), f"has more than {_NUMBER_DIGITS} digits")
        return found.end()

    def number(self, at: int, must_be: str) -> int:
        """As `scalar`, of a number: in quotes it has the same form as without."""
        end = self.scalar(at, must_be)
        if self.data[at : at + 1] == b'"' and not is_number(self.plain(self.data[at:end])):
            raise self.other_than(must_be, at)
        return end

    def enum(self, at: int, must_be: str) -> int:
        """As `scalar`, of an enum: its numbers are of 32 bits."""
        end = self.scalar(at, must_be)
        number = self.data[at:end]
        if number[:1] in b"-0123456789" and not _is_int32(number):
            raise self.other_than(must_be, at)
        return end

    def plain(self, text: bytes) -> bytes:
        """A key or text in its quotes, without escapes; raises DomainError for no character."""
        if b"\\" not in text:
            return text
        plain = self.loaded(text)
        try:
            return f'"{plain}"'.encode()
        except UnicodeEncodeError:
            raise invalid_value(self.where(), "has half of a surrogate pair") from None

    def loaded(self, value: bytes) -> Any:
        """A checked value as Python has it."""
        try:
            return json.loads(value)
        except UnicodeDecodeError:
            raise invalid_value(self.where(), "is not valid UTF-8") from None

    def other_than(self, must_be: str, at: int) -> DomainError:
        """The refusal of the value at a position, which is none of what it must be."""
        first = self.data[at : at + 1]
        if first in (b"{", b"["):
            return invalid_value(self.where(), refused_as(must_be, {} if first == b"{" else []))
        end = self.scalar(at, must_be)
        given = json.loads(self.data[at:end].decode("utf-8", "replace"))
        return invalid_value(self.where(), refused_as(must_be, given))

    def _no_scalar(self, at: int, must_be: str) -> DomainError:
        if self.data[at : at + 1] in (b"{", b"["):
            return self.other_than(must_be, at)
        if _NO_NUMBER.match(self.data, at):
            return invalid_value(self.where(), "NaN and Infinity are no numbers of JSON")
        return self.malformed(at)

    def malformed(self, at: int) -> DomainError:
        """What is said of a position where no token can be read."""
        if self.limit < len(self.data) and _ENDLESS.match(self.data, at, self.limit):
            return invalid_value(self.where(), f"is larger than {VALUE_BYTES} bytes")
        where = f" in `{self.where()}`" if self.path else ""
        at = self.space(at)
        if at >= len(self.data):
            return malformed_body(f"it ends{where} before it is complete")
        return malformed_body(f"unexpected text{where} at byte {at}")

    def where_in_whole(self, first: int) -> str:
        """As `where`, in the body whose item number `first` is the first of this one's list."""
        if len(self.path) > 1 and isinstance(self.path[1], int):
            self.path[1] += first
        return self.where()

    def where(self, *further: bytes) -> str:
        """The path to here, as people write it: `requests[0].order.lines`."""
        parts: list[str] = []
        for part in (*self.path, *further):
            if isinstance(part, int):
                parts.append(f"[{part}]")
            else:
                name = part[1:-1].decode("utf-8", "replace")[:100]
                parts.append(f".{name}" if parts else name)
        return "".join(parts) or "body"


def is_number(quoted: bytes) -> bool:
    """Whether a text in its quotes is a number."""
    return _QUOTED_NUMBER.fullmatch(quoted) is not None


def _is_int32(number: bytes) -> bool:
    digits = number.removeprefix(b"-")
    return digits.isdigit() and len(digits) < 11 and -(2**31) <= int(number) < 2**31
