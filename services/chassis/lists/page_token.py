"""Page tokens: where a page ended, and which arguments it was asked with, as opaque text.

Tokens are neither secret nor trusted: what is read from one is checked and only ever bound.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from services.chassis.errors import DomainError, invalid

__all__ = ["KeyValue", "PageToken", "decode", "encode", "fingerprints"]

KeyValue = int | float | str | bool | datetime | date | None

_VERSION: Final = 1
_MAX_CHARACTERS: Final = 8192
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_INT64: Final = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class PageToken:
    """The order values of the last row, and a short hash of each argument that was not empty."""

    arguments: Mapping[str, str]
    values: tuple[KeyValue, ...]


def fingerprints(arguments: Mapping[str, str]) -> dict[str, str]:
    """A hash of 48 bits for each argument that is not empty; enough to notice a change."""
    return {
        name: base64.urlsafe_b64encode(
            hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=6).digest()
        ).decode()
        for name, value in arguments.items()
        if value
    }


def encode(token: PageToken) -> str:
    """The token as URL-safe text."""
    content = [_VERSION, token.arguments, [_pack(value) for value in token.values]]
    packed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode(text: str, *, argument: str = "page_token") -> PageToken:
    """Raises DomainError INVALID_ARGUMENT, PAGE_TOKEN_INVALID, for what `encode` did not make."""
    if len(text) > _MAX_CHARACTERS:
        raise _malformed(argument)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, arguments, values = json.loads(packed)
        if version != _VERSION or not _is_fingerprints(arguments):
            raise _malformed(argument)
        return PageToken(arguments, tuple(_unpack(value) for value in _listed(values)))
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise _malformed(argument) from None


def _malformed(argument: str) -> DomainError:
    return invalid(argument, "PAGE_TOKEN_INVALID", "this is no token of a page of this list")


def _is_fingerprints(arguments: object) -> bool:
    return isinstance(arguments, dict) and all(
        isinstance(value, str) for value in arguments.values()
    )


def _listed(values: object) -> Sequence[object]:
    if not isinstance(values, list):
        raise TypeError("a list of values is expected")
    return values


def _pack(value: KeyValue) -> object:
    if isinstance(value, datetime):
        return {"t": (value - _EPOCH) // _MICROSECOND}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return value


def _unpack(packed: object) -> KeyValue:
    match packed:
        case None | bool() | float():
            return packed
        case int() if packed in _INT64:
            return packed
        case str() if "\x00" not in packed:
            packed.encode()  # a lone surrogate is no text, and a ValueError
            return packed
        case {"t": int(micros)}:
            return _EPOCH + micros * _MICROSECOND
        case {"d": str(day)}:
            return date.fromisoformat(day)
        case _:
            raise ValueError("no value of an order key")
