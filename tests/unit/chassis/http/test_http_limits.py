"""How long a connection may take for what, how many there may be, and how a server stops."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from services.chassis.http.limits import HttpLimits
from tests.support.http_server import SHORT, serving
from tests.support.running import eventually
from tests.support.wire import Wire, request

GENEROUS = HttpLimits(connections=3)


class TestTime:
    async def test_silence_ends(self) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            assert await caller.rest() == b""

    @pytest.mark.parametrize("part", [b"GET /a HT", b"GET /a HTTP/1.1\r\nHost: a\r\nX-Slow: "])
    async def test_a_head_has_its_time(self, part: bytes) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            await caller.say(part)
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (408, "HEAD_TIMEOUT")
            assert await caller.rest() == b""

    async def test_a_head_that_drips_has_no_more(self) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            began = time.monotonic()
            await caller.say(b"GET /a HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            answering = asyncio.create_task(caller.answer())
            while not answering.done():
                await caller.say(b"x")
                await asyncio.sleep(0.02)
            assert (await answering).reason == "HEAD_TIMEOUT"
            assert time.monotonic() - began < 2

    async def test_the_next_head_has_its_time_too(self) -> None:
        async with serving(replace(SHORT, idle_seconds=60)) as http, http.wire() as caller:
            await caller.say(request("GET", "/a") + b"GET /b HT")
            assert (await caller.answer()).body == b"/a"
            assert (await caller.answer()).reason == "HEAD_TIMEOUT"

    async def test_after_an_answer_silence_ends_as_well(self) -> None:
        async with serving(replace(SHORT, head_seconds=60)) as http, http.wire() as caller:
            await caller.say(request("GET", "/a"))
            assert (await caller.answer()).body == b"/a"
            # Empty lines before a request are allowed, and ask for nothing.
            await caller.say(b"\r\n")
            assert await caller.rest() == b""

    async def test_an_answer_that_is_being_made_has_all_its_time(self) -> None:
        async with serving(SHORT) as http, http.wire() as caller, http.wire() as watcher:
            await caller.say(request("GET", "/wait"))
            await watcher.say(request("GET", "/stream"))
            await asyncio.sleep(0.8)
            http.teller.go_on.set()
            assert (await caller.answer()).body == b"done"
            assert (await watcher.head())[0] == 200
            assert not http.teller.left.is_set()

    async def test_a_reader_who_reads_nothing_is_left(self) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            caller.stop_reading()
            await caller.say(request("GET", "/large", "Connection: close"))
            await asyncio.sleep(1.5)
            caller.read_on()
            assert len(await caller.rest()) < 10_000_000

    @pytest.mark.parametrize("following", ["/a", "/large", "/wait", "/stream"])
    async def test_nor_does_one_stay_who_has_asked_for_more(self, following: str) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            caller.stop_reading()
            await caller.say(request("GET", "/large") + request("GET", following) * 3)
            await eventually(lambda: http.server.open_connections == 1)
            await eventually(lambda: http.server.open_connections == 0)

    async def test_a_reader_who_takes_in_next_to_nothing_is_left_as_well(self) -> None:
        async with serving(SHORT) as http, http.wire(receive_bytes=4_096) as caller:
            await caller.say(request("GET", "/large"))
            began = time.monotonic()
            while http.server.open_connections:
                assert time.monotonic() - began < 8
                await caller.reader.read(100)
                await asyncio.sleep(0.05)

    async def test_a_reader_who_never_stops_but_is_too_slow_is_left_too(self) -> None:
        hurried = replace(SHORT, send_bytes_per_second=2_000_000)
        async with serving(hurried) as http, http.wire(receive_bytes=65_536) as caller:
            await caller.say(request("GET", "/large"))
            began = time.monotonic()
            while http.server.open_connections:
                assert time.monotonic() - began < 8
                await caller.reader.read(30_000)
                await asyncio.sleep(0.05)

    async def test_a_stream_whose_reader_keeps_up_has_no_end(self) -> None:
        hurried = replace(SHORT, send_bytes_per_second=2_000_000)
        async with serving(hurried) as http, http.wire() as caller:
            await caller.say(request("GET", "/beat"))
            await caller.head()
            began = time.monotonic()
            while time.monotonic() - began < 1.5:
                assert await caller.reader.read(30_000)
            assert not http.teller.left.is_set()

    async def test_one_who_takes_in_enough_stays_however_much_there_is(self) -> None:
        async with serving(SHORT) as http, http.wire(receive_bytes=65_536) as caller:
            await caller.say(request("GET", "/large", "Connection: close"))
            await caller.head()
            for _ in range(50):
                # The system takes over megabytes, and would take more only after most of them.
                assert await caller.reader.readexactly(30_000)
                await asyncio.sleep(0.05)
            assert http.server.open_connections == 1

    async def test_a_reader_who_is_slow_is_not(self) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            await caller.say(request("GET", "/large", "Connection: close"))
            await caller.head()
            got = 0
            while got < 10_000_000:
                part = await caller.reader.read(400_000)
                assert part, f"cut off after {got} bytes"
                got += len(part)
                await asyncio.sleep(0.03)

    async def test_a_body_that_nobody_reads_is_dropped_for_a_while_only(self) -> None:
        async with serving(SHORT) as http, http.wire() as caller:
            await caller.say(request("POST", "/ignore", length=10**12))
            async with asyncio.timeout(8):
                with pytest.raises(ConnectionError):
                    await talk_without_end(caller)


async def talk_without_end(caller: Wire) -> None:
    while True:
        await caller.say(b"x" * 10_000)
        await asyncio.sleep(0.005)


class TestNumber:
    async def test_a_newcomer_takes_the_place_of_who_has_waited_longest(self) -> None:
        async with serving(GENEROUS) as http, AsyncExitStack() as stack:
            silent, begun, idle = [await stack.enter_async_context(http.wire()) for _ in range(3)]
            await begun.say(b"GET /a HT")
            await idle.say(request("GET", "/a"))
            await idle.answer()
            newcomer = await stack.enter_async_context(http.wire())
            assert await silent.rest() == b""
            await newcomer.say(request("GET", "/b"))
            assert (await newcomer.answer()).body == b"/b"
            await begun.say(b"TP/1.1\r\nHost: a\r\n\r\n")
            assert (await begun.answer()).body == b"/a"
            await idle.say(request("GET", "/c"))
            assert (await idle.answer()).body == b"/c"

    async def test_any_number_that_ask_for_nothing_keep_nobody_out(self) -> None:
        async with serving(GENEROUS) as http, AsyncExitStack() as stack:
            for _ in range(50):
                await stack.enter_async_context(http.wire())
            caller = await stack.enter_async_context(http.wire())
            await caller.say(request("GET", "/a"))
            assert (await caller.answer()).body == b"/a"

    async def test_who_is_being_answered_stays_and_the_newcomer_is_told(self) -> None:
        async with serving(GENEROUS) as http, AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(http.wire()) for _ in range(3)]
            for each in callers:
                await each.say(request("GET", "/wait"))
            await asyncio.sleep(0.05)
            for _ in range(50):
                newcomer = await stack.enter_async_context(http.wire())
                await newcomer.say(request("GET", "/a"))
                answer = await newcomer.answer()
                assert (answer.status, answer.reason) == (503, "TOO_MANY_CONNECTIONS")
                assert answer.headers["retry-after"] == "1"
            http.teller.go_on.set()
            assert [(await each.answer()).body for each in callers] == [b"done"] * 3
            later = await stack.enter_async_context(http.wire())
            await later.say(request("GET", "/a"))
            assert (await later.answer()).body == b"/a"

    @pytest.mark.parametrize("following", [b"", b"GET /a HT"], ids=["silent", "begins another"])
    async def test_a_callers_answer_on_its_way_is_not_cut_off_for_a_newcomer(
        self, following: bytes
    ) -> None:
        async with serving(replace(GENEROUS, connections=2)) as http, AsyncExitStack() as stack:
            slow, silent = [await stack.enter_async_context(http.wire()) for _ in range(2)]
            slow.stop_reading()
            await slow.say(request("GET", "/large", "X-Caller: ann") + following)
            await eventually(http.teller.left.is_set)
            for _ in range(4):
                newcomer = await stack.enter_async_context(http.wire())
                await newcomer.say(request("GET", "/b"))
                assert (await newcomer.answer()).body == b"/b"
            assert await silent.rest() == b""
            slow.read_on()
            assert len((await slow.answer()).body) == 10_000_000

    async def test_once_it_has_left_its_connection_makes_room(self) -> None:
        async with serving(replace(GENEROUS, connections=1)) as http, AsyncExitStack() as stack:
            slow = await stack.enter_async_context(http.wire())
            await slow.say(request("GET", "/large"))
            assert (await slow.answer()).status == 200
            newcomer = await stack.enter_async_context(http.wire())
            await newcomer.say(request("GET", "/b"))
            assert (await newcomer.answer()).body == b"/b"
            assert await slow.rest() == b""


class TestStop:
    async def test_a_server_that_stops_finishes_what_it_is_doing(self) -> None:
        async with serving() as http, http.wire() as caller, http.wire() as idle:
            await caller.say(request("GET", "/wait"))
            await asyncio.sleep(0.02)
            stopping = asyncio.create_task(http.server.stop())
            assert await idle.rest() == b""
            http.teller.go_on.set()
            answer = await caller.answer()
            assert (answer.body, answer.headers["connection"]) == (b"done", "close")
            assert await caller.rest() == b""
            caller.writer.close()
            await stopping
            with pytest.raises(ConnectionError):
                async with http.wire():
                    pass

    async def test_what_takes_longer_than_its_grace_is_cut_off(self) -> None:
        async with serving() as http, http.wire() as caller:
            await caller.say(request("GET", "/wait"))
            await asyncio.sleep(0.02)
            async with asyncio.timeout(3):
                await http.server.stop()
            assert await caller.rest() == b""
