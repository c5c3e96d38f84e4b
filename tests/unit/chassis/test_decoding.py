"""What becomes of the bytes of a request: a message for those who may call, or an error that says
what is wrong, logged and counted."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from services.chassis.errors import Kind
from tests.support import echo
from tests.support.chassis import Token, echo_server
from tests.support.echo_calls import call, refused, refused_bytes, shout

SHAPES = list(echo.METHODS)


@pytest.mark.parametrize("method", SHAPES)
@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x0a\x01\xff"], ids=["cut short", "not UTF-8"])
async def test_bytes_that_are_no_message_are_refused_logged_and_counted(
    method: str, data: bytes
) -> None:
    with capture_logs() as logs:
        async with echo_server(shout) as running:
            error = await refused_bytes(running, method, data)
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "MESSAGE_MALFORMED")
    assert "guanxi.test.v1.Said" in error.message
    (line,) = (line for line in logs if line["event"] == "rpc")
    assert (line["code"], line["reason"]) == ("INVALID_ARGUMENT", "MESSAGE_MALFORMED")
    labels = {"method": f"/{echo.SERVICE}/{method}", "code": "INVALID_ARGUMENT"}
    assert running.metrics.registry.get_sample_value("guanxi_rpc_handled_total", labels) == 1


async def test_who_may_not_call_gets_no_message_parsed() -> None:
    async with echo_server(shout) as running:
        error = await refused_bytes(running, "Say", b"\x0a\x05ab", Token(roles=()))
    assert error.kind is Kind.PERMISSION_DENIED


async def test_a_request_of_more_than_4_mb_is_refused_with_the_number() -> None:
    async with echo_server(shout) as running:
        error = await refused(running, text="x" * (4 * 1024 * 1024))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "REQUEST_TOO_LARGE")
    assert error.metadata == {"most": "4194304"}


@pytest.mark.parametrize("method", SHAPES)
async def test_a_control_character_is_refused_naming_the_field(method: str) -> None:
    async with echo_server(shout) as running:
        error = await refused(running, method, text="a\0b")
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "TEXT_CONTROL_CHARACTER")
    assert [each.field for each in error.violations] == ["text"]


@pytest.mark.parametrize("method", SHAPES)
async def test_a_handler_sees_text_composed(method: str) -> None:
    async with echo_server(shout) as running:
        assert await call(running, method, "mu\u0308ller") == ["M\u00dcLLER"]


@pytest.mark.parametrize(
    "data", [b"\x7a\x00" * 2_000_000, b"\x0a\x05ab"], ids=["4 MB", "cut short"]
)
async def test_health_reads_little_of_what_strangers_send(data: bytes) -> None:
    async with echo_server(shout) as running:
        options = [("grpc.max_send_message_length", -1)]
        async with grpc.aio.insecure_channel(running.target, options=options) as channel:
            check: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await check(data)
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
            assert await check(b"") == b"\x08\x01"
