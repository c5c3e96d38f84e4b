"""What the gateway reads from a request's headers; all others are dropped.

So nobody outside can claim an identity, a role or a deadline by a header that services believe.
"""

import re
from collections.abc import Iterable, Mapping

from gateway.http.refusals import given_twice, no_host, url_too_long
from gateway.transcode.refusals import head_too_large, invalid_header
from gateway.transcode.request import NO_EXTRAS, Extras
from services.chassis.wire import CAUGHT_UP, CONSISTENCY_KEY

__all__ = [
    "MAX_HEAD_BYTES",
    "MAX_URL_BYTES",
    "REQUEST_ID_PATTERN",
    "TIMEOUT_PATTERN",
    "consistency_of",
    "expect_host",
    "extras_of",
    "read_head",
    "request_id_of",
    "timeout_of",
]

MAX_HEAD_BYTES = 65_536
# A filter and a page token of full length with every byte escaped, and as much again.
MAX_URL_BYTES = 16_384

_READ = frozenset(
    (
        b"accept",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"grpc-timeout",
        b"host",
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
# A client may spread what it accepts over several headers.
_ACCEPT = b"accept"
# uri-host [":" port] of RFC 3986; it may be empty.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:[0-9]*)?")
_EXTRAS = frozenset((b"content-type", b"if-match", b"idempotency-key", b"last-event-id"))
REQUEST_ID_PATTERN = "[A-Za-z0-9._~:/+=-]{1,128}"
TIMEOUT_PATTERN = "[0-9]{1,8}([.][0-9]{1,9})?s?"
_REQUEST_ID = re.compile(REQUEST_ID_PATTERN)
_GRPC_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_X_TIMEOUT = re.compile(TIMEOUT_PATTERN)


def read_head(headers: Iterable[tuple[bytes, bytes]], url_bytes: int) -> dict[bytes, str]:
    """The headers the gateway knows, by lower-case name; raises DomainError where the head is too
    large or says something twice."""
    size = url_bytes
    known: dict[bytes, str] = {}
    for name, value in headers:
        size += len(name) + len(value)
        if name in _READ:
            text = value.decode("latin-1")
            if name in known:
                if name != _ACCEPT:
                    raise given_twice(name.decode().title())
                text = f"{known[name]}, {text}"
            known[name] = text
    if size > MAX_HEAD_BYTES:
        raise head_too_large(MAX_HEAD_BYTES)
    if url_bytes > MAX_URL_BYTES:
        raise url_too_long(MAX_URL_BYTES)
    return known


def expect_host(head: Mapping[bytes, str], http_version: str) -> None:
    """Raises DomainError where a request does not say whom it is for; HTTP/1.0 need not."""
    host = head.get(b"host", "" if http_version == "1.0" else None)
    if host is None or not _HOST.fullmatch(host):
        raise no_host()


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
