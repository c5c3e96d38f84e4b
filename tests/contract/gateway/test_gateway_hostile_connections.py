"""Heads that say too much or too little, answers nobody waits for, connections that ask nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.gateway import RunningGateway, running_gateway
from tests.support.wire import Wire, request, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHUNKED = "Transfer-Encoding: chunked"
MEGABYTE = b"x" * 1_000_000


def signed(sent: bytes, gateway: RunningGateway) -> bytes:
    return sent.replace(b"\r\nKEY\r\n", f"\r\nX-Api-Key: {gateway.key}\r\n".encode())


class TestHeads:
    @pytest.mark.parametrize(
        "hosts",
        [
            "",
            "Host: a\r\nHost: a\r\n",
            "Host: a\r\nHost: b\r\n",
            "Host: a b\r\n",
            "Host: a, b\r\n",
            "Host: a/b\r\n",
            "Host: me@a\r\n",
            "Host: a:b\r\n",
        ],
    )
    async def test_whom_it_is_for_is_said_once(self, gateway: RunningGateway, hosts: str) -> None:
        sent = f"GET /v1/customers/ann HTTP/1.1\r\n{hosts}X-Api-Key: {gateway.key}\r\n\r\n"
        async with wire(gateway.http_port) as caller:
            await caller.say(sent.encode())
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (400, "INVALID_HEADER")
        assert "Host" in answer.json()["error"]["message"]
        assert gateway.customers.seen == []

    @pytest.mark.parametrize(
        "host", ["a", "a:8080", "[::1]:8080", "127.0.0.1", "xn--bcher-kva.example", ""]
    )
    async def test_any_host_is_one(self, gateway: RunningGateway, host: str) -> None:
        sent = f"GET /v1/customers/ann HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {gateway.key}\r\n\r\n"
        async with wire(gateway.http_port) as caller:
            await caller.say(sent.encode())
            assert (await caller.answer()).status == 200

    async def test_http_1_0_knows_no_host(self, gateway: RunningGateway) -> None:
        sent = f"GET /v1/customers/ann HTTP/1.0\r\nX-Api-Key: {gateway.key}\r\n\r\n"
        async with wire(gateway.http_port) as caller:
            await caller.say(sent.encode())
            assert (await caller.answer()).status == 200

    @pytest.mark.parametrize(
        "name", ["Authorization", "X-Api-Key", "If-Match", "Idempotency-Key", "X-Request-Id"]
    )
    async def test_what_has_one_value_is_given_once(
        self, gateway: RunningGateway, name: str
    ) -> None:
        sent = request("PATCH", "/v1/customers/ann", f"{name}: one", f"{name}: two", body=b"{}")
        async with wire(gateway.http_port) as caller:
            await caller.say(sent)
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (400, "INVALID_HEADER")
        assert f"header {name}: may be given only once" in answer.json()["error"]["message"]

    async def test_what_is_accepted_may_be_spread(self, gateway: RunningGateway) -> None:
        spread = ("Accept: text/html", "Accept: application/json")
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(request("GET", "/v1/customers/ann", "KEY", *spread), gateway))
            assert (await caller.answer()).status == 200

    async def test_another_coding_than_chunks_is_refused(self, gateway: RunningGateway) -> None:
        coded = request("POST", "/v1/customers", "KEY", "Transfer-Encoding: gzip, chunked")
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(coded, gateway), b"0\r\n\r\n")
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (400, "INVALID_HEADER")

    @pytest.mark.parametrize(
        ("length", "expected"), [(16_384, "UNKNOWN_FIELD"), (16_385, "URL_TOO_LONG")]
    )
    async def test_a_url_has_its_length(
        self, gateway: RunningGateway, length: int, expected: str
    ) -> None:
        # The question mark belongs to neither the path nor the query.
        url = "/v1/customers?colour=".ljust(length + 1, "a")
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(request("GET", url, "KEY"), gateway))
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (414 if length > 16_384 else 400, expected)

    @pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 431)])
    async def test_a_head_has_its_size(
        self, gateway: RunningGateway, size: int, status: int
    ) -> None:
        known = "/v1/customers/ann" + "Host" + "localhost" + "X-Api-Key" + gateway.key + "X-Long"
        long = f"X-Long: {'x' * (size - len(known))}"
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(request("GET", "/v1/customers/ann", "KEY", long), gateway))
            answer = await caller.answer()
        assert answer.status == status
        assert b"HEAD_TOO_LARGE" in answer.body or status == 200


class TestAnswersThatCanBeRead:
    @pytest.mark.parametrize("framing", ["Content-Length: 16000000", CHUNKED])
    async def test_a_body_that_is_too_large_is_refused_readably(
        self, gateway: RunningGateway, framing: str
    ) -> None:
        sent = request("POST", "/v1/customers", "KEY", "Connection: close", framing)
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(sent, gateway))
            part = b"%x\r\n%s\r\n" % (len(MEGABYTE), MEGABYTE) if framing == CHUNKED else MEGABYTE
            await caller.say(*(part for _ in range(16)))
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (413, "BODY_TOO_LARGE")
            assert await caller.rest() == b""

    async def test_who_may_not_is_told_although_more_is_on_its_way(
        self, gateway: RunningGateway
    ) -> None:
        async with wire(gateway.http_port) as caller:
            await caller.say(request("POST", "/v1/customers", length=10_000_000))
            await caller.say(*(MEGABYTE for _ in range(10)))
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (401, "CREDENTIALS_MISSING")
            assert await caller.rest() == b""


class TestConnections:
    async def test_a_silent_one_and_one_that_stays_idle_are_closed(self, tmp_path: Path) -> None:
        short = {
            "GUANXI_GATEWAY_HEAD_SECONDS": "0.3",
            "GUANXI_GATEWAY_IDLE_SECONDS": "0.3",
        }
        async with (
            running_gateway(tmp_path, short) as gateway,
            wire(gateway.http_port) as silent,
            wire(gateway.http_port) as slow,
            wire(gateway.http_port) as idle,
        ):
            await slow.say(b"GET /v1/customers/ann HTTP/1.1\r\n")
            await idle.say(request("GET", "/openapi.json"))
            assert (await idle.answer()).status == 200
            assert await idle.rest() == b""
            assert await silent.rest() == b""
            answer = await slow.answer()
        assert (answer.status, answer.reason) == (408, "HEAD_TIMEOUT")

    async def test_a_bound_leaves_room_for_who_has_something_to_ask(self, tmp_path: Path) -> None:
        few = {"GUANXI_GATEWAY_MAX_CONNECTIONS": "3"}
        async with running_gateway(tmp_path, few) as gateway:
            held: list[Wire] = []
            for _ in range(10):
                reader, writer = await asyncio.open_connection("127.0.0.1", gateway.http_port)
                held.append(Wire(reader, writer))
            async with wire(gateway.http_port) as caller:
                await caller.say(request("GET", "/openapi.json"))
                assert (await caller.answer()).status == 200
            for each in held:
                each.hang_up()
            metrics = (await gateway.http.get(f"{gateway.admin_url}/metrics")).text
        assert 'guanxi_http_connections_ended_total{reason="gave_way"} 8.0' in metrics

    async def test_who_has_no_key_keeps_nobody_out_and_interrupts_nobody(
        self, tmp_path: Path
    ) -> None:
        few = {"GUANXI_GATEWAY_MAX_CONNECTIONS": "5"}
        unread = request("GET", "/openapi.json") * 100
        upload = request("POST", "/v1/customers", "KEY", length=2)
        async with running_gateway(tmp_path, few) as gateway, AsyncExitStack() as stack:
            port = gateway.http_port
            uploading = await stack.enter_async_context(wire(port))
            await uploading.say(signed(upload, gateway))
            for _ in range(10):
                stranger = await stack.enter_async_context(wire(port, receive_bytes=4_096))
                stranger.stop_reading()
                await stranger.say(unread)
            # Longer than a caller has against other callers.
            await asyncio.sleep(2.5)
            for _ in range(3):
                caller = await stack.enter_async_context(wire(port))
                await caller.say(signed(request("GET", "/v1/customers/ann", "KEY"), gateway))
                assert (await caller.answer()).status == 200
            await uploading.say(b"{}")
            assert (await uploading.answer()).status in (200, 400)
