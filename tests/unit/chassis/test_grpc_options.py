"""gRPC ignores options that it doesn't know: those that are set are its own, and do what they
say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc._cython import cygrpc

from services.chassis.client import connect
from services.chassis.process.grpc_options import server_options
from tests.support import echo
from tests.support.chassis import Token, echo_server
from tests.support.wire import Wire, wire

ROOT = Path(__file__).parents[3]
LIBRARY = Path(cygrpc.__file__).read_bytes()
SET = sorted(
    {
        (str(file.relative_to(ROOT)), name)
        for folder in ("services", "gateway", "cli")
        for file in (ROOT / folder).rglob("*.py")
        for name in re.findall(r'\("(grpc\.[a-z0-9_.]+)",', file.read_text("utf-8"))
    }
)
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
PING = bytes((0, 0, 8, 6, 0, 0, 0, 0, 0)) + b"are you?"
GOAWAY = 7
HEADERS = 1


@pytest.mark.parametrize(("file", "name"), SET)
def test_the_library_knows_each_option(file: str, name: str) -> None:
    # Whole: what it knows may begin with it, or end so.
    assert name.encode() + b"\0" in LIBRARY, file


async def test_a_silent_connection_that_asks_for_life_lives() -> None:
    assert await ended_after_pings(server_options(60, least_ping_seconds=0.05)) is False


async def test_one_that_asks_all_the_time_does_not() -> None:
    assert await ended_after_pings(server_options(60)) is True


async def ended_after_pings(options: list[tuple[str, int]]) -> bool:
    """Whether a connection without calls that pings every 100 ms is told to go."""
    server = grpc.aio.server(options=options)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with wire(port) as caller:
            await caller.say(HELLO, NO_SETTINGS)
            asked = asyncio.create_task(keep_asking(caller, times=8))
            try:
                return await comes(caller, GOAWAY, within_seconds=1.2)
            finally:
                asked.cancel()
    finally:
        await server.stop(0)


async def keep_asking(caller: Wire, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0.1)
        await caller.say(PING)


async def comes(caller: Wire, kind: int, within_seconds: float) -> bool:
    try:
        async with asyncio.timeout(within_seconds):
            while True:
                head = await caller.reader.readexactly(9)
                await caller.reader.readexactly(int.from_bytes(head[:3]))
                if head[3] == kind:
                    return True
    except TimeoutError:
        return False


async def test_a_write_that_its_server_has_not_taken_up_is_made_again() -> None:
    async def answer(text: str, __: Any) -> str:
        return text

    async with (
        echo_server(answer) as running,
        leaving(running.target) as target,
        connect(target, identity=Token(), methods=()) as channel,
    ):
        reply = await echo.echo_stub(channel).Say(echo.said("hi"))
    assert reply.text == "hi"


@asynccontextmanager
async def leaving(target: str) -> AsyncIterator[str]:
    """Before a server: the first connection is told to go once a call comes, which is not taken
    up; later ones are the server's."""
    connections = 0
    host, _, port = target.rpartition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections > 1:
            there = await asyncio.open_connection(host, int(port))
            await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))
            return
        writer.write(NO_SETTINGS)
        await reader.readexactly(len(HELLO))
        assert await comes(Wire(reader, writer), HEADERS, within_seconds=5)
        # The last stream that was taken up is none, and there is no error.
        writer.write(bytes((0, 0, 8, GOAWAY, 0, 0, 0, 0, 0)) + bytes(8))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()
