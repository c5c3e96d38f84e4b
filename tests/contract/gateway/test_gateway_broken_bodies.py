"""Bodies that break on their way, or bring what is no body: nothing of them is executed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.contract import load_contract
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.wire import Answer, request, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHUNKED = "Transfer-Encoding: chunked"
OFFER = ("Connection: Upgrade", "Upgrade: h2c")
MEGABYTE = 1 << 20


def bindings() -> Iterator[tuple[str, str]]:
    """Method and path of every HTTP binding there is, with a name filled in."""
    contract = load_contract()
    for method in contract.methods:
        for rule in contract.rules[method.path]:
            path = rule.path
            while "{" in path:
                before, _, rest = path.partition("{")
                variable, _, after = rest.partition("}")
                path = before + variable.partition("=")[2].replace("*", "x") + after
            yield rule.method, path


BINDINGS = sorted(set(bindings()))
CHANGES = [
    request("PATCH", "/v1/customers/ann?updateMask=phones,emails", "KEY", length=40),
    request("PATCH", "/v1/customers/ann?updateMask=phones,emails", "KEY", CHUNKED),
    request("POST", "/v1/customers/ann:undelete", "KEY", body=b'{"etag": ', length=40),
    request("POST", "/v1/customers/ann:undelete", "KEY", CHUNKED) + b'9\r\n{"etag": ',
    request("POST", "/v1/customers/ann:undelete", "KEY", CHUNKED) + b"2\r\n{}\r\n",
    request("POST", "/v1/customers/ann:undelete", "KEY", CHUNKED) + b"2\r\n{}\r\n0\r\nX: ",
    request("POST", "/v1/alerts/a:acknowledge", "KEY", "Expect: 100-continue", length=40),
    request("POST", "/v1/alerts/a:acknowledge", "KEY", *OFFER, length=40),
    request("DELETE", "/v1/customers/ann", "KEY", length=40),
    request("GET", "/v1/alerts:watch", "KEY", length=40),
]


def signed(sent: bytes, gateway: RunningGateway) -> bytes:
    return sent.replace(b"\r\nKEY\r\n", f"\r\nX-Api-Key: {gateway.key}\r\n".encode())


async def refused(gateway: RunningGateway) -> float:
    """How many requests have ended with 400."""
    text = (await gateway.http.get(f"{gateway.admin_url}/metrics")).text
    lines = [line for line in text.splitlines() if 'status="400"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines if "handled_total" in line)


async def refused_once_more(gateway: RunningGateway, before: float) -> None:
    async with asyncio.timeout(5):
        while await refused(gateway) == before:  # noqa: ASYNC110 - it has no event of its own
            await asyncio.sleep(0.01)


def calls(gateway: RunningGateway) -> int:
    return len(gateway.customers.seen) + len(gateway.alerts.seen)


class TestBodiesThatDoNotArrive:
    @pytest.mark.parametrize(("method", "path"), BINDINGS)
    async def test_no_method_is_called_without_all_of_its_body(
        self, gateway: RunningGateway, method: str, path: str
    ) -> None:
        sent = signed(request(method, path, "KEY", body=b"{", length=2), gateway)
        async with wire(gateway.http_port) as caller:
            await caller.say(sent)
            caller.finish()
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (400, "BODY_INCOMPLETE")
        assert calls(gateway) == 0

    @pytest.mark.parametrize("sent", CHANGES)
    async def test_who_stops_in_the_middle_is_told_that_nothing_was_done(
        self, gateway: RunningGateway, sent: bytes
    ) -> None:
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(sent, gateway))
            caller.finish()
            status, _ = await caller.head()
            if status == 100:
                await caller.head()
            assert calls(gateway) == 0

    @pytest.mark.parametrize("sent", CHANGES)
    async def test_who_hangs_up_in_the_middle_has_changed_nothing(
        self, gateway: RunningGateway, sent: bytes
    ) -> None:
        before = await refused(gateway)
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(sent, gateway))
            await asyncio.sleep(0.01)
            caller.hang_up()
            await refused_once_more(gateway, before)
        assert calls(gateway) == 0

    async def test_the_key_of_a_lost_request_is_free_for_its_retry(
        self, gateway: RunningGateway
    ) -> None:
        body = json.dumps({"displayName": "Ann"}).encode()
        head = ("KEY", "Idempotency-Key: k-1")
        lost = signed(request("POST", "/v1/customers", *head, length=len(body)), gateway)
        async with wire(gateway.http_port) as caller:
            await caller.say(lost, body[:-1])
            caller.hang_up()
        async with wire(gateway.http_port) as caller:
            await caller.say(signed(request("POST", "/v1/customers", *head, body=body), gateway))
            assert (await caller.answer()).status == 200
        assert [
            (seen.request.request_id, seen.request.customer.display_name)
            for seen in gateway.customers.seen
        ] == [("k-1", "Ann")]

    async def test_a_body_that_takes_too_long_is_refused(self, tmp_path: Path) -> None:
        async with running_gateway(tmp_path, {"GUANXI_GATEWAY_BODY_SECONDS": "0.2"}) as gateway:
            async with wire(gateway.http_port) as caller:
                sent = request("POST", "/v1/customers/ann:undelete", "KEY", length=1000)
                await caller.say(signed(sent, gateway))
                answering = asyncio.create_task(caller.answer())
                while not answering.done():
                    await caller.say(b" ")
                    await asyncio.sleep(0.02)
                answer = await answering
            assert (answer.status, answer.reason) == (408, "BODY_TIMEOUT")
            assert answer.headers["connection"] == "close"
            assert calls(gateway) == 0


class TestTrailers:
    async def test_a_key_in_one_signs_nobody_in(self, gateway: RunningGateway) -> None:
        answer = await self.undeleted(gateway, "X: 1", late=gateway.key)
        assert (answer.status, answer.reason) == (401, "CREDENTIALS_MISSING")
        assert calls(gateway) == 0

    async def test_a_key_in_one_takes_the_place_of_no_other(self, gateway: RunningGateway) -> None:
        assert (await self.undeleted(gateway, "KEY", late="gx_nobody_secret")).status == 200

    async def undeleted(self, gateway: RunningGateway, header: str, *, late: str) -> Answer:
        sent = signed(request("POST", "/v1/customers/ann:undelete", header, CHUNKED), gateway)
        async with wire(gateway.http_port) as caller:
            await caller.say(sent, f"2\r\n{{}}\r\n0\r\nX-Api-Key: {late}\r\n\r\n".encode())
            return await caller.answer()

    @pytest.mark.parametrize(
        "part", [b"X-Late: %s\r\n" % (b"x" * 1014), b"x" * 1024], ids=["lines", "one line"]
    )
    async def test_they_count_as_body(self, gateway: RunningGateway, part: bytes) -> None:
        async with wire(gateway.http_port) as caller:
            sent = request("POST", "/v1/customers/ann:undelete", "KEY", CHUNKED)
            await caller.say(signed(sent, gateway), b"2\r\n{}\r\n0\r\nX-First: ")
            for _ in range(6):
                await caller.say(part * 1024)
            answer = await caller.answer()
        assert (answer.status, answer.reason) == (413, "BODY_TOO_LARGE")
        assert calls(gateway) == 0

    async def test_without_a_key_they_are_not_read(self, gateway: RunningGateway) -> None:
        async with wire(gateway.http_port) as caller:
            sent = request("POST", "/v1/customers/ann:undelete", CHUNKED)
            await caller.say(sent, b"2\r\n{}\r\n0\r\nX-First: ")
            for _ in range(20):
                await caller.say(b"x" * MEGABYTE)
            answer = await caller.answer()
            assert (answer.status, answer.reason) == (401, "CREDENTIALS_MISSING")
            assert await caller.rest() == b""
