"""Streams that outlive what they were begun with: the connection to their service, or the key or
the teams of their reader."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import grpc
import httpx
import pytest
import pytest_asyncio
from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc, runs_pb2, runs_pb2_grpc
from guanxi.sales.v1.people_pb2 import Reach

from gateway import main
from gateway.signin import people
from gateway.signin.keys import create_key, revoke_key
from services.chassis.status import from_rpc_error
from tests.support.gateway import FakeService, RunningGateway, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

RENEWED_OFTEN = [
    ("grpc.max_connection_age_ms", 300),
    ("grpc.max_connection_age_grace_ms", 100),
]
WATCH = "/v1/alerts:watch"


class Counting:
    """An insight service whose watch counts on from the number it is given."""

    def __init__(self, silent_after: int = 10**6) -> None:
        self.went_on_after: list[str] = []
        self._silent_after = silent_after

    def serve_on(self, server: grpc.aio.Server) -> None:
        alerts = FakeService("guanxi.insight.v1.AlertService")
        alerts.streams["WatchAlerts"] = self._watch_alerts
        alerts_pb2_grpc.add_AlertServiceServicer_to_server(cast(Any, alerts), server)
        runs = FakeService("guanxi.insight.v1.RunService")
        runs.streams["WatchRun"] = self._watch_run
        runs_pb2_grpc.add_RunServiceServicer_to_server(cast(Any, runs), server)

    async def _watch_alerts(self, request: Any, _: Any) -> AsyncIterator[Any]:
        self.went_on_after.append(request.resume_token)
        number = int(request.resume_token or 0)
        # Where it stands, as every watch begins.
        yield alerts_pb2.WatchAlertsResponse(resume_token=str(number))
        while True:
            await asyncio.sleep(0.05 if number < self._silent_after else 60)
            number += 1
            alert = alerts_pb2.Alert(name=f"alerts/{number}")
            yield alerts_pb2.WatchAlertsResponse(resume_token=str(number), alert=alert)

    async def _watch_run(self, request: Any, _: Any) -> AsyncIterator[Any]:
        yield runs_pb2.Run(name=request.name)
        await asyncio.sleep(60)


class Silent(Counting):
    """One whose watch says nothing, not even where it stands."""

    async def _watch_alerts(self, request: Any, _: Any) -> AsyncIterator[Any]:
        self.went_on_after.append(request.resume_token)
        await asyncio.sleep(60)
        yield alerts_pb2.WatchAlertsResponse()


@asynccontextmanager
async def before(
    insight: Counting, folder: Path, options: Any = ()
) -> AsyncIterator[tuple[RunningGateway, grpc.aio.Server]]:
    """A gateway before this service, and the service's server."""
    server = grpc.aio.server(options=options)
    insight.serve_on(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    there = {"GUANXI_INSIGHT_TARGET": f"127.0.0.1:{port}", "GUANXI_GATEWAY_HEARTBEAT_SECONDS": "1"}
    try:
        async with running_gateway(folder, there) as gateway:
            yield gateway, server
    finally:
        await server.stop(0)


class TestConnectionsThatAreRenewed:
    @pytest.mark.parametrize("silent_after", [10**6, 3])
    async def test_a_watch_goes_on_where_it_was(self, tmp_path: Path, silent_after: int) -> None:
        insight = Counting(silent_after)
        async with before(insight, tmp_path, RENEWED_OFTEN) as (gateway, _):
            seen = [event async for event in events(gateway, gateway.key, seconds=3)]
        numbers = [int(event["alert"]["name"].partition("/")[2]) for event in seen]
        assert len(insight.went_on_after) >= 3
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) == 3 if silent_after == 3 else len(numbers) > 20

    async def test_so_does_one_over_grpc(self, tmp_path: Path) -> None:
        insight = Counting()
        async with before(insight, tmp_path, RENEWED_OFTEN) as (gateway, _):
            stub: Any = alerts_pb2_grpc.AlertServiceStub(await gateway.channel())
            watch = stub.WatchAlerts(
                alerts_pb2.WatchAlertsRequest(assigned_to_me=True), metadata=gateway.metadata
            )
            numbers = []
            while len(insight.went_on_after) < 3:
                reply = await watch.read()
                if reply.HasField("alert"):
                    numbers.append(int(reply.resume_token))
            watch.cancel()
        assert numbers == list(range(1, len(numbers) + 1))

    async def test_one_that_can_not_ends_as_if_its_server_stopped(self, tmp_path: Path) -> None:
        async with before(Counting(), tmp_path, RENEWED_OFTEN) as (gateway, _):
            answer = await gateway.http.get("/v1/runs/r1:watch")
            assert answer.status_code == 200
            assert [line for line in answer.text.split("\n\n") if line] == [
                'data: {"name":"runs/r1"}'
            ]
            stub: Any = runs_pb2_grpc.RunServiceStub(await gateway.channel())
            call = stub.WatchRun(
                runs_pb2.WatchRunRequest(name="runs/r1"), metadata=gateway.metadata
            )
            assert (await call.read()).name == "runs/r1"
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await call.read()
        assert from_rpc_error(ended.value).reason == "DRAINING"

    async def test_a_service_that_is_gone_is_told_of(self, tmp_path: Path) -> None:
        async with before(Counting(), tmp_path) as (gateway, server):
            stopping = asyncio.get_running_loop().call_later(
                0.5, lambda: asyncio.ensure_future(server.stop(0))
            )
            answer = await gateway.http.get(WATCH)
            stopping.cancel()
        last = answer.text.strip().split("\n\n")[-1]
        assert last.startswith("event: error\n")
        assert "SERVICE_UNAVAILABLE" in last


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    async with before(Counting(), tmp_path_factory.mktemp("busy")) as (gateway, _):
        yield gateway


def another_key(gateway: RunningGateway, **given: Any) -> str:
    now = datetime.now(UTC)
    return create_key(gateway.keys_file, f"users/{now:%f}", roles=["admin"], now=now, **given)


class TestKeysThatEnd:
    async def test_a_watch_ends_with_its_key(self, busy: RunningGateway) -> None:
        key = another_key(busy)
        seen: list[Any] = []
        async with asyncio.timeout(8):
            async for event in events(busy, key):
                seen.append(event)
                if len(seen) == 5:
                    revoke(busy, key)
        assert len(seen) > 5
        assert seen[-1]["error"]["code"] == 401
        assert seen[-1]["error"]["details"][0]["reason"] == "API_KEY_INVALID"

    async def test_it_ends_when_the_time_of_its_key_is_over(self, busy: RunningGateway) -> None:
        key = another_key(busy, expire_time=datetime.now(UTC) + timedelta(seconds=1))
        async with asyncio.timeout(8):
            seen = [event async for event in events(busy, key)]
        assert seen[-1]["error"]["details"][0]["reason"] == "API_KEY_EXPIRED"

    async def test_it_does_over_grpc(self, busy: RunningGateway) -> None:
        key = another_key(busy)
        stub: Any = alerts_pb2_grpc.AlertServiceStub(await busy.channel())
        watch = stub.WatchAlerts(alerts_pb2.WatchAlertsRequest(), metadata=(("x-api-key", key),))
        await watch.read()
        revoke(busy, key)
        async with asyncio.timeout(8):
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await to_the_end(watch)
        error = from_rpc_error(ended.value)
        assert (error.kind.value, error.reason) == ("UNAUTHENTICATED", "API_KEY_INVALID")


class TestReadersWhoseTeamsChange:
    @pytest.fixture(autouse=True)
    def looked_at_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(people, "_FRESH_SECONDS", 0.1)
        monkeypatch.setattr(main, "_LOOK_AGAIN_SECONDS", 0.1)

    async def test_a_watch_goes_on_where_it_was(self, tmp_path: Path) -> None:
        insight, numbers = Counting(), list[int]()
        async with before(insight, tmp_path) as (gateway, _):
            async for event in events(gateway, gateway.key):
                numbers.append(int(event["alert"]["name"].partition("/")[2]))
                works_in(gateway, f"teams/t{len(numbers) // 20}")
                if len(insight.went_on_after) == 3:
                    break
        assert numbers == list(range(1, len(numbers) + 1))

    async def test_one_that_has_said_nothing_yet_begins_as_it_was_asked_for(
        self, tmp_path: Path
    ) -> None:
        insight = Silent()
        async with before(insight, tmp_path) as (gateway, _):
            stub: Any = alerts_pb2_grpc.AlertServiceStub(await gateway.channel())
            request = alerts_pb2.WatchAlertsRequest(resume_token="7")
            watch = stub.WatchAlerts(request, metadata=gateway.metadata)
            async with asyncio.timeout(8):
                while len(insight.went_on_after) < 3:
                    works_in(gateway, f"teams/t{len(insight.went_on_after)}")
                    await asyncio.sleep(0.05)
            watch.cancel()
        assert set(insight.went_on_after) == {"7"}

    async def test_one_that_can_not_go_on_ends_as_if_its_server_stopped(
        self, tmp_path: Path
    ) -> None:
        async with before(Counting(), tmp_path) as (gateway, _):
            stub: Any = runs_pb2_grpc.RunServiceStub(await gateway.channel())
            request = runs_pb2.WatchRunRequest(name="runs/r1")
            watch = stub.WatchRun(request, metadata=gateway.metadata)
            await watch.read()
            works_in(gateway, "teams/other")
            async with asyncio.timeout(8):
                with pytest.raises(grpc.aio.AioRpcError) as ended:
                    await watch.read()
        assert from_rpc_error(ended.value).reason == "DRAINING"

    async def test_who_leaves_after_it_reads_no_more(self, tmp_path: Path) -> None:
        async with before(Counting(), tmp_path) as (gateway, _):
            works_in(gateway, "teams/other")
            seen = []
            async with asyncio.timeout(8):
                async for event in events(gateway, gateway.key):
                    seen.append(event)
                    if len(seen) == 20:
                        gateway.people.answers["LookUpReach"] = Reach(known=True)
        assert seen[-1]["error"]["details"][0]["reason"] == "USER_INACTIVE"


def works_in(gateway: RunningGateway, *teams: str) -> None:
    """What the directory says of everybody from now on."""
    gateway.people.answers["LookUpReach"] = Reach(known=True, active=True, teams=teams)


async def to_the_end(watch: Any) -> None:
    while await watch.read():
        pass


def revoke(gateway: RunningGateway, key: str) -> None:
    revoke_key(gateway.keys_file, key.split("_")[1], datetime.now(UTC))


async def events(
    gateway: RunningGateway, key: str, seconds: float | None = None
) -> AsyncIterator[dict[str, Any]]:
    """What a watch tells, until it ends or the time is over."""
    async with httpx.AsyncClient(base_url=gateway.url, headers={"x-api-key": key}) as client:
        try:
            async with asyncio.timeout(seconds), client.stream("GET", WATCH) as answer:
                assert answer.status_code == 200
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
        except TimeoutError:
            assert seconds is not None
