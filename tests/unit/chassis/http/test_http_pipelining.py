"""Requests that come ahead of the answers to others, on one connection."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.support.http_server import Serving, serving
from tests.support.running import eventually
from tests.support.wire import Wire, request

CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture
async def http() -> AsyncIterator[Serving]:
    async with serving() as running:
        yield running


async def test_they_are_answered_in_turn(http: Serving) -> None:
    async with http.wire() as caller:
        await caller.say(
            request("GET", "/a")
            + request("POST", "/read", body=b"b")
            + request("POST", "/read", CHUNKED)
            + b"1\r\nc\r\n0\r\n\r\n"
            + request("GET", "/d")
        )
        answers = [await caller.answer() for _ in range(4)]
    assert [answers[0].body, answers[3].body] == [b"/a", b"/d"]
    assert [each.json()["body"] for each in answers[1:3]] == ["b", "c"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 61])
async def test_however_they_are_cut_they_are_the_same(http: Serving, size: int) -> None:
    sent = (
        request("GET", "/a")
        + request("POST", "/read", CHUNKED)
        + b"3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nX-Api-Key: late\r\n\r\n\r\n"
        + request("POST", "/read", "Connection: Upgrade", "Upgrade: h2c", body=b"e")
        + request("POST", "/read", body=b"f")
    )
    async with http.wire() as caller:
        await caller.say(*(sent[at : at + size] for at in range(0, len(sent), size)))
        first, *rest = [await caller.answer() for _ in range(4)]
    assert first.body == b"/a"
    assert [each.json()["body"] for each in rest] == ["abcd", "e", "f"]
    assert all(name != b"x-api-key" for name, _ in http.teller.headers)


async def test_a_caller_who_goes_is_missed_though_more_was_asked(http: Serving) -> None:
    async with http.wire() as caller:
        await caller.say(request("GET", "/beat"), request("GET", "/a"))
        await caller.head()
        caller.hang_up()
        # Nothing is read meanwhile: what tells it is what can't be sent.
        async with asyncio.timeout(5):
            await http.teller.left.wait()


@pytest.mark.parametrize("leaves", ["hang_up", "finish"])
async def test_so_is_one_who_watches_in_silence(http: Serving, leaves: str) -> None:
    async with http.wire() as caller:
        await caller.say(request("GET", "/stream"), request("GET", "/a"))
        await caller.head()
        await asyncio.sleep(0.05)
        getattr(caller, leaves)()
        async with asyncio.timeout(5):
            await http.teller.left.wait()
        if leaves == "finish":
            # They may still read.
            assert b"/a" in await caller.rest()


async def test_who_says_no_more_is_answered_all_they_have_asked_for(http: Serving) -> None:
    async with http.wire() as caller:
        await caller.say(request("GET", "/wait"))
        await caller.say(*(request("POST", "/read", body=b"hi") for _ in range(20)))
        caller.finish()
        # Longer than it takes to be heard.
        await asyncio.sleep(1.2)
        http.teller.go_on.set()
        answers = [await caller.answer() for _ in range(21)]
    assert [each.status for each in answers] == [200] * 21


@pytest.mark.parametrize(
    ("first", "part"),
    [
        (request("GET", "/wait"), request("POST", "/a", body=b"x" * 60_000)),
        (request("POST", "/wait", length=60_000_000), b"x" * 60_000),
    ],
    ids=["requests", "a body"],
)
async def test_no_more_is_read_than_is_asked_for(http: Serving, first: bytes, part: bytes) -> None:
    async with http.wire() as caller:
        await caller.say(first)
        with pytest.raises(TimeoutError):
            await until_nobody_listens(caller, part)
        http.teller.go_on.set()
        assert (await caller.answer()).body == b"done"


async def test_what_waits_costs_little_more_than_its_bytes(http: Serving) -> None:
    sent = b"GET / HTTP/1.1\r\n\r\n" * 10_000
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(http.wire()) for _ in range(10)]
        tracemalloc.start()
        try:
            for caller in callers:
                await caller.say(request("GET", "/wait"), sent)
            await asyncio.sleep(0.1)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    # Once as it was sent, once as it was read.
    assert peak_bytes < 2.5 * len(callers) * len(sent)


async def test_all_of_many_are_answered(http: Serving) -> None:
    paths = [f"/{number}" for number in range(1_000)]
    body = b"x" * 300
    async with http.wire() as caller:
        for path in paths:
            caller.writer.write(request("GET", path))
            caller.writer.write(request("POST", path, body=body))
            caller.writer.write(request("POST", path, CHUNKED) + b"12c\r\n%s\r\n0\r\n\r\n" % body)
        for path in paths:
            for _ in range(3):
                assert (await caller.answer()).body.decode() == path


@pytest.mark.parametrize("leaves", ["hang_up", "close"])
async def test_those_of_a_caller_who_has_gone_are_not_worked_off(
    http: Serving, leaves: str
) -> None:
    async with http.wire() as caller:
        await caller.say(request("GET", "/wait"))
        await caller.say(request("POST", "/read", body=b"hi") * 3_000)
        await asyncio.sleep(0.05)
        if leaves == "hang_up":
            caller.hang_up()
        else:
            caller.writer.close()
        await asyncio.sleep(0.05)
    http.teller.go_on.set()
    await eventually(lambda: http.server.open_connections == 0)
    # Who has only said that nothing more comes may still read: known once the first answer is
    # sent back.
    assert len(http.teller.seen) <= (0 if leaves == "hang_up" else 3)


async def test_garbage_after_one_is_refused_in_its_turn(http: Serving) -> None:
    async with http.wire() as caller:
        await caller.say(request("GET", "/a") + b"this is no request\r\n\r\n")
        assert (await caller.answer()).body == b"/a"
        answer = await caller.answer()
        assert (answer.status, answer.reason) == (400, "MALFORMED_REQUEST")
        assert await caller.rest() == b""


async def test_what_follows_the_last_one_is_not_answered(http: Serving) -> None:
    async with http.wire() as caller:
        await caller.say(request("GET", "/a", "Connection: close") + request("GET", "/b"))
        answer = await caller.answer()
        assert (answer.body, answer.headers["connection"]) == (b"/a", "close")
        assert await caller.rest() == b""


async def until_nobody_listens(caller: Wire, part: bytes) -> None:
    for _ in range(1_000):
        await asyncio.wait_for(caller.say(part), 0.5)
