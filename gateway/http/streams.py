"""Serves a stream of replies over HTTP: server-sent events, or a JSON object per line by Accept.

Until the first reply nothing is sent, so that a stream which fails at once has its real status; two
seconds of silence, or a service that opens the stream itself, end that wait. A reply that has
nothing but its cursor says where the stream stands: an event stream passes it on as an `id:` alone,
which its reader keeps for the next time without being told of an event.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import grpc
import structlog

from gateway.backends import details_of, draining, without_details
from gateway.http.endpoints import Endpoint
from gateway.metrics import GatewayMetrics
from gateway.resuming import Replies
from gateway.transcode.errors import ErrorCodec, HttpError
from services.chassis.errors import DomainError

__all__ = ["Streams", "file_headers"]

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A watch may be silent for hours, and its reader wants to know that it is open.
_OPENING_SECONDS = 2.0
# A call that is refused answers with its status right after its headers.
_GRACE_SECONDS = 0.05
_NDJSON = ("application/x-ndjson", "application/jsonl", "application/json-seq")


_log = structlog.get_logger(__name__)


class _Turn(Enum):
    """What came instead of a reply."""

    OPENED = "opened"
    SILENCE = "silence"
    END = "end"
    GONE = "gone"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class _Form:
    """How replies, errors and heartbeats look on the wire."""

    content_type: bytes
    heartbeat: bytes
    lines: bool

    def reply(self, text: bytes, cursor: str) -> bytes:
        if self.lines:
            return text + b"\n"
        mark = b"id: %s\n" % cursor.encode() if cursor and cursor.isprintable() else b""
        if mark and text == _only(cursor):
            return mark + b"\n"
        return mark + b"data: %s\n\n" % text

    def error(self, body: bytes) -> bytes:
        return body + b"\n" if self.lines else b"event: error\ndata: %s\n\n" % body


def _only(cursor: str) -> bytes:
    """The JSON of a reply that has nothing but its cursor."""
    return b'{"resumeToken":%s}' % json.dumps(cursor, ensure_ascii=False).encode()


_EVENTS = _Form(b"text/event-stream", b": heartbeat\n\n", lines=False)
_LINES = _Form(b"application/x-ndjson", b"\n", lines=True)


def file_headers(content_type: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a `google.api.HttpBody`: its type is meant, and nothing in it runs here."""
    return (
        (b"content-type", content_type),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox"),
    )


class Streams:
    """Every HTTP stream of the process; `end_all` lets them end before it stops."""

    def __init__(
        self, errors: ErrorCodec, metrics: GatewayMetrics, heartbeat_seconds: float
    ) -> None:
        self._errors = errors
        self._metrics = metrics
        self._heartbeat_seconds = heartbeat_seconds
        self._draining = asyncio.Event()

    def end_all(self) -> None:
        """Ends every stream; its reader comes back with the last cursor to another replica."""
        self._draining.set()

    async def serve(
        self,
        replies: Replies,
        shut: Coroutine[Any, Any, None],
        endpoint: Endpoint,
        accept: str,
        headers: list[tuple[bytes, bytes]],
        receive: Receive,
        send: Send,
    ) -> None:
        """Answers with the replies of a call; cancels it when the reader has gone. `shut` raises
        DomainError when they may not read on.

        Raises what the call, the drain or `shut` raised only while nothing has been sent.
        """
        form = _LINES if any(kind in accept for kind in _NDJSON) else _EVENTS
        turns = _Turns(replies, shut, receive, self._draining, self._heartbeat_seconds)
        self._metrics.open_streams.inc()
        try:
            turn = await turns.first()
            if turn is _Turn.GONE:
                return
            if turn is _Turn.DRAINING:
                raise draining()
            if endpoint.response.is_file:
                await self._relay_file(turn, turns, endpoint, headers, send)
                return
            headers += ((b"content-type", form.content_type), (b"x-accel-buffering", b"no"))
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._relay(turn, turns, endpoint, form, send)
        finally:
            self._metrics.open_streams.dec()
            await turns.close()

    async def _relay(
        self, turn: bytes | _Turn, turns: "_Turns", endpoint: Endpoint, form: _Form, send: Send
    ) -> None:
        try:
            while turn not in (_Turn.END, _Turn.GONE, _Turn.DRAINING):
                if isinstance(turn, bytes):
                    await _send(send, form.reply(*endpoint.response.decode_event(turn)))
                else:
                    await _send(send, form.heartbeat)
                turn = await turns.next()
        except grpc.aio.AioRpcError as error:
            await _send(send, form.error(self._upstream(error, endpoint.owner).body))
        except DomainError as error:
            if error.reason != draining().reason:
                await _send(send, form.error(self._errors.of(error).body))
        if turn is not _Turn.GONE:
            await send({"type": "http.response.body", "body": b""})

    async def _relay_file(
        self,
        turn: bytes | _Turn,
        turns: "_Turns",
        endpoint: Endpoint,
        headers: list[tuple[bytes, bytes]],
        send: Send,
    ) -> None:
        """Answers with the bytes of a file's parts; the first one says their type.

        A file that breaks off ends without its last chunk, so that nobody takes it for whole.
        """
        while turn in (_Turn.OPENED, _Turn.SILENCE):
            turn = await turns.next()
        if turn is _Turn.GONE:
            return
        if turn is _Turn.DRAINING:
            raise draining()
        _, content_type = endpoint.response.decode_file(turn if isinstance(turn, bytes) else b"")
        headers += file_headers(content_type)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            while turn not in (_Turn.END, _Turn.GONE, _Turn.DRAINING):
                if isinstance(turn, bytes):
                    await _send(send, endpoint.response.decode_file(turn)[0])
                turn = await turns.next()
        except grpc.aio.AioRpcError as error:
            _log.warning("a file broke off", owner=endpoint.owner, code=error.code().name)
        except DomainError as error:
            _log.warning("a file broke off", owner=endpoint.owner, code=error.kind.value)
        if turn is _Turn.END:
            await send({"type": "http.response.body", "body": b""})

    def _upstream(self, error: grpc.aio.AioRpcError, owner: str) -> HttpError:
        details = details_of(error)
        if details is not None:
            return self._errors.of_status(details)
        return self._errors.of(without_details(error, owner))


class _Turns:
    """What happens next on one stream: a reply, silence, or an end of some kind."""

    def __init__(
        self,
        replies: Replies,
        shut: Coroutine[Any, Any, None],
        receive: Receive,
        draining: asyncio.Event,
        heartbeat_seconds: float,
    ) -> None:
        self._replies = replies
        self._heartbeat_seconds = heartbeat_seconds
        self._gone = asyncio.ensure_future(_disconnected(receive))
        self._draining = asyncio.ensure_future(draining.wait())
        self._shut = asyncio.ensure_future(shut)
        self._reading: asyncio.Future[Any] | None = None

    async def first(self) -> bytes | _Turn:
        """As `next`, or that the service has opened the stream and says nothing yet."""
        opened = asyncio.ensure_future(self._replies.initial_metadata())
        try:
            turn = await self._wait(min(_OPENING_SECONDS, self._heartbeat_seconds), opened)
            return await self._wait(_GRACE_SECONDS) if turn is _Turn.OPENED else turn
        finally:
            opened.cancel()

    async def next(self) -> bytes | _Turn:
        """The next reply, or what came instead; raises AioRpcError and DomainError."""
        return await self._wait(self._heartbeat_seconds)

    async def close(self) -> None:
        """Cancels the call and everything that waits for it."""
        self._replies.cancel()
        tasks = (self._gone, self._draining, self._shut, self._reading)
        waiting = [task for task in tasks if task is not None]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _wait(
        self, seconds: float, opened: "asyncio.Future[Any] | None" = None
    ) -> bytes | _Turn:
        reading = self._reading = self._reading or asyncio.ensure_future(self._replies.read())
        awaited = {reading, self._gone, self._draining, self._shut}
        if opened is not None:
            awaited.add(opened)
        done, _ = await asyncio.wait(awaited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._shut in done:
            self._shut.result()
        if reading in done:
            self._reading = None
            reply = reading.result()
            return _Turn.END if reply is grpc.aio.EOF else bytes(reply)
        if self._gone in done:
            return _Turn.GONE
        if self._draining in done:
            return _Turn.DRAINING
        return _Turn.OPENED if opened is not None and opened in done else _Turn.SILENCE


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})
