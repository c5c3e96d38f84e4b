"""A load tool for HTTP/1.1: keep-alive connections, each with one request under way.

It builds nothing per request and reads answers with a parser in C, so that what it measures is
the other side.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import httptools

_OK = 200
_PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Load:
    """What a run of requests took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds


def get(path: str, authorization: str) -> bytes:
    """The bytes of a GET request."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
    return head.encode("ascii")


async def drive(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Sends the requests round and round for so many seconds.

    Raises:
        RuntimeError: an answer is not 200, or a connection broke.
    """
    load = Load()
    source = itertools.cycle(requests)
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    ends = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await open_connection(port, _Connection(source, started + seconds, load, end))
    async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
        await asyncio.gather(*ends)
    load.seconds = time.perf_counter() - started
    return load


async def ask(port: int, request: bytes) -> bytes:
    """The body of one answer."""
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    connection = _Connection(iter([request]), 0.0, Load(), end)
    await open_connection(port, connection)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await end
    return connection.body


async def open_connection(port: int, connection: asyncio.Protocol) -> None:
    """Connects to a port of this machine."""
    await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", port)


class _Connection(asyncio.Protocol):
    """Asks, waits for the answer, asks again until the time is over."""

    def __init__(
        self, source: Iterator[bytes], until: float, load: Load, end: asyncio.Future[None]
    ) -> None:
        self._source = source
        self._until = until
        self._load = load
        self._end = end
        self._sent = 0.0
        self.body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without being derived from it.
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._end.done():
            self._end.set_exception(RuntimeError(f"the connection broke: {exc}"))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        if self._parser.get_status_code() != _OK:
            self._end.set_exception(RuntimeError(self.body.decode("utf-8", "replace")[:500]))
            self._transport.close()
            return
        self._load.latencies.append(now - self._sent)
        if now < self._until:
            self._next()
        else:
            self._end.set_result(None)
            self._transport.close()

    def _next(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.body = b""
        self._sent = time.perf_counter()
        self._transport.write(next(self._source))
