"""The chassis' HTTP server with an application that tells what it was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from services.chassis.http.limits import HttpLimits
from services.chassis.process.http_server import HttpServer
from tests.support.wire import Wire, wire

SHORT = HttpLimits(
    connections=100,
    head_seconds=0.3,
    idle_seconds=0.3,
    send_seconds=0.3,
    linger_seconds=0.3,
)


@dataclass(slots=True)
class Teller:
    """An ASGI application. Who says so in `x-caller` has signed in. What it answers depends on the
    path:

    /read    how the body came: its bytes, how often more was promised, whether it was whole
    /ignore  at once, whatever the body
    /stream  a part, then nothing until the caller has gone
    /beat    parts without end, until the caller has gone
    /large   ten megabytes
    /wait    once the test lets it
    /nothing with 204, without a body
    /fail    not at all
    """

    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = scope["headers"]
        if caller := dict(self.headers).get(b"x-caller"):
            scope["guanxi.caller"] = caller
        match scope["path"]:
            case "/read":
                told = await read(receive)
                self.seen.append(told)
                await answer(send, 200 if told["whole"] else 400, json.dumps(told).encode())
            case "/ignore":
                await answer(send, 413, b"no")
            case "/stream":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"one", "more_body": True})
                await until_gone(receive)
                self.left.set()
                await send({"type": "http.response.body", "body": b""})
            case "/beat":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                gone = asyncio.create_task(until_gone(receive))
                while not gone.done():
                    await send({"type": "http.response.body", "body": b"beat", "more_body": True})
                    await asyncio.sleep(0.01)
                self.left.set()
                await send({"type": "http.response.body", "body": b""})
            case "/large":
                await answer(send, 200, b"x" * 10_000_000)
                self.left.set()
            case "/wait":
                await self.go_on.wait()
                await answer(send, 200, b"done")
            case "/nothing":
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})
            case "/fail":
                raise ValueError("as it was told")
            case path:
                await answer(send, 200, path.encode())


async def until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def read(receive: Any) -> dict[str, Any]:
    """All that comes, as a server of ASGI tells it."""
    body, dropped = b"", 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return {"body": body.decode(), "dropped": dropped, "whole": False}
        body += message["body"]
        dropped += message["dropped_bytes"]
        if not message["more_body"]:
            return {"body": body.decode(), "dropped": dropped, "whole": True}


async def answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True, slots=True)
class Serving:
    """The server, its application, and how to reach it."""

    server: HttpServer
    teller: Teller
    port: int

    def wire(self, receive_bytes: int = 0) -> AbstractAsyncContextManager[Wire]:
        return wire(self.port, receive_bytes)


@asynccontextmanager
async def serving(limits: HttpLimits | None = None) -> AsyncIterator[Serving]:
    """Serves on a free port, with time enough for everything unless limits are given."""
    teller = Teller()
    server = HttpServer(teller, "127.0.0.1:0", "", domain="test", limits=limits, grace_seconds=0.5)
    port = await server.start()
    try:
        yield Serving(server, teller, port)
    finally:
        teller.go_on.set()
        await server.stop()
