"""What becomes of an answer: bytes, or an error that says that they are too many."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from services.chassis.errors import Kind
from tests.support import echo
from tests.support.chassis import echo_server
from tests.support.echo_calls import call, refused

_MOST = 16 * 1024 * 1024
_TAG = 5  # bytes, of the field and its length


async def test_an_answer_of_16_mib_is_sent() -> None:
    async def tell(_: str, __: Any) -> str:
        return "x" * (_MOST - _TAG)

    async with echo_server(tell) as running:
        (text,) = await call(running, "Say")
    assert len(text) == _MOST - _TAG


async def test_an_answer_of_more_is_refused_logged_and_counted() -> None:
    async def tell(_: str, __: Any) -> str:
        return "x" * (_MOST - _TAG + 1)

    with capture_logs() as logs:
        async with echo_server(tell) as running:
            error = await refused(running)
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "REPLY_TOO_LARGE")
    assert f"{_MOST + 1} bytes" in error.message
    assert error.metadata == {"most": str(_MOST)}
    (line,) = (line for line in logs if line["event"] == "rpc")
    assert (line["code"], line["reason"]) == ("INVALID_ARGUMENT", "REPLY_TOO_LARGE")
    labels = {"method": f"/{echo.SERVICE}/Say", "code": "INVALID_ARGUMENT"}
    assert running.metrics.registry.get_sample_value("guanxi_rpc_handled_total", labels) == 1
