"""A process as its operator sees it: how it starts, says it is ready, drains and refuses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.client import Channel, connect
from services.chassis.descriptors import methods_of
from services.chassis.errors import DomainError, Kind
from tests.support import echo
from tests.support.chassis import ANN, believed_keys, echo_server

ROOT = Path(__file__).parents[3]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# A busy machine takes many times the second that a process needs.
_PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Process:
    """A running echo process."""

    process: asyncio.subprocess.Process
    port: int
    admin_port: int
    output: list[str] = field(default_factory=list)

    def connect(self) -> Channel:
        echo.file()
        return connect(f"127.0.0.1:{self.port}", identity=ANN, methods=methods_of(echo.SERVICE))

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"http://127.0.0.1:{self.admin_port}{path}")

    async def ended(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error, once it has ended."""
        out, err = await asyncio.wait_for(self.process.communicate(), _PATIENCE_SECONDS)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()

    async def stopped(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, float]:
        """Sends a signal; exit code, standard output, and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code, out, _ = await self.ended()
        return code, out, time.monotonic() - began


@asynccontextmanager
async def echo_process(*words: str, ready: bool = True, **variables: str) -> AsyncIterator[Process]:
    port, admin_port = free_port(), free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "GUANXI_TOKEN_PUBLIC_KEYS": believed_keys(),
        "GUANXI_LOG_FORMAT": "json",
        "GUANXI_SALES_LISTEN": f"127.0.0.1:{port}",
        "GUANXI_SALES_ADMIN_LISTEN": f"127.0.0.1:{admin_port}",
        **variables,
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.echo_process",
        *words,
        cwd=ROOT,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    process = Process(started, port, admin_port)
    try:
        if ready:
            await _answers(process)
        yield process
    finally:
        if started.returncode is None:
            started.kill()
            await started.communicate()


async def _answers(process: Process) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if process.process.returncode is not None:
            pytest.fail(str(await process.ended()))
        try:
            (await asyncio.open_connection("127.0.0.1", process.admin_port))[1].close()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            await process.get("/livez")
            async with grpc.aio.insecure_channel(f"127.0.0.1:{process.port}") as channel:
                await asyncio.wait_for(channel.channel_ready(), 5)
            return
    pytest.fail("the process does not start")


async def _health(target: str, service: str = "") -> Any:
    async with grpc.aio.insecure_channel(target) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        return reply.status


async def test_a_started_process_serves_and_says_so_on_both_ports() -> None:
    async with echo_process() as process:
        async with process.connect() as channel:
            assert (await echo.echo_stub(channel).Say(echo.said("hi"))).text == "hi"
        assert (await process.get("/livez")).status_code == 200
        assert (await process.get("/readyz")).status_code == 200
        assert (await process.get("/other")).status_code == 404
        metrics = (await process.get("/metrics")).text
        assert (
            'guanxi_rpc_handled_total{code="OK",method="/guanxi.test.v1.Echo/Say"} 1.0' in metrics
        )
        assert 'guanxi_pool_connections{pool="readers",state="all"} 4.0' in metrics
        assert await _health(f"127.0.0.1:{process.port}", echo.SERVICE) == SERVING


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_tasks_then_closes_the_store_and_the_exit_is_clean(
    number: signal.Signals,
) -> None:
    async with echo_process() as process:
        code, out, seconds = await process.stopped(number)
    assert code == 0
    assert out.split("\n")[:2] == ["task ended", "store closed"]
    assert seconds < 8


async def test_a_write_that_is_running_may_finish_while_the_process_drains() -> None:
    async with echo_process() as process, process.connect() as channel:
        writing = asyncio.ensure_future(echo.echo_stub(channel).Book(echo.said("finish")))
        await asyncio.sleep(0.3)
        code, _, _ = await process.stopped()
        assert (await writing).text == "finish"
        assert code == 0


async def test_a_long_read_is_sent_elsewhere_at_once_when_the_process_drains() -> None:
    async with echo_process() as process, process.connect() as channel:
        reading = asyncio.ensure_future(echo.echo_stub(channel).Say(echo.said("slow"), timeout=20))
        await asyncio.sleep(0.3)
        code, _, seconds = await process.stopped()
        with pytest.raises(DomainError) as error:
            await reading
    assert error.value.kind is Kind.UNAVAILABLE
    assert (code, seconds < 8) == (0, True)


async def test_the_drain_ends_within_eight_seconds_whatever_hangs() -> None:
    longest = echo_process(GUANXI_DRAIN_WAIT_SECONDS="2", GUANXI_DRAIN_GRACE_SECONDS="4")
    async with longest as process, process.connect() as channel:
        hanging = asyncio.ensure_future(echo.echo_stub(channel).Book(echo.said("slow"), timeout=20))
        await asyncio.sleep(0.3)
        code, _, seconds = await process.stopped()
        with pytest.raises(DomainError):
            await hanging
    assert code == 0
    assert seconds < 8


async def test_a_draining_process_says_not_serving_before_it_refuses_calls() -> None:
    async with echo_process(GUANXI_DRAIN_WAIT_SECONDS="2") as process:
        target = f"127.0.0.1:{process.port}"
        async with process.connect() as channel:
            process.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
            assert await _health(target) == NOT_SERVING
            assert (await process.get("/readyz")).status_code == 503
            assert (await process.get("/livez")).status_code == 200
            assert (await echo.echo_stub(channel).Say(echo.said("hi"))).text == "hi"
        assert (await process.ended())[0] == 0


async def test_a_process_whose_store_does_not_answer_lives_and_is_not_ready() -> None:
    async with echo_process("broken") as process:
        assert (await process.get("/livez")).status_code == 200
        ready = await process.get("/readyz")
        assert ready.status_code == 503
        assert ready.text.splitlines() == [
            "not ready",
            "the store does not answer: the log says why",
        ]
        assert await _health(f"127.0.0.1:{process.port}", echo.SERVICE) == NOT_SERVING
        process.process.send_signal(signal.SIGTERM)
        _, _, log = await process.ended()
    assert "no database" in log


async def test_a_process_whose_background_task_fails_lives_says_so_and_tries_again() -> None:
    async with echo_process("failing") as process:
        ready = await process.get("/readyz")
        while ready.status_code == 200:
            await asyncio.sleep(0.05)
            ready = await process.get("/readyz")
        assert ready.text.splitlines() == ["not ready", "background: the task cannot go on"]
        assert await _health(f"127.0.0.1:{process.port}") == NOT_SERVING
        assert (await process.get("/livez")).status_code == 200
        metrics = (await process.get("/metrics")).text
        code, _, _ = await process.stopped()
    assert 'guanxi_background_failures_total{task="background"}' in metrics
    assert code == 0


async def test_a_background_task_that_refuses_to_start_ends_the_process_with_its_sentence() -> None:
    async with echo_process("refusing", ready=False) as process:
        code, out, err = await process.ended()
    assert code == 1
    assert "store closed" in out
    assert err.splitlines()[-1] == "the task refuses these settings"


@pytest.mark.parametrize("variable", ["GUANXI_SALES_LISTEN", "GUANXI_SALES_ADMIN_LISTEN"])
async def test_a_taken_port_is_one_sentence_and_exit_code_1(variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with echo_process(ready=False, **{variable: address}) as process:
            code, _, err = await process.ended()
    assert code == 1
    (sentence,) = err.splitlines()[-1:]
    assert sentence.startswith(f"{address} cannot be listened on (Address already in use)")
    assert variable in sentence
    assert "Traceback" not in err


async def test_wrong_settings_are_one_line_each_and_exit_code_2() -> None:
    wrong = echo_process(ready=False, GUANXI_LOG_LEVEL="loud", GUANXI_NONSENSE="1")
    async with wrong as process:
        code, _, err = await process.ended()
    assert code == 2
    assert [line.split(":")[0] for line in err.splitlines()] == [
        "GUANXI_NONSENSE",
        "GUANXI_LOG_LEVEL",
    ]


async def test_a_missing_key_is_one_sentence_and_exit_code_1() -> None:
    async with echo_process(ready=False, GUANXI_TOKEN_PUBLIC_KEYS="") as process:
        code, _, err = await process.ended()
    assert code == 1
    assert err.startswith("the tokens' public keys are missing")
    assert len(err.splitlines()) == 1


@dataclass
class SwitchedStore:
    works: bool = True

    async def check(self) -> None:
        if not self.works:
            raise ConnectionError("no database")


async def test_health_follows_the_store_within_a_second_or_so() -> None:
    async def answer(text: str, _: Any) -> str:
        return text

    store = SwitchedStore()
    async with echo_server(answer, checked=store) as running:
        follow = asyncio.create_task(running.server.health.follow())
        assert await _health(running.target) == SERVING
        store.works = False
        await asyncio.sleep(1.2)
        assert await _health(running.target) == NOT_SERVING
        store.works = True
        await asyncio.sleep(1.2)
        assert await _health(running.target) == SERVING
        follow.cancel()


def _json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
