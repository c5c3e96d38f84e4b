"""At a full house whoever is waited for makes room: strangers first, then callers, and nobody who
is being answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from services.chassis.http import connection
from services.chassis.http.limits import HttpLimits
from tests.support.http_server import Serving, serving
from tests.support.running import eventually
from tests.support.wire import Wire, request

SIGNED_IN = "X-Caller: ann"
PLACES = 3


@asynccontextmanager
async def full(*sent: bytes) -> AsyncIterator[tuple[Serving, list[Wire]]]:
    """A server all of whose places are taken by those who asked for this and read nothing."""
    limits = HttpLimits(connections=PLACES)
    async with serving(limits) as http, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(http.wire(receive_bytes=4_096)) for _ in sent]
        for caller, what in zip(held, sent, strict=True):
            caller.stop_reading()
            await caller.say(what)
        await asyncio.sleep(0.1)
        yield http, held


async def is_answered(http: Serving, *lines: str, newcomers: int = 1) -> bool:
    """Whether newcomers get in, each of whom stays."""
    async with AsyncExitStack() as stack:
        for _ in range(newcomers):
            newcomer = await stack.enter_async_context(http.wire())
            await newcomer.say(request("GET", "/a", *lines))
            if (await newcomer.answer()).status != 200:
                return False
    return True


async def is_cut_off(caller: Wire) -> bool:
    caller.read_on()
    return len(await caller.rest()) < 10_000_000


@pytest.mark.parametrize("times", [1, 5], ids=["once", "many times"])
async def test_strangers_who_read_nothing_keep_nobody_out(times: int) -> None:
    async with full(*[request("GET", "/large") * times] * PLACES) as (http, _):
        assert await is_answered(http, newcomers=2 * PLACES)


async def test_strangers_who_read_at_a_pace_keep_nobody_out() -> None:
    async with full(*[request("GET", "/large") * 5] * PLACES) as (http, held):
        for caller in held:
            caller.read_on()
        for _ in range(30):
            assert all([await caller.reader.read(4_096) for caller in held])
            await asyncio.sleep(0.05)
        assert await is_answered(http, newcomers=2 * PLACES)


async def test_bodies_that_do_not_come_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HALFWAY_SECONDS", 0.05)
    body = request("POST", "/read", SIGNED_IN, length=100)
    async with full(*[body] * PLACES) as (http, _):
        assert await is_answered(http, SIGNED_IN)
        await eventually(lambda: len(http.teller.seen) == 1)
    assert not any(told["whole"] for told in http.teller.seen)


async def test_nor_do_callers_who_do_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HALFWAY_SECONDS", 0.05)
    async with full(*[request("GET", "/large", SIGNED_IN)] * PLACES) as (http, _):
        # That they don't is seen within a second.
        await asyncio.sleep(1.2)
        assert await is_answered(http, SIGNED_IN)


async def test_a_caller_has_a_while_for_a_body_and_for_an_answer() -> None:
    body = request("POST", "/read", SIGNED_IN, length=2)
    async with full(body, body, request("GET", "/large", SIGNED_IN)) as (http, held):
        assert not await is_answered(http, SIGNED_IN)
        for caller in held[:2]:
            caller.read_on()
            await caller.say(b"hi")
            assert (await caller.answer()).json()["body"] == "hi"


@pytest.mark.parametrize(
    "stranger", [request("GET", "/large"), request("GET", "/a"), request("POST", "/read", length=9)]
)
async def test_a_stranger_gives_way_before_any_caller(
    stranger: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_HALFWAY_SECONDS", 0.0)
    callers = [request("POST", "/read", SIGNED_IN, length=2), request("GET", "/b", SIGNED_IN)]
    async with full(*callers, stranger) as (http, (sending, idle, last)):
        assert await is_answered(http)
        assert await is_cut_off(last)
        # Newcomers who stay are strangers themselves.
        assert await is_answered(http, newcomers=40)
        for caller in (sending, idle):
            caller.read_on()
        await sending.say(b"hi")
        assert (await sending.answer()).json()["body"] == "hi"
        assert (await idle.answer()).body == b"/b"
        await idle.say(request("GET", "/c"))
        assert (await idle.answer()).body == b"/c"


async def test_among_callers_who_asks_for_nothing_gives_way_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_HALFWAY_SECONDS", 0.0)
    body = request("POST", "/read", SIGNED_IN, length=2)
    async with full(body, request("GET", "/b", SIGNED_IN), body) as (http, (first, idle, second)):
        assert await is_answered(http)
        assert await is_cut_off(idle)
        for caller in (first, second):
            caller.read_on()
            await caller.say(b"hi")
            assert (await caller.answer()).json()["body"] == "hi"


async def test_nobody_who_is_being_answered_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HALFWAY_SECONDS", 0.0)
    waits = [request("POST", "/wait", SIGNED_IN, body=b"hi"), request("GET", "/wait")]
    async with full(*waits, request("GET", "/stream", SIGNED_IN)) as (http, held):
        assert not await is_answered(http)
        http.teller.go_on.set()
        for caller in held:
            caller.read_on()
        assert [(await each.answer()).body for each in held[:2]] == [b"done"] * 2
        assert (await held[2].head())[0] == 200
