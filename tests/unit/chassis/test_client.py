"""What a call to another service carries along, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.chassis import context
from services.chassis.caller import current_caller
from services.chassis.client import connect
from services.chassis.descriptors import methods_of
from services.chassis.errors import DomainError, Kind
from services.chassis.identity import ForwardedToken
from tests.support import echo
from tests.support.chassis import ANN, Token, echo_server


@contextmanager
def request_running(*, seconds: float | None = None, request_id: str = "r-7") -> Iterator[None]:
    """Inside: a request of Ann's is being served, and its caller waits so long."""
    ends = None if seconds is None else time.monotonic() + seconds
    tokens = [
        (context.request_id, context.request_id.set(request_id)),
        (context.token, context.token.set(ANN.token())),
    ]
    deadline = context.deadline.set(ends)
    try:
        yield
    finally:
        context.deadline.reset(deadline)
        for variable, token in tokens:
            variable.reset(token)


async def tell_deadline(_: str, __: Any) -> str:
    return str(context.remaining_seconds())


async def test_a_call_takes_what_is_left_of_the_deadline_less_the_way_back() -> None:
    async with echo_server(tell_deadline) as running, running.connect() as channel:
        with request_running(seconds=2):
            reply = await echo.echo_stub(channel).Say(echo.said("hi"))
    assert 1.5 < float(reply.text) < 2


async def test_a_shorter_timeout_of_the_call_itself_counts() -> None:
    async with echo_server(tell_deadline) as running, running.connect() as channel:
        with request_running(seconds=9):
            reply = await echo.echo_stub(channel).Say(echo.said("hi"), timeout=1)
    assert float(reply.text) < 1.1


async def test_outside_of_a_request_a_call_takes_ten_seconds() -> None:
    async with echo_server(tell_deadline) as running, running.connect() as channel:
        reply = await echo.echo_stub(channel).Say(echo.said("hi"))
    assert 9 < float(reply.text) < 10.2


async def test_a_call_that_could_not_end_in_time_is_not_made() -> None:
    async with echo_server(tell_deadline) as running, running.connect() as channel:
        with request_running(seconds=0.06), pytest.raises(DomainError) as error:
            await echo.echo_stub(channel).Say(echo.said("hi"))
    assert (error.value.kind, error.value.reason) == (
        Kind.DEADLINE_EXCEEDED,
        "DEADLINE_TOO_SHORT",
    )


async def test_the_request_id_and_the_callers_token_are_passed_on() -> None:
    async def tell(_: str, __: Any) -> str:
        return f"{current_caller().subject} {current_caller().request_id}"

    async with echo_server(tell) as running:
        identity = ForwardedToken()
        async with connect(running.target, identity=identity, methods=()) as channel:
            with request_running(request_id="r-7"):
                reply = await echo.echo_stub(channel).Say(echo.said("hi"))
    assert reply.text == "users/ann r-7"


async def test_there_is_no_token_to_pass_on_outside_of_a_request() -> None:
    async with connect("127.0.0.1:1", identity=ForwardedToken(), methods=()) as channel:
        with pytest.raises(DomainError) as error:
            await echo.echo_stub(channel).Say(echo.said("hi"))
    assert error.value.kind is Kind.UNAUTHENTICATED


async def test_a_service_that_is_down_is_unavailable() -> None:
    async with connect("127.0.0.1:1", methods=()) as channel:
        with pytest.raises(DomainError) as error:
            await echo.echo_stub(channel).Say(echo.said("hi"))
    assert error.value.kind is Kind.UNAVAILABLE


@pytest.mark.parametrize(("method", "tries"), [("Say", 3), ("Book", 1)])
async def test_only_what_may_be_repeated_is_tried_again_when_unavailable(
    method: str, tries: int
) -> None:
    calls = 0

    async def recover(_: str, __: Any) -> str:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise DomainError(Kind.UNAVAILABLE, "BUSY", "not now")
        return "done"

    async with echo_server(recover) as running, running.connect() as channel:
        call = getattr(echo.echo_stub(channel), method)(echo.said("hi"))
        if tries == 1:
            with pytest.raises(DomainError) as error:
                await call
            assert error.value.reason == "BUSY"
        else:
            assert (await call).text == "done"
    assert calls == tries


async def test_an_error_that_is_not_unavailable_is_not_tried_again() -> None:
    calls = 0

    async def fail(_: str, __: Any) -> str:
        nonlocal calls
        calls += 1
        raise DomainError(Kind.ABORTED, "CONFLICT", "again, please")

    async with echo_server(fail) as running, running.connect() as channel:
        with pytest.raises(DomainError, match="again, please"):
            await echo.echo_stub(channel).Say(echo.said("hi"))
    assert calls == 1


async def test_a_stream_that_is_left_is_cancelled_on_the_server() -> None:
    ended = asyncio.Event()

    async def slowly(text: str, servicer_context: Any) -> str:
        servicer_context.add_done_callback(lambda _: ended.set())
        if text == "two":
            await asyncio.sleep(30)
        return text

    async with echo_server(slowly) as running, running.connect() as channel:
        stub = echo.echo_stub(channel)
        async with channel.stream(stub.Stream, echo.said("one two")) as replies:
            async for reply in replies:
                assert reply.text == "one"
                break
        await asyncio.wait_for(ended.wait(), 2)


async def test_the_suites_own_contracts_say_what_may_be_retried() -> None:
    async with connect("127.0.0.1:1", identity=Token()):
        pass  # the whole catalogue makes a service configuration gRPC accepts
    retried = {method.name for method in methods_of(echo.SERVICE) if method.may_be_retried}
    assert retried == {"Say", "Stream", "Collect", "Chat"}


async def test_why_a_service_was_not_ready_in_time_reaches_who_waited() -> None:
    """Tried again, the call would end with its deadline, and say no more than that."""
    calls = 0

    async def wait_in_vain(_: str, __: Any) -> str:
        nonlocal calls
        calls += 1
        remaining = context.remaining_seconds()
        assert remaining is not None
        await asyncio.sleep(remaining - 0.1)
        raise DomainError(Kind.UNAVAILABLE, "NOT_CAUGHT_UP", "3 of 5 events are applied")

    async with echo_server(wait_in_vain) as running, running.connect() as channel:
        with pytest.raises(DomainError) as late:
            await echo.echo_stub(channel).Say(echo.said("hi"), timeout=0.5)
    assert (late.value.kind, late.value.reason) == (Kind.UNAVAILABLE, "NOT_CAUGHT_UP")
    assert calls == 1
