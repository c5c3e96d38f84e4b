"""One request and its answer, as an ASGI application receives the one and sends the other."""

import asyncio
from collections.abc import Iterable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog

from services.chassis.http.refusals import FAILED

if TYPE_CHECKING:
    from services.chassis.http.connection import Connection

__all__ = ["Exchange", "Message", "Scope"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]

# More goes out as it is: of a document there is one in memory, however many wait for it.
_COPIED_BYTES = 16_384
_BODILESS = frozenset((204, 304))
_STATUS_LINES = {
    each.value: b"HTTP/1.1 %d %s\r\n" % (each.value, each.phrase.encode()) for each in HTTPStatus
} | {499: b"HTTP/1.1 499 Client Closed Request\r\n"}

_log = structlog.get_logger(__name__)


class Exchange:
    """Between one connection and one run of the application.

    Beyond ASGI, a part of the body says in `dropped_bytes` how much came with it that is no body:
    trailers, and what was written into the framing of chunks. Answers have a `content-length`, or
    go out in chunks; `connection` is the server's own header. To HEAD the head of a stream is the
    whole answer, after which the application is told that its caller has gone.
    An application that signs somebody in says who in `scope["guanxi.caller"]`: what a stranger
    waits for gives way first.
    """

    __slots__ = (
        "_awaits_continue",
        "_connection",
        "_ended_by_head",
        "_held",
        "_keeps_alive",
        "_news",
        "_outgoing",
        "_remaining",
        "_sends_body",
        "_told_dropped",
        "_told_whole",
        "answered",
        "body",
        "dropped_bytes",
        "gone",
        "scope",
        "started",
        "whole",
    )

    def __init__(
        self, connection: "Connection", scope: Scope, *, keeps_alive: bool, awaits_continue: bool
    ) -> None:
        self.scope = scope
        self.body = bytearray()
        self.dropped_bytes = 0
        self.whole = False
        self.gone = False
        self.started = False
        self.answered = False
        self._connection = connection
        self._outgoing = connection.outgoing
        self._keeps_alive = keeps_alive
        self._awaits_continue = awaits_continue
        self._told_dropped = 0
        self._told_whole = False
        self._news: asyncio.Future[None] | None = None
        self._held = b""
        self._remaining: int | None = None
        self._sends_body = True
        self._ended_by_head = False

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection can be used again after this answer: a body that is still to come
        would have to be read to its end first."""
        return self._keeps_alive and self.whole and not self._connection.ending

    @property
    def signed_in(self) -> bool:
        """Whether the application knows who asks."""
        return "guanxi.caller" in self.scope

    @property
    def awaits_body(self) -> bool:
        """Whether the application can't go on without more of the body."""
        return self._news is not None and not (self._news.done() or self.whole or self.answered)

    async def run(self, application: Any) -> None:
        """Has it answered; an application that fails without a word is spoken for."""
        try:
            await application(self.scope, self.receive, self.send)
        except Exception:
            _log.exception("an application failed")
            if not self.started:
                self._connection.refuse(FAILED)
        finally:
            if not self.answered:
                self._connection.abandon(self)

    def lose(self) -> None:
        """Nothing more will come from the caller."""
        self.gone = True
        self.wake()

    def wake(self) -> None:
        """There is something new to receive."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def receive(self) -> Message:
        """The next part of the body. `http.disconnect` where no more will come: a body is whole
        only once a part has said that it is the last."""
        if self._awaits_continue:
            self._awaits_continue = False
            if not self.started:
                self._outgoing.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not self._has_part and not self.gone and not self.answered:
            self._connection.read_on()
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        if self._told_whole or self.answered or (self.gone and not self.whole):
            return {"type": "http.disconnect"}
        part = bytes(self.body)
        self.body.clear()
        dropped = self.dropped_bytes - self._told_dropped
        self._told_dropped = self.dropped_bytes
        self._told_whole = self.whole
        return {
            "type": "http.request",
            "body": part,
            "more_body": not self.whole,
            "dropped_bytes": dropped,
        }

    @property
    def _has_part(self) -> bool:
        if self._told_whole:
            return False
        return bool(self.body) or self.whole or self.dropped_bytes != self._told_dropped

    async def send(self, message: Message) -> None:
        """Sends the head or a part of the answer; waits while the reader is slow."""
        if self._ended_by_head:
            return
        if self._outgoing.slow:
            await self._outgoing.caught_up()
        if message["type"] == "http.response.start":
            self._start(message["status"], message.get("headers", ()))
            if self._remaining is None and self.scope["method"] == "HEAD":
                # That is all they asked for, and the end of a stream may be far.
                self._ended_by_head = True
                self._end()
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if not self.started or self.answered:
            raise RuntimeError("a part of an answer that has not begun or has ended")
        part = self._framed(body, last=not more) if self._sends_body else self._head()
        self._outgoing.write(part)
        if not more:
            self._end()

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        if self.started:
            raise RuntimeError("an answer can't begin twice")
        self.started = True
        lines = [_STATUS_LINES[status], self._connection.date]
        for name, value in headers:
            if name == b"content-length":
                self._remaining = int(value)
            lines.append(b"%s: %s\r\n" % (name, value))
        self._sends_body = self.scope["method"] != "HEAD" and status not in _BODILESS
        if self.scope["http_version"] == "1.0" and self._remaining is None:
            # It knows no chunks: its answer ends with the connection.
            self._keeps_alive = False
        elif self._remaining is None and self._sends_body:
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keeps_alive:
            self._keeps_alive = False
            lines.append(b"connection: close\r\n")
        elif self.scope["http_version"] == "1.0":
            lines.append(b"connection: keep-alive\r\n")
        head = b"".join(lines) + b"\r\n"
        if head.count(b"\n") != len(lines) + 1:
            raise RuntimeError("a header with a line break in it")
        self._held = head
        if self._remaining is None:
            # A stream, whose reader wants to know that it has begun.
            self._outgoing.write(self._head())

    def _head(self) -> bytes:
        head, self._held = self._held, b""
        return head

    def _framed(self, body: bytes, *, last: bool) -> bytes:
        head = self._head()
        if self._remaining is not None:
            self._remaining -= len(body)
            if self._remaining < 0 or (last and self._remaining):
                raise RuntimeError("an answer that is not as long as its content-length")
            if len(body) > _COPIED_BYTES:
                self._outgoing.write(head)
                return body
            return head + body
        if self.scope["http_version"] == "1.0":
            return head + body
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        return b"".join((head, chunk, b"0\r\n\r\n")) if last else head + chunk

    def _end(self) -> None:
        self.answered = True
        self.wake()
        self._connection.answered(self)
