"""How calls end in time: default deadlines, callers' own, and callers who go away."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from services.chassis import context
from services.chassis.errors import Kind
from services.chassis.status import from_rpc_error
from tests.support import echo
from tests.support.chassis import ANN, echo_server
from tests.support.echo_calls import call, refused


async def test_a_call_without_a_deadline_gets_the_default_one() -> None:
    async def dawdle(_: str, __: Any) -> str:
        await asyncio.sleep(30)
        return ""

    async with (
        echo_server(dawdle, default_deadline_seconds=0.1) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        headers = (("authorization", f"Bearer {ANN.token()}"),)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await echo.echo_stub(channel).Say(echo.said("hi"), metadata=headers)
    late = from_rpc_error(error.value)
    assert (late.kind, late.reason) == (Kind.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert "0.1 s" in late.message


async def test_a_timeout_inside_a_handler_is_not_the_callers_deadline() -> None:
    async def time_out(_: str, __: Any) -> str:
        raise TimeoutError

    async with echo_server(time_out) as running:
        assert (await refused(running)).kind is Kind.INTERNAL


async def test_a_handler_knows_how_long_its_caller_waits() -> None:
    async def tell(_: str, __: Any) -> str:
        return str(context.remaining_seconds())

    async with echo_server(tell) as running:
        (remaining,) = await call(running, "Say", timeout=2)
        assert 1 < float(remaining) < 2.1  # gRPC rounds a deadline up, by 1 % at most


async def test_a_call_that_has_no_time_left_is_refused_before_any_work() -> None:
    worked: list[str] = []

    async def work(text: str, _: Any) -> str:
        worked.append(text)
        return text

    with capture_logs() as logs:
        async with echo_server(work) as running:
            # On a busy machine a call of 45 ms may end before it has reached the service.
            for _ in range(50):
                error = await refused(running, timeout=0.045)
                assert error.kind is Kind.DEADLINE_EXCEEDED
                await asyncio.sleep(0.05)
                if any(line["event"] == "rpc" for line in logs):
                    break
    assert [line["reason"] for line in logs if line["event"] == "rpc"] == ["DEADLINE_TOO_SHORT"]
    assert worked == []


async def test_a_handler_is_cancelled_when_its_caller_goes_away() -> None:
    cancelled = asyncio.Event()

    async def wait(_: str, __: Any) -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return ""

    with capture_logs() as logs:
        async with echo_server(wait) as running, running.connect() as channel:
            calling = asyncio.ensure_future(echo.echo_stub(channel).Say(echo.said("hi")))
            await asyncio.sleep(0.1)
            calling.cancel()
            await asyncio.wait_for(cancelled.wait(), 2)
    assert [line["code"] for line in logs if line["event"] == "rpc"] == ["CANCELLED"]
