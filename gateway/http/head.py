"""What the gateway reads from a request's headers; all others are dropped.

So nobody outside can claim an identity, a role or a deadline by a header that services believe.
"""

import re
from collections.abc import Iterable, Mapping

from gateway.transcode.refusals import head_too_large, invalid_header
from gateway.transcode.request import NO_EXTRAS, Extras
from services.chassis.wire import CAUGHT_UP, CONSISTENCY_KEY

__all__ = [
    "MAX_HEAD_BYTES",
    "consistency_of",
    "extras_of",
    "read_head",
    "request_id_of",
    "timeout_of",
]

MAX_HEAD_BYTES = 65_536

_READ = frozenset(
    (
        b"accept",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"grpc-timeout",
        b"idempotency-key",
        b"if-match",
        b"last-event-id",
        b"transfer-encoding",
        b"x-consistency",
        b"x-api-key",
        b"x-request-id",
        b"x-timeout",
    )
)
_EXTRAS = frozenset((b"content-type", b"if-match", b"idempotency-key", b"last-event-id"))
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~:/+=-]{1,128}")
_GRPC_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_X_TIMEOUT = re.compile(r"[0-9]{1,8}([.][0-9]{1,9})?s?")


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The headers the gateway knows, by lower-case name; raises DomainError HEAD_TOO_LARGE."""
    size = 0
    known: dict[bytes, str] = {}
    for name, value in headers:
        size += len(name) + len(value)
        if name in _READ:
            known[name] = value.decode("latin-1")
    if size > MAX_HEAD_BYTES:
        raise head_too_large(MAX_HEAD_BYTES)
    return known


def request_id_of(head: Mapping[bytes, str]) -> str:
    """The id the caller gave the request; empty if there is none or it is unfit for a log."""
    given = head.get(b"x-request-id", "")
    return given if given and _REQUEST_ID.fullmatch(given) else ""


def extras_of(head: Mapping[bytes, str]) -> Extras:
    """What headers add to the request's message."""
    if _EXTRAS.isdisjoint(head):
        return NO_EXTRAS
    return Extras(
        if_match=head.get(b"if-match", ""),
        idempotency_key=head.get(b"idempotency-key", ""),
        last_event_id=head.get(b"last-event-id", ""),
        content_type=head.get(b"content-type", ""),
    )


def consistency_of(head: Mapping[bytes, str]) -> tuple[tuple[str, str], ...]:
    """The metadata that asks for an answer that has caught up, if the caller does by
    X-Consistency; raises DomainError."""
    asked = head.get(b"x-consistency", "")
    if asked not in ("", CAUGHT_UP):
        raise invalid_header("X-Consistency", f"can only be {CAUGHT_UP}")
    return ((CONSISTENCY_KEY, asked),) if asked else ()


def timeout_of(head: Mapping[bytes, str]) -> float | None:
    """The seconds the caller will wait, by Grpc-Timeout or X-Timeout; raises DomainError."""
    if text := head.get(b"grpc-timeout"):
        found = _GRPC_TIMEOUT.fullmatch(text)
        if found is None:
            raise invalid_header("Grpc-Timeout", "must be like 500m or 10S")
        return int(found.group(1)) * _SECONDS[found.group(2)]
    if text := head.get(b"x-timeout"):
        if not _X_TIMEOUT.fullmatch(text):
            raise invalid_header("X-Timeout", "must be seconds, like 2.5")
        return float(text.removesuffix("s"))
    return None
