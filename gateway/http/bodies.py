"""Reads the body of a request: whole, in time, within its cap, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from gateway.http.refusals import body_incomplete, body_timeout
from gateway.transcode.refusals import body_too_large, invalid_header, unsupported_encoding

__all__ = ["Bodies"]

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Bodies:
    """Reads what arrives in a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def read(self, head: Mapping[bytes, str], receive: Receive, limit_bytes: int) -> bytes:
        """The body, empty where the head declares none.

        Raises DomainError where it is not whole in the end, in its time or under its cap.
        """
        if b"content-length" not in head and b"transfer-encoding" not in head:
            return b""
        encoding = head.get(b"content-encoding", "identity")
        if encoding != "identity":
            raise unsupported_encoding(encoding)
        transfer = head.get(b"transfer-encoding", "chunked")
        if transfer.lower() != "chunked":
            raise invalid_header("Transfer-Encoding", f"{transfer} is not supported")
        if int(head.get(b"content-length", 0)) > limit_bytes:
            raise body_too_large(limit_bytes)
        try:
            async with asyncio.timeout(self._seconds):
                return await _parts(receive, limit_bytes)
        except TimeoutError:
            raise body_timeout(self._seconds) from None


async def _parts(receive: Receive, limit_bytes: int) -> bytes:
    """Only a last part ends a body; a connection that ends has none to give."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise body_incomplete()
        part = message.get("body", b"")
        # Trailers are dropped, but not for nothing.
        size += len(part) + message.get("dropped_bytes", 0)
        if size > limit_bytes:
            raise body_too_large(limit_bytes)
        parts.append(part)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
