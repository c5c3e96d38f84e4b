"""The page of the API says which caps there are, with the numbers of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.grpc_server import MAX_STREAMS
from gateway.http.endpoints import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES
from gateway.http.head import MAX_HEAD_BYTES, MAX_URL_BYTES
from gateway.http.waiting import MAX_DEADLINE_SECONDS
from gateway.settings import GatewaySettings
from services.chassis.http.limits import HttpLimits

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8")
SETTINGS = GatewaySettings.load({})


def cap_of(what: str) -> str:
    """The second cell of a row of the table of caps."""
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith(f"| {what} | ")]
    assert len(rows) == 1
    return rows[0][1]


@pytest.mark.parametrize(
    ("what", "number_of_bytes"),
    [
        ("body", MAX_BODY_BYTES),
        ("body of a batch", MAX_BATCH_BODY_BYTES),
        ("URL: path and query", MAX_URL_BYTES),
        ("head: URL, names and values of headers", MAX_HEAD_BYTES),
    ],
)
def test_sizes_are_true(what: str, number_of_bytes: int) -> None:
    assert cap_of(what) == f"{number_of_bytes:,} bytes"


@pytest.mark.parametrize(
    ("what", "setting"),
    [
        ("time for a head", "head_seconds"),
        ("time for a body, or over gRPC for the message of a call", "body_seconds"),
        ("time without a request or call", "idle_seconds"),
        ("time in which a reader takes in 16 KiB of an answer that waits", "send_seconds"),
    ],
)
def test_times_are_true(what: str, setting: str) -> None:
    default = getattr(SETTINGS, setting)
    assert cap_of(what) == f"{default:g} s, `{SETTINGS.variable(setting)}`"


def test_numbers_of_connections_are_true() -> None:
    bound, variable = SETTINGS.max_connections, SETTINGS.variable("max_connections")
    assert cap_of("connections over HTTP, and as many over gRPC") == f"{bound:,}, `{variable}`"
    assert cap_of("connections to an admin port") == str(HttpLimits().connections)


def test_what_a_slow_reader_and_a_caller_may_have_is_true() -> None:
    pace, variable = SETTINGS.send_bytes_per_second, SETTINGS.variable("send_bytes_per_second")
    what = "pace of that reader, beyond that time and over all that waits"
    assert cap_of(what) == f"{pace:,} bytes a second, `{variable}`"
    bound, variable = SETTINGS.streams_per_caller, SETTINGS.variable("streams_per_caller")
    what = "streams one caller may have open, over HTTP and gRPC together"
    assert cap_of(what) == f"{bound}, `{variable}`"


def test_the_number_of_headers_is_true() -> None:
    assert cap_of("headers of a request") == str(HttpLimits().head_lines)


def test_the_number_of_calls_is_true() -> None:
    assert cap_of("calls at a time on one connection over gRPC") == str(MAX_STREAMS)


def test_the_longest_deadline_is_true() -> None:
    assert cap_of("deadline a caller may ask for") == f"{MAX_DEADLINE_SECONDS:g} s"


def test_so_is_how_long_a_refused_body_is_dropped() -> None:
    assert f"is dropped for {HttpLimits().linger_seconds:g} s" in PAGE
