"""The gateway as a process of its own: what it leaves behind, and who can lock it up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.suite import Suite, new_suite
from tests.support.wire import request, wire


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    made = new_suite(tmp_path / "suite", gateway_max_connections="20", gateway_head_seconds="2")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    made.environment["TMPDIR"] = str(temporary)
    yield made
    made.stop()


def test_one_that_is_killed_leaves_no_files_behind(suite: Suite, tmp_path: Path) -> None:
    suite.start("gateway")
    suite.kill("gateway")
    assert list((tmp_path / "temporary").iterdir()) == []


async def test_silent_connections_lock_nobody_out(suite: Suite) -> None:
    suite.start("gateway")
    with ExitStack() as silent:
        for name in ("rest", "gateway_admin", "grpc"):
            for _ in range(200):
                address = ("127.0.0.1", suite.ports[name])
                silent.enter_context(socket.create_connection(address))
        async with asyncio.timeout(5), wire(suite.ports["rest"]) as caller:
            await caller.say(request("GET", "/openapi.json"))
            assert (await caller.answer()).status == 200
        async with asyncio.timeout(5), wire(suite.ports["gateway_admin"]) as probe:
            await probe.say(request("GET", "/readyz"))
            assert (await probe.answer()).body == b"ok\n"
        # gRPC sends nobody away for a newcomer: there the silent ones have their time.
        async with grpc.aio.insecure_channel(f"127.0.0.1:{suite.ports['grpc']}") as channel:
            probing = health_pb2.HealthCheckRequest()
            stub: Any = health_pb2_grpc.HealthStub(channel)
            reply = await stub.Check(probing, timeout=10, wait_for_ready=True)
            assert reply.status == health_pb2.HealthCheckResponse.SERVING
