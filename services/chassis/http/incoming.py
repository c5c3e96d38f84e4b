"""What comes in on a connection: requests out of bytes, by the parser of Node.js.

It decides what belongs to a head and what to a body; what else a body brings is only counted. A
request costs many times its bytes, so no more are made of what has come than their turn is near.
"""

from typing import Protocol
from urllib.parse import unquote

import httptools

from services.chassis.http.exchange import Exchange, Scope
from services.chassis.http.refusals import HEAD_TOO_LARGE, MALFORMED, Refusal

__all__ = ["Incoming", "Listener"]

_VERSIONS = ("1.0", "1.1")
# An honest chunk: its size in hexadecimal and two line breaks.
_FRAMING_BYTES = 20
# The parser can't be stopped within what it is given: it is given a head by itself, up to its empty
# line (it takes no other for one), of which the first part may be behind it already.
_EMPTY_LINE = b"\r\n\r\n"
_LEAST_HEAD_BYTES = len("GET / HTTP/1.1\r\n\r\n")
_REST_OF_HEAD_BYTES = 256
# Of a body whose length is not known: more, so that a large one is not slow.
_CHUNKS_STEP_BYTES = 1_024
_DECLARES_BODY = (b"content-length", b"transfer-encoding")


class Listener(Protocol):
    """Who is told what comes."""

    @property
    def wants_requests(self) -> bool: ...
    def head_began(self) -> None: ...
    def head_came(self, scope: Scope, *, keeps_alive: bool, awaits_continue: bool) -> Exchange: ...
    def broke(self, refusal: Refusal) -> None: ...


class Incoming:
    """Feeds the parser, and tells its listener of heads and exchanges of bodies."""

    def __init__(self, listener: Listener, head_bytes: int, head_lines: int) -> None:
        self.in_head = False
        # Whose body is not whole yet.
        self.reading: Exchange | None = None
        self._listener = listener
        self._most_head_bytes = head_bytes
        self._most_head_lines = head_lines
        # What has come, and how far it is read.
        self._come = b""
        self._at = 0
        self._parser = httptools.HttpRequestParser(self)
        self._heads = 0
        self._head_bytes = 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._awaits_continue = False
        self._upgrade = b""
        self._repeats_head = False
        self._fault = MALFORMED
        # Of a body that said how long it is.
        self._body_left = 0
        self._chunks = 0
        self._trailers = 0
        self._line_bytes = 0

    def feed(self, data: bytes) -> None:
        """Takes what came in one read."""
        self._come = self._come[self._at :] + data if self._at < len(self._come) else data
        self._at = 0
        self.read_on()

    def read_on(self) -> None:
        """Reads what has come as far as the listener wants it."""
        while self._at < len(self._come) and self._listener.wants_requests:
            piece = self._come[self._at : self._at + self._step()]
            self._at += len(piece)
            if self.reading is not None:
                self._feed_body(self.reading, piece)
            else:
                self._feed_heads(piece)
        if self._at == len(self._come):
            self._come, self._at = b"", 0

    def drop(self) -> None:
        """Forgets what has come; nothing more will be wanted."""
        self.reading = None
        self._come, self._at = b"", 0

    def _step(self) -> int:
        """How many bytes hold no more than one request."""
        if self.reading is not None:
            return self._body_left or _CHUNKS_STEP_BYTES
        if self.in_head:
            return _REST_OF_HEAD_BYTES
        at = self._at + _LEAST_HEAD_BYTES - len(_EMPTY_LINE)
        end = self._come.find(_EMPTY_LINE, at)
        size = end + len(_EMPTY_LINE) - self._at if end >= 0 else self._most_head_bytes
        return min(size, self._most_head_bytes)

    def _feed_heads(self, data: bytes) -> None:
        heads = self._heads + (not self.in_head)
        self._parse(data)
        if self.in_head and self._heads == heads:
            # A guard for what never ends; a head that is whole is measured by the application.
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self._most_head_bytes:
                self._listener.broke(HEAD_TOO_LARGE)

    def _feed_body(self, reading: Exchange, data: bytes) -> None:
        dropped = len(data)
        # The parser keeps a line until it ends: one without end is not read on, only counted.
        if self._line_bytes < self._most_head_bytes:
            ahead, chunks, trailers = len(reading.body), self._chunks, self._trailers
            self._parse(data)
            if reading is not self.reading:
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
            self._listener.broke(self._fault)

    def _stay(self, rest: bytes) -> None:
        """Goes on as if no other protocol had been offered. The parser takes a request with such an
        offer to have no body; one that has is read by a new parser, which is told of it."""
        if self._upgrade:
            declared, self._upgrade = self._upgrade, b""
            self._repeats_head = True
            self._parser = httptools.HttpRequestParser(self)
            self._parse(b"POST / HTTP/1.1\r\n%s\r\n\r\n" % declared)
            self._repeats_head = False
        if rest:
            self._parse(rest)

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._repeats_head:
            return
        self.in_head = True
        self._heads += 1
        self._head_bytes = 0
        self._url = b""
        self._headers = []
        self._awaits_continue = False
        self._body_left = 0
        self._line_bytes = 0
        self._listener.head_began()

    def on_url(self, part: bytes) -> None:
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_head:
            # A trailer, which must not pass for a header.
            self._trailers += 1
            return
        if len(self._headers) == self._most_head_lines:
            self._fault = HEAD_TOO_LARGE
            raise httptools.HttpParserError("too many lines")
        name = name.lower()
        if name == b"content-length":
            self._body_left = int(value)
        elif name == b"expect":
            self._awaits_continue = value.lower() == b"100-continue"
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._repeats_head:
            return
        self.in_head = False
        parser = self._parser
        version = parser.get_http_version()
        url = httptools.parse_url(self._url)
        if version not in _VERSIONS or url.path is None:
            raise httptools.HttpParserError("neither a version nor a path that is served")
        if parser.should_upgrade():
            self._upgrade = _declared(self._headers)
        path = url.path.decode("ascii")
        scope = {
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
        }
        self.reading = self._listener.head_came(
            scope,
            keeps_alive=parser.should_keep_alive(),
            # HTTP/1.0 knows no answer before the answer.
            awaits_continue=self._awaits_continue and version == "1.1",
        )

    def on_body(self, part: bytes) -> None:
        if self.reading is not None:
            self._body_left = max(0, self._body_left - len(part))
            self.reading.body += part
            self.reading.wake()

    def on_chunk_header(self) -> None:
        self._chunks += 1

    def on_message_complete(self) -> None:
        if self.reading is not None and not self._upgrade:
            self._body_left = 0
            self.reading.whole = True
            self.reading.wake()
            self.reading = None


def _declared(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The header line by which a request says that it has a body; empty if it says none."""
    found = (b"%s: %s" % (name, value) for name, value in headers if name in _DECLARES_BODY)
    return next(found, b"")
