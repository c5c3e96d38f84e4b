"""How many streams one caller may have open, so that others find room too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc

from gateway.signin.keys import create_key
from services.chassis.status import from_rpc_error
from tests.support.gateway import RunningGateway, eventually, reason_of, running_gateway

PATH = "/v1/alerts:watch"


async def quiet(_request: Any, _context: Any) -> AsyncIterator[Any]:
    yield alerts_pb2.WatchAlertsResponse(resume_token="1")
    await asyncio.sleep(60)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    async with running_gateway(tmp_path, {"GUANXI_GATEWAY_STREAMS_PER_CALLER": "2"}) as running:
        running.alerts.streams["WatchAlerts"] = quiet
        yield running


@asynccontextmanager
async def watching(gateway: RunningGateway, key: str = "") -> AsyncIterator[httpx.Response]:
    """An event stream that has been answered, in whatever way."""
    headers = {"x-api-key": key or gateway.key}
    async with (
        httpx.AsyncClient(base_url=gateway.url, headers=headers) as client,
        client.stream("GET", PATH) as answer,
    ):
        yield answer


async def test_one_more_than_a_caller_may_have_is_refused(gateway: RunningGateway) -> None:
    async with watching(gateway) as first, watching(gateway) as second:
        assert [first.status_code, second.status_code] == [200, 200]
        answer = await gateway.http.get(PATH)
        assert (answer.status_code, reason_of(answer)) == (429, "TOO_MANY_STREAMS")
        assert answer.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
        metadata = answer.json()["error"]["details"][0]["metadata"]
        assert metadata == {"caller": "users/ann", "limit": "2"}
        # What is no stream is answered.
        assert (await gateway.http.get("/v1/customers/ann")).status_code == 200


async def test_another_caller_has_streams_of_their_own(gateway: RunningGateway) -> None:
    now = datetime.now(UTC)
    other = create_key(gateway.keys_file, "users/bob", roles=["admin"], now=now)
    await eventually(gateway, other, "")
    async with watching(gateway), watching(gateway), watching(gateway, other) as theirs:
        assert theirs.status_code == 200


async def test_a_second_key_brings_its_holder_no_more(gateway: RunningGateway) -> None:
    now = datetime.now(UTC)
    second = create_key(gateway.keys_file, "users/ann", roles=["admin"], now=now)
    await eventually(gateway, second, "")
    async with watching(gateway), watching(gateway), watching(gateway, second) as third:
        assert third.status_code == 429


async def test_a_stream_that_has_ended_makes_room(gateway: RunningGateway) -> None:
    async with watching(gateway):
        async with watching(gateway):
            pass
        async with asyncio.timeout(10):
            while True:
                async with watching(gateway) as again:
                    if again.status_code == 200:
                        return
                await asyncio.sleep(0.02)


async def test_those_over_grpc_count_as_well(gateway: RunningGateway) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watching(gateway))
        stub: Any = alerts_pb2_grpc.AlertServiceStub(await gateway.channel())
        request = alerts_pb2.WatchAlertsRequest()
        first = stub.WatchAlerts(request, metadata=gateway.metadata)
        stack.callback(first.cancel)
        assert (await first.read()).resume_token == "1"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.WatchAlerts(request, metadata=gateway.metadata).read()
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert from_rpc_error(refused.value).reason == "TOO_MANY_STREAMS"
        assert (await gateway.http.get(PATH)).status_code == 429
