"""What a log line looks like, and what never gets into one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.chassis import context
from services.chassis.logging import configure_logging
from tests.support import echo


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def _line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_elsewhere_than_on_a_terminal_a_line_is_json_with_process_level_and_time() -> None:
    stream = io.StringIO()
    configure_logging("info", "auto", process="sales", stream=stream)
    structlog.get_logger().info("rpc", code="OK")
    line = _line(stream)
    assert (line["event"], line["level"], line["process"], line["code"]) == (
        "rpc",
        "info",
        "sales",
        "OK",
    )
    assert line["timestamp"].endswith("Z")


def test_on_a_terminal_a_line_is_for_people() -> None:
    stream = Terminal()
    configure_logging("info", "auto", process="sales", stream=stream)
    structlog.get_logger().info("serving", listen="127.0.0.1:50052")
    assert "serving" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    configure_logging("warning", "json", process="sales", stream=stream)
    structlog.get_logger().info("rpc")
    logging.getLogger("alembic").info("migrating")
    assert stream.getvalue() == ""


def test_within_a_request_every_line_has_its_id() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", process="sales", stream=stream)
    token = context.request_id.set("r-9")
    try:
        structlog.get_logger().info("rule matched")
    finally:
        context.request_id.reset(token)
    assert _line(stream)["request_id"] == "r-9"


def test_a_message_is_named_by_its_type_and_its_fields_stay_out() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", process="sales", stream=stream)
    structlog.get_logger().info("refused", request=echo.said("Ann's phone number"))
    assert _line(stream)["request"] == "<guanxi.test.v1.Said>"


@pytest.mark.parametrize("name", ["asyncio", "alembic.runtime.migration", "grpc._cython"])
def test_libraries_log_in_the_same_form(name: str) -> None:
    stream = io.StringIO()
    configure_logging("info", "json", process="sales", stream=stream)
    logging.getLogger(name).warning("took %d ms", 7)
    line = _line(stream)
    assert (line["event"], line["level"], line["logger"]) == ("took 7 ms", "warning", name)


def test_an_exception_is_one_line_with_its_trace() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", process="sales", stream=stream)
    try:
        raise ValueError("broken")
    except ValueError as error:
        structlog.get_logger().error("unexpected error", exc_info=error)
    assert "ValueError: broken" in _line(stream)["exception"]


def test_what_json_cannot_say_is_still_logged() -> None:
    stream = io.StringIO()
    configure_logging("info", "json", process="sales", stream=stream)
    structlog.get_logger().info("odd", text="\ud800", thing=object(), path=Path("x"))
    assert _line(stream)["event"] == "odd"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_tells_nothing_of_what_variables_held(log_format: str) -> None:
    stream = io.StringIO()
    configure_logging("info", log_format, process="sales", stream=stream)

    def fail() -> None:
        phone = " ".join(("+49", "30", "5550123"))
        raise ValueError(f"{len(phone)} characters are too many")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("unexpected error")
    assert "14 characters are too many" in stream.getvalue()
    assert "+49 30 5550123" not in stream.getvalue()
