"""HTTP as bytes on a socket: for what no well-behaved client would send."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

_PATIENCE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read to the end that its head gives it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        """The machine-readable reason of an error."""
        details = json.loads(self.body)["error"]["details"]
        return str(next(each["reason"] for each in details if "reason" in each))

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection, and what a test says and hears on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def _transport(self) -> Any:
        """A socket's, which reads as well as writes; its type says half of it."""
        return self.writer.transport

    async def say(self, *parts: bytes) -> None:
        """Sends each part by itself."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    def finish(self) -> None:
        """Says that nothing more will come, and goes on listening."""
        self.writer.write_eof()

    def hang_up(self) -> None:
        """Goes without a word."""
        self.writer.transport.abort()

    def stop_reading(self) -> None:
        """Takes in nothing from now on."""
        self._transport.pause_reading()

    def read_on(self) -> None:
        """Takes in what there is."""
        self._transport.resume_reading()

    async def answer(self, *, body: bool = True) -> Answer:
        """The next answer; `body` is False where the request was HEAD."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            status, headers = await self.head()
            if not body or status in (204, 304):
                return Answer(status, headers, b"")
            if "content-length" in headers:
                got = await self.reader.readexactly(int(headers["content-length"]))
            elif headers.get("transfer-encoding") == "chunked":
                got = b"".join([part async for part in self.chunks()])
            else:
                got = await self.reader.read()
        return Answer(status, headers, got)

    async def head(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines[1:] if line)
        return int(lines[0].split(" ")[1]), {name: value for name, _, value in pairs}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The chunks of a stream, until its end."""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)

    async def rest(self) -> bytes:
        """What is said until the other side closes; empty as well where it cuts the connection."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self.reader.read()
        except ConnectionError:
            return b""


@asynccontextmanager
async def wire(port: int, receive_bytes: int = 0) -> AsyncIterator[Wire]:
    """A connection to a port of this machine; what the caller has not read waits in
    `receive_bytes`, where they are given."""
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    limit = receive_bytes or 65_536
    reader, writer = await asyncio.open_connection(sock=connection, limit=limit)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def request(
    method: str, path: str, *headers: str, body: bytes | None = None, length: int | None = None
) -> bytes:
    """A request as it should be, but for a `length` that is not that of the body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if length is None and body is not None:
        length = len(body)
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
