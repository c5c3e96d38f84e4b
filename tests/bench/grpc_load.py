"""A load tool for unary gRPC calls: HTTP/2 frames straight to the socket, several under way.

grpc.aio's own client costs as much as a bare server, so that the slower of the two would be
measured. This one builds nothing per call and reads no header, only that a reply came.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from tests.bench.http_load import Load, open_connection

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_HEADER_TABLE_SIZE, _INITIAL_WINDOW_SIZE = 1, 4
_LARGE_WINDOW: Final = 2**30
_FRAME_HEAD: Final = 9
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Method:
    """What is called, and as whom."""

    path: str
    authorization: str = ""

    def head(self) -> bytes:
        """The HPACK header block (RFC 7541): static names, literal values, nothing indexed."""
        block = b"\x83\x86"  # :method POST, :scheme http
        block += b"\x04" + _text(self.path)
        block += b"\x01" + _text("localhost")
        block += b"\x0f\x10" + _text("application/grpc")
        block += b"\x00" + _text("te") + _text("trailers")
        block += b"\x00" + _text("grpc-timeout") + _text("5S")
        if self.authorization:
            block += b"\x0f\x08" + _text(self.authorization)
        return block


async def drive(
    port: int,
    method: Method,
    messages: Sequence[bytes],
    *,
    connections: int,
    calls_each: int,
    seconds: float,
) -> Load:
    """Calls with the messages round and round for so many seconds.

    Raises:
        RuntimeError: a call had no reply, or a connection broke.
    """
    load = Load()
    source = itertools.cycle(messages)
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        _Connection(method, source, calls_each, started + seconds, load, loop.create_future())
        for _ in range(connections)
    ]
    for each in opened:
        await open_connection(port, each)
    async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
        await asyncio.gather(*(each.end for each in opened))
    load.seconds = time.perf_counter() - started
    return load


async def replies(port: int, method: Method, messages: Sequence[bytes]) -> list[bytes]:
    """The reply to each message, in turn."""
    loop = asyncio.get_running_loop()
    connection = _Connection(method, iter(messages), 1, 0.0, Load(), loop.create_future())
    connection.kept = []
    await open_connection(port, connection)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await connection.end
    return connection.kept


@dataclass(slots=True)
class _Call:
    sent: float
    reply: bytes = b""


@dataclass(slots=True, eq=False)
class _Connection(asyncio.Protocol):
    """Keeps so many calls under way until the time is over, or the messages are."""

    method: Method
    source: Iterator[bytes]
    calls: int
    until: float
    load: Load
    end: asyncio.Future[None]
    kept: list[bytes] | None = None
    _running: dict[int, _Call] = field(default_factory=dict)
    _next_stream: int = 1
    _buffer: bytes = b""
    _head: bytes = b""
    _transport: asyncio.Transport = field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without being derived from it.
        self._transport = cast(asyncio.Transport, transport)
        self._head = self.method.head()
        settings = struct.pack("!HIHI", _HEADER_TABLE_SIZE, 0, _INITIAL_WINDOW_SIZE, _LARGE_WINDOW)
        window = struct.pack("!I", _LARGE_WINDOW)
        opening = _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW_UPDATE, 0, 0, window)
        self._transport.write(_PREFACE + opening)
        for _ in range(self.calls):
            self._call()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.end.done():
            self.end.set_exception(RuntimeError(f"the connection broke: {exc}"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        at = 0
        while len(buffer) - at >= _FRAME_HEAD:
            length = int.from_bytes(buffer[at : at + 3], "big")
            if len(buffer) - at < _FRAME_HEAD + length:
                break
            kind, flags = buffer[at + 3], buffer[at + 4]
            stream = int.from_bytes(buffer[at + 5 : at + 9], "big")
            self._take(kind, flags, stream, buffer[at + _FRAME_HEAD : at + _FRAME_HEAD + length])
            at += _FRAME_HEAD + length
        self._buffer = buffer[at:]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self._running[stream].reply += payload
        elif kind == _HEADERS and flags & _END_STREAM:
            self._answered(self._running.pop(stream))
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            self._transport.write(_frame(kind, _ACK, 0, payload if kind == _PING else b""))
        elif kind in (_RST_STREAM, _GOAWAY):
            self._fail(f"the server ended it: frame {kind}, {payload!r}")

    def _answered(self, call: _Call) -> None:
        now = time.perf_counter()
        if not call.reply:
            self._fail("a call ended without a reply: it was refused")
            return
        self.load.latencies.append(now - call.sent)
        if self.kept is not None:
            self.kept.append(call.reply[5:])
        if self.kept is not None or now < self.until:
            self._call()
        if not self._running and not self.end.done():
            self.end.set_result(None)
            self._transport.close()

    def _call(self) -> None:
        message = next(self.source, None)
        if message is None:
            return
        stream, self._next_stream = self._next_stream, self._next_stream + 2
        self._running[stream] = _Call(time.perf_counter())
        prefixed = struct.pack("!BI", 0, len(message)) + message
        self._transport.write(
            _frame(_HEADERS, _END_HEADERS, stream, self._head)
            + _frame(_DATA, _END_STREAM, stream, prefixed)
        )

    def _fail(self, reason: str) -> None:
        if not self.end.done():
            self.end.set_exception(RuntimeError(reason))
        self._transport.close()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def _text(value: str) -> bytes:
    """A string literal without Huffman coding; its length is an integer with a 7-bit prefix."""
    data = value.encode("ascii")
    length, rest = min(len(data), 127), len(data) - 127
    head = bytes([length])
    if length == 127:
        while rest >= 128:
            head += bytes([rest % 128 + 128])
            rest //= 128
        head += bytes([rest])
    return head + data
