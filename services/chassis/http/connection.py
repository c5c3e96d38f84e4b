"""One connection: reads requests one after the other, and ends what takes too long or too much.

Every answer is readable: a connection that ends says so, and is only closed once its caller has
nothing more to say or has had its time. What is read after the request that ends it is dropped.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

import httptools

from services.chassis.http.connections import Connections, Ended
from services.chassis.http.exchange import Exchange
from services.chassis.http.refusals import (
    HEAD_TIMEOUT,
    HEAD_TOO_LARGE,
    MALFORMED,
    NO_ROOM,
    Refusal,
)

__all__ = ["Connection", "Served"]

_VERSIONS = ("1.0", "1.1")
# So much of a body may wait for the application before no more is read.
_BODY_AHEAD_BYTES = 65_536
# An honest chunk: its size in hexadecimal and two line breaks.
_FRAMING_BYTES = 20
_DECLARES_BODY = (b"content-length", b"transfer-encoding")


@dataclass(slots=True)
class Served:
    """What the connections of one server share."""

    application: Any
    domain: str
    connections: Connections
    date: bytes = b""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Connection(asyncio.Protocol):
    """Between the socket, the parser and the exchanges."""

    def __init__(self, served: Served) -> None:
        self.deadline = math.inf
        self.ending = False
        self.slow = False
        self._served = served
        self._limits = served.connections.limits
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        # The head being read.
        self._in_head = False
        self._begun = 0
        self._head_bytes = 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._awaits_continue = False
        self._upgrade = b""
        self._repeats_head = False
        # The request being read, the one being answered, and those that came meanwhile.
        self._reading: Exchange | None = None
        self._chunks = 0
        self._trailers = 0
        self._line_bytes = 0
        self._answering: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        # How it ends.
        self._deaf = False
        self._last_words: Refusal | None = None
        self._leaving = False
        self._heard_all = False
        self._unsent = math.inf
        self._paused = False
        self._relief: asyncio.Future[None] | None = None

    # The socket's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one without being derived from it.
        self._transport = cast(asyncio.Transport, transport)
        if self._served.connections.admit(self):
            self.deadline = self._loop.time() + self._limits.head_seconds
        else:
            self.refuse(NO_ROOM)

    def connection_lost(self, exc: Exception | None) -> None:
        self._served.connections.leave(self)
        self._deaf = True
        self._lose_all()
        self.resume_writing()

    def eof_received(self) -> bool:
        """The caller says no more; they may still read. What has not come whole never will."""
        if self._answering is None:
            return False
        self._deaf = self._heard_all = True
        self._lose_all()
        return True

    def pause_writing(self) -> None:
        self.slow = True
        self._unsent = math.inf
        self.deadline = self._loop.time() + self._limits.send_seconds

    def resume_writing(self) -> None:
        self.slow = False
        if self._answering is not None:
            self.deadline = math.inf
        if self._relief is not None and not self._relief.done():
            self._relief.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._reading is not None:
            self._read_body(self._reading, data)
        else:
            self._read_heads(data)
        self._control_flow()

    def _read_heads(self, data: bytes) -> None:
        begun = self._begun + (not self._in_head)
        self._parse(data)
        if self._in_head and self._begun == begun:
            # A guard for what never ends; a head that is whole is measured by the application.
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self._limits.head_bytes:
                self._end_with(HEAD_TOO_LARGE)

    def _read_body(self, reading: Exchange, data: bytes) -> None:
        dropped = len(data)
        # The parser keeps a line until it ends: one without end is not read on, only counted.
        if self._line_bytes < self._limits.head_bytes:
            ahead, chunks, trailers = len(reading.body), self._chunks, self._trailers
            self._parse(data)
            if reading is not self._reading:
                return
            dropped -= len(reading.body) - ahead
            if dropped <= _FRAMING_BYTES * (1 + self._chunks - chunks):
                return
            self._line_bytes = 0 if self._trailers > trailers else self._line_bytes + dropped
        reading.dropped_bytes += dropped
        reading.wake()

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._end_with(MALFORMED)

    def _stay(self, rest: bytes) -> None:
        """Goes on as if no other protocol had been offered. The parser takes a request with such an
        offer to have no body; one that has is read by a new parser, which is told of it."""
        if self._upgrade:
            declared, self._upgrade = self._upgrade, b""
            self._repeats_head = True
            self._parser = httptools.HttpRequestParser(self)
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n\r\n" % declared)
            self._repeats_head = False
        if rest:
            self._parse(rest)

    # The parser's side

    def on_message_begin(self) -> None:
        if self._repeats_head:
            return
        self._in_head = True
        self._begun += 1
        self._head_bytes = 0
        self._url = b""
        self._headers = []
        self._awaits_continue = False
        self._line_bytes = 0
        if self._answering is None:
            self.deadline = self._loop.time() + self._limits.head_seconds

    def on_url(self, part: bytes) -> None:
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            # A trailer, which must not pass for a header.
            self._trailers += 1
            return
        name = name.lower()
        if name == b"expect":
            self._awaits_continue = value.lower() == b"100-continue"
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._repeats_head:
            return
        self._in_head = False
        parser = self._parser
        version = parser.get_http_version()
        url = httptools.parse_url(self._url)
        if version not in _VERSIONS or url.path is None:
            raise httptools.HttpParserError("neither a version nor a path that is served")
        if parser.should_upgrade():
            self._upgrade = _declared(self._headers)
        path = url.path.decode("ascii")
        exchange = Exchange(
            self,
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.4"},
                "http_version": version,
                "scheme": "http",
                "method": parser.get_method().decode("ascii"),
                "path": unquote(path) if "%" in path else path,
                "raw_path": url.path,
                "query_string": url.query or b"",
                "root_path": "",
                "headers": self._headers,
            },
            keeps_alive=parser.should_keep_alive(),
            awaits_continue=self._awaits_continue,
        )
        self._reading = exchange
        if self._answering is None:
            self._begin(exchange)
        else:
            self._queue.append(exchange)

    def on_body(self, part: bytes) -> None:
        if self._reading is not None:
            self._reading.body += part
            self._reading.wake()

    def on_chunk_header(self) -> None:
        self._chunks += 1

    def on_message_complete(self) -> None:
        if self._reading is not None and not self._upgrade:
            self._reading.whole = True
            self._reading.wake()
            self._reading = None

    # The exchange's side

    @property
    def date(self) -> bytes:
        """The header line of now."""
        return self._served.date

    def write(self, data: bytes) -> None:
        """Sends bytes of an answer; nothing where nobody is there any more."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def caught_up(self) -> None:
        """Waits until the reader has read on, or has gone."""
        while self.slow:
            self._relief = self._loop.create_future()
            await self._relief

    def read_on(self) -> None:
        """The application has taken what there was of the body."""
        self._control_flow()

    def answered(self, exchange: Exchange) -> None:
        """An answer is complete: the next request's turn, or the end."""
        if not exchange.keeps_alive:
            self._leave()
        elif self._queue:
            self._begin(self._queue.popleft())
            self._control_flow()
        elif self._last_words is not None:
            self.refuse(self._last_words)
        elif self._deaf:
            self._leave()
        else:
            self._answering = None
            self._unsent = math.inf
            seconds = self._limits.head_seconds if self._in_head else self._limits.idle_seconds
            self.deadline = self._loop.time() + seconds
            self._served.connections.wait(self)

    def abandon(self, exchange: Exchange) -> None:
        """An answer ended in the middle, or never began."""
        if not exchange.started and not self._leaving:
            self._leave()
        elif exchange.started:
            # Closing in order would pass for a complete answer where it has no length.
            self.cut_off()

    def refuse(self, refusal: Refusal) -> None:
        """Says why the connection ends."""
        self.write(refusal.written(self._served.domain))
        self._leave()

    # The server's side

    def time_is_over(self, now: float) -> None:
        """The deadline has passed: of a head, of silence, or of a reader who has read nothing."""
        unsent = self._transport.get_write_buffer_size()
        if unsent:
            if unsent >= self._unsent:
                self._served.connections.count(Ended.NOT_READ)
                self.cut_off()
            self._unsent = unsent
            self.deadline = now + self._limits.send_seconds
        elif self._leaving:
            self.cut_off()
        elif self._in_head:
            self._served.connections.count(Ended.HEAD_TIMEOUT)
            self.refuse(HEAD_TIMEOUT)
        else:
            # A word that nobody asked for could be taken for the answer to a request on its way.
            self._served.connections.count(Ended.SILENT)
            self.cut_off()

    def cut_off(self) -> None:
        """Ends it as it is."""
        self.deadline = math.inf
        self._transport.abort()

    def shut_down(self) -> None:
        """Ends it in order: after the answers it owes."""
        self.ending = True
        if self._answering is None and not self._leaving:
            self._transport.close()

    def _begin(self, exchange: Exchange) -> None:
        self._answering = exchange
        self.deadline = math.inf
        self._served.connections.busy(self)
        task = self._loop.create_task(exchange.run(self._served.application))
        self._served.tasks.add(task)
        task.add_done_callback(self._served.tasks.discard)

    def _end_with(self, refusal: Refusal) -> None:
        """What was read is no request: nothing more is, and the caller is told in its turn."""
        self._deaf = True
        if self._answering is None:
            self.refuse(refusal)
            return
        if self._reading is not None:
            self._reading.lose()
        else:
            self._last_words = refusal

    def _leave(self) -> None:
        """Sends what is written and closes once the caller has, or time is over. Closing at once,
        with anything left unread, would take the answer from them."""
        self._deaf = self._leaving = True
        self._lose_all()
        self._answering = None
        self._unsent = math.inf
        self.deadline = self._loop.time() + self._limits.linger_seconds
        self._served.connections.wait(self)
        if self._transport.is_closing():
            return
        if self._heard_all:
            self._transport.close()
            return
        self._control_flow()
        self._transport.write_eof()

    def _lose_all(self) -> None:
        for exchange in (self._answering, *self._queue):
            if exchange is not None:
                exchange.lose()
        self._reading = None

    def _control_flow(self) -> None:
        """Reads no further than the application: neither bodies nor requests pile up."""
        ahead = self._reading is not None and len(self._reading.body) > _BODY_AHEAD_BYTES
        pause = not self._deaf and (ahead or bool(self._queue))
        if pause == self._paused or self._transport.is_closing():
            return
        self._paused = pause
        if pause:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


def _declared(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The header line by which a request says that it has a body; empty if it says none."""
    found = (b"%s: %s" % (name, value) for name, value in headers if name in _DECLARES_BODY)
    return next(found, b"")
