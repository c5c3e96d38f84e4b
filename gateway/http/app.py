"""The ASGI application: route, sign-in, limit, transcode, call, answer; one request per call.

The way of a read is straight on purpose: it is what the gateway does most.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
import structlog

from gateway.backends import details_of, without_details
from gateway.http.bodies import Bodies
from gateway.http.documents import Document
from gateway.http.endpoints import Endpoint
from gateway.http.head import (
    consistency_of,
    expect_host,
    extras_of,
    read_head,
    request_id_of,
)
from gateway.http.streams import Streams, file_headers
from gateway.http.waiting import Wait
from gateway.limits import Limits
from gateway.metrics import GatewayMetrics
from gateway.resuming import Replies
from gateway.routes import Match, RouteTable
from gateway.signin.door import Door
from gateway.signin.keys import ApiKey
from gateway.transcode import bodies, response
from gateway.transcode.errors import ErrorCodec, HttpError
from gateway.transcode.refusals import (
    method_not_allowed,
    path_not_found,
)
from services.chassis import context
from services.chassis.errors import DomainError, Kind
from services.chassis.ids import Ids
from services.chassis.request_lines import RequestLines
from services.chassis.wire import AUTHORIZATION_KEY, REQUEST_ID_KEY

__all__ = ["HttpApp"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
# Answers hold customers' data: nobody on the way may keep them.
_NO_STORE = (b"cache-control", b"no-store")

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Exchange:
    """One request being answered, as far as it is known."""

    request_id: str
    method: str
    started: float
    route: str = ""
    caller: str = ""
    status: int = 0
    reason: str = ""
    streamed: bool = False


class HttpApp:
    """Serves the routes of a contract, and a few fixed documents beside them."""

    def __init__(
        self,
        routes: RouteTable[Endpoint],
        documents: Mapping[str, Document],
        door: Door,
        limits: Limits,
        errors: ErrorCodec,
        streams: Streams,
        metrics: GatewayMetrics,
        log: RequestLines,
        ids: Ids,
        default_seconds: float,
        body_seconds: float,
    ) -> None:
        self._routes = routes
        self._documents = documents
        self._door = door
        self._limits = limits
        self._errors = errors
        self._streams = streams
        self._metrics = metrics
        self._log = log
        self._ids = ids
        self._default_seconds = default_seconds
        self._bodies = Bodies(body_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(self._ids.new(), scope["method"], time.perf_counter())
        try:
            await self._serve(scope, receive, send, exchange)
        except DomainError as error:
            exchange.reason = error.reason
            await self._refuse(exchange, send, self._errors.of(error))
        except grpc.aio.AioRpcError as error:
            await self._refuse(exchange, send, self._upstream_error(exchange, error, scope))
        except Exception:
            _log.exception("unexpected error", request_id=exchange.request_id)
            exchange.reason = "INTERNAL"
            await self._refuse(exchange, send, self._errors.of(_internal(exchange.request_id)))
        finally:
            self._count(exchange)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, exchange: _Exchange) -> None:
        head = read_head(scope["headers"], len(scope["raw_path"]) + len(scope["query_string"]))
        exchange.request_id = request_id_of(head) or exchange.request_id
        context.request_id.set(exchange.request_id)
        expect_host(head, scope["http_version"])
        match = self._match(scope, exchange)
        if match is None:
            await self._beside_the_routes(scope, send, exchange)
            return
        endpoint = match.route.target
        exchange.route = endpoint.route
        key = self._door.admit(*_shown(head))
        exchange.caller = scope["guanxi.caller"] = key.subject
        wait = Wait(head)
        async with wait.holding():
            await self._limits.take(key.subject)
            await self._door.settle(key)
            body = await self._bodies.read(head, receive, endpoint.max_body_bytes)
        codec, query = endpoint.request, scope["query_string"].decode("latin-1")
        if len(body) > bodies.PIECE_BYTES:
            request = await codec.encode_in_turns(match.captures, query, body, extras_of(head))
        else:
            request = codec.encode(match.captures, query, body, extras_of(head))
        scope["guanxi.owner"] = endpoint.owner
        timeout = wait.left()
        if endpoint.method.server_streaming:
            await self._stream(endpoint, request, head, timeout, receive, send, exchange)
            return
        metadata = self._metadata(key, endpoint, head, exchange)
        seconds = self._default_seconds if timeout is None else timeout
        reply = await endpoint.call(request, timeout=seconds, metadata=metadata)
        headers = self._headers(exchange)
        if endpoint.response.is_file:
            content, content_type = endpoint.response.decode_file(reply)
            headers += file_headers(content_type)
            await self._answer(exchange, send, 200, headers, content)
            return
        if len(reply) > response.PIECE_BYTES:
            text, etag = await endpoint.response.decode_in_turns(reply)
        else:
            text, etag = endpoint.response.decode(reply)
        headers.append(_JSON)
        if etag:
            headers.append((b"etag", _in_quotes(etag).encode("latin-1")))
        await self._answer(exchange, send, 200, headers, text)

    async def _stream(
        self,
        endpoint: Endpoint,
        request: bytes,
        head: Mapping[bytes, str],
        timeout_seconds: float | None,
        receive: Receive,
        send: Send,
        exchange: _Exchange,
    ) -> None:
        def call(request: bytes, timeout: float | None) -> Any:
            key = self._door.admit(*_shown(head))
            metadata = self._metadata(key, endpoint, head, exchange)
            return endpoint.call(request, timeout=timeout, metadata=metadata)

        with self._limits.stream(exchange.caller):
            exchange.streamed = True
            watch = self._door.watch(*_shown(head))
            replies = Replies(call, request, endpoint.positions, timeout_seconds)
            shut, accept = watch.until_shut(replies.renew), head.get(b"accept", "")
            headers, exchange.status = self._headers(exchange), 200
            await self._streams.serve(replies, shut, endpoint, accept, headers, receive, send)

    def _metadata(
        self, key: ApiKey, endpoint: Endpoint, head: Mapping[bytes, str], exchange: _Exchange
    ) -> tuple[tuple[str, str], ...]:
        return (
            (AUTHORIZATION_KEY, self._door.authorization(key, endpoint.owner)),
            (REQUEST_ID_KEY, exchange.request_id),
            *consistency_of(head),
        )

    def _match(self, scope: Scope, exchange: _Exchange) -> Match[Endpoint] | None:
        # HEAD is GET without the body, which the server leaves out.
        method = "GET" if exchange.method == "HEAD" else exchange.method
        return self._routes.match(method, scope["raw_path"].decode("latin-1"))

    async def _beside_the_routes(self, scope: Scope, send: Send, exchange: _Exchange) -> None:
        path = scope["raw_path"].decode("latin-1")
        document = self._documents.get(path)
        allowed = ["GET"] if document is not None else self._routes.allowed(path)
        if not allowed:
            raise path_not_found(path)
        if "GET" in allowed:
            allowed = [*allowed, "HEAD"]
        exchange.route = path if document is not None else "*"
        headers = self._headers(exchange)
        if exchange.method == "OPTIONS":
            headers.append((b"allow", ", ".join([*allowed, "OPTIONS"]).encode()))
            await self._answer(exchange, send, 204, headers, b"")
        elif document is not None and exchange.method in ("GET", "HEAD"):
            headers = [headers[0], *document.headers]
            await self._answer(exchange, send, 200, headers, document.body)
        else:
            raise method_not_allowed(exchange.method, allowed)

    def _upstream_error(
        self, exchange: _Exchange, error: grpc.aio.AioRpcError, scope: Scope
    ) -> HttpError:
        details = details_of(error)
        exchange.reason = error.code().name
        if details is not None:
            return self._errors.of_status(details)
        if error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
            _log.error("service failed", service=scope["guanxi.owner"], details=error.details())
            return self._errors.of(_internal(exchange.request_id))
        return self._errors.of(without_details(error, scope["guanxi.owner"]))

    async def _refuse(self, exchange: _Exchange, send: Send, error: HttpError) -> None:
        headers = [*self._headers(exchange), _JSON, *error.headers]
        await self._answer(exchange, send, error.status, headers, error.body)

    async def _answer(
        self, exchange: _Exchange, send: Send, status: int, headers: Headers, body: bytes
    ) -> None:
        exchange.status = status
        if status != 204:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _headers(self, exchange: _Exchange) -> Headers:
        return [(b"x-request-id", exchange.request_id.encode("latin-1")), _NO_STORE]

    def _count(self, exchange: _Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        self._metrics.http_handled(
            exchange.method if exchange.route else "",
            exchange.route,
            exchange.status,
            None if exchange.streamed else seconds,
        )
        fields = {
            "method": exchange.method,
            "route": exchange.route,
            "status": exchange.status,
            "duration_ms": round(seconds * 1000, 3),
            "caller": exchange.caller,
            "request_id": exchange.request_id,
        }
        if exchange.reason:
            fields["reason"] = exchange.reason
        self._log("http", fields)


def _shown(head: Mapping[bytes, str]) -> tuple[str, str]:
    """What the caller shows to be let in."""
    return head.get(b"authorization", ""), head.get(b"x-api-key", "")


def _in_quotes(etag: str) -> str:
    """An etag as RFC 9110 writes it; If-Match is understood by services with or without."""
    return etag if etag.endswith('"') else f'"{etag}"'


def _internal(request_id: str) -> DomainError:
    return DomainError(
        Kind.INTERNAL,
        "INTERNAL",
        f"something went wrong here; quote the request id {request_id} when you report it",
        metadata={"request_id": request_id},
    )
