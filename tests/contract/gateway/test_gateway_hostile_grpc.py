"""Over gRPC: messages that never come, connections that ask for nothing, strangers who ask for
health."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from guanxi.customer.v1 import customers_pb2

from gateway.grpc_server import MAX_STREAMS
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.refusals import refusal
from tests.support.wire import Wire, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHORT = {"GUANXI_GATEWAY_BODY_SECONDS": "0.3", "GUANXI_GATEWAY_IDLE_SECONDS": "0.5"}
GET = "/guanxi.customer.v1.CustomerService/GetCustomer"
WATCH = "/guanxi.insight.v1.AlertService/WatchAlerts"
CHECK = "/grpc.health.v1.Health/Check"
REFUSED_BEFORE_SETTINGS_ARE_KNOWN = (11).to_bytes(4)  # ENHANCE_YOUR_CALM of RFC 9113, 7


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    async with running_gateway(tmp_path_factory.mktemp("hasty"), SHORT) as running:
        yield running


def unsent(channel: Any, method: str, metadata: Any = ()) -> Any:
    """A call whose message is still to come."""
    if method == WATCH:
        return channel.stream_stream(method)(metadata=metadata)
    return channel.stream_unary(method)(metadata=metadata)


async def refused_with(call: Any) -> tuple[str, str]:
    async with asyncio.timeout(5):
        error = await refusal(call.read() if hasattr(call, "read") else call)
    return error.kind.value, error.reason


class TestMessages:
    @pytest.mark.parametrize("method", [GET, WATCH])
    async def test_who_may_not_is_told_before_theirs_has_come(
        self, gateway: RunningGateway, method: str
    ) -> None:
        call = unsent(await gateway.channel(), method)
        assert await refused_with(call) == ("UNAUTHENTICATED", "CREDENTIALS_MISSING")

    @pytest.mark.parametrize("method", [GET, WATCH])
    async def test_one_that_does_not_come_has_its_time(
        self, hasty: RunningGateway, method: str
    ) -> None:
        call = unsent(await hasty.channel(), method, hasty.metadata)
        assert await refused_with(call) == ("DEADLINE_EXCEEDED", "BODY_TIMEOUT")

    @pytest.mark.parametrize("method", [GET, WATCH])
    async def test_a_call_without_one_asks_for_nothing(
        self, gateway: RunningGateway, method: str
    ) -> None:
        call = unsent(await gateway.channel(), method, gateway.metadata)
        await call.done_writing()
        assert await refused_with(call) == ("INVALID_ARGUMENT", "BODY_INCOMPLETE")
        assert gateway.customers.seen == []

    async def test_streams_of_one_connection_are_counted(self, gateway: RunningGateway) -> None:
        async with http2(gateway) as caller, asyncio.timeout(5):
            kind, payload = await frame(caller)
            settings = dict(struct.iter_unpack(">HI", payload))
            assert (kind, settings[3]) == (4, MAX_STREAMS)
            await caller.say(*(opening(2 * number + 1) for number in range(MAX_STREAMS + 50)))
            refused = 0
            while refused < 50:
                refused += (await frame(caller)) == (3, REFUSED_BEFORE_SETTINGS_ARE_KNOWN)

    async def test_whoever_keeps_to_their_number_is_answered_however_many_calls_wait(
        self, tmp_path: Path
    ) -> None:
        often = {"GUANXI_GATEWAY_RATE_BURST": "1000"}
        message = customers_pb2.GetCustomerRequest(name="customers/ann").SerializeToString()
        async with running_gateway(tmp_path, often) as gateway:
            channel: Any = await gateway.channel()
            get = channel.unary_unary(GET)

            async def one_caller() -> list[bytes]:
                return [await get(message, metadata=gateway.metadata, timeout=20) for _ in range(3)]

            answers = await asyncio.gather(*(one_caller() for _ in range(3 * MAX_STREAMS)))
        assert answers == [[b"", b"", b""]] * 3 * MAX_STREAMS


class TestConnections:
    async def test_one_that_asks_for_nothing_is_closed(self, hasty: RunningGateway) -> None:
        async with http2(hasty) as caller, asyncio.timeout(5):
            await caller.rest()

    async def test_those_keep_nobody_out_for_long(self, tmp_path: Path) -> None:
        few = {**SHORT, "GUANXI_GATEWAY_MAX_CONNECTIONS": "3"}
        async with running_gateway(tmp_path, few) as gateway, AsyncExitStack() as stack:
            for _ in range(3):
                await frame(await stack.enter_async_context(http2(gateway)))
            channel: Any = await gateway.channel()
            answer = await channel.unary_unary(GET)(
                customers_pb2.GetCustomerRequest(name="customers/ann").SerializeToString(),
                metadata=gateway.metadata,
                timeout=5,
                wait_for_ready=True,
            )
        assert answer == b""


class TestHealth:
    async def test_a_question_that_never_comes_whole_is_not_waited_for(
        self, gateway: RunningGateway
    ) -> None:
        channel: Any = await gateway.channel()
        async with asyncio.timeout(5):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await channel.stream_unary(CHECK)()
        assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    async def test_of_many_the_longest_gives_way_and_the_honest_are_answered(
        self, gateway: RunningGateway
    ) -> None:
        channel: Any = await gateway.channel()
        slow = [channel.stream_unary(CHECK)() for _ in range(50)]
        await asyncio.sleep(0.2)
        assert await channel.unary_unary(CHECK)(b"", timeout=1) == b"\x08\x01"
        ended = [each for each in slow if each.done()]
        assert {await each.code() for each in ended} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert len(ended) >= 40
        for each in slow:
            each.cancel()

    async def test_nor_can_watches_pile_up(self, gateway: RunningGateway) -> None:
        channels: list[Any] = []
        for number in range(4):
            options = [("grpc.use_local_subchannel_pool", 1), ("number", number)]
            channels.append(grpc.aio.insecure_channel(gateway.grpc_target, options=options))
        watches = []
        for channel in channels:
            for _ in range(90):
                watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
                assert await watch.read() == b"\x08\x01"
                watches.append(watch)
        await asyncio.sleep(0.2)
        open_ones = [watch for watch in watches if not watch.done()]
        assert len(open_ones) == 256
        assert watches[-256:] == open_ones
        await asyncio.gather(*(channel.close() for channel in channels))


@asynccontextmanager
async def http2(gateway: RunningGateway) -> AsyncIterator[Wire]:
    """A connection that has said hello and asks for nothing."""
    async with wire(int(gateway.grpc_target.rpartition(":")[2])) as caller:
        await caller.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        yield caller


def opening(stream: int) -> bytes:
    """The head of a call whose message is still to come (HPACK, RFC 7541: POST, http, a path)."""
    path = CHECK.encode()
    block = b"\x83\x86\x04" + bytes([len(path)]) + path
    return len(block).to_bytes(3) + bytes((1, 4)) + stream.to_bytes(4) + block


async def frame(caller: Wire) -> tuple[int, bytes]:
    """The type and payload of the next frame."""
    head = await caller.reader.readexactly(9)
    return head[3], await caller.reader.readexactly(int.from_bytes(head[:3], "big"))
