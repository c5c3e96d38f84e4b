"""The line that every request leaves in the log."""

from __future__ import annotations

import io
import json
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from services.chassis.request_lines import request_lines

FIELDS = {"method": "/guanxi.test.v1.Echo/Say", "code": "OK", "caller": "users/关系"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(level: str, log_format: str, at: str = "info") -> str:
    stream = io.StringIO()
    request_lines("sales", level, log_format, at=at, stream=stream)("rpc", FIELDS)
    return stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_elsewhere_than_on_a_terminal_a_line_is_json(log_format: str) -> None:
    text = written("info", log_format)
    assert text.endswith("}\n")
    line = json.loads(text)
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {"event": "rpc", **FIELDS, "level": "info", "process": "sales"}


@pytest.mark.parametrize(
    ("log_format", "stream"), [("console", io.StringIO()), ("auto", Terminal())]
)
def test_for_people_a_line_goes_the_way_of_all_others(log_format: str, stream: io.StringIO) -> None:
    with capture_logs() as logs:
        request_lines("sales", "info", log_format, stream=stream)("rpc", FIELDS)
    assert logs == [{"event": "rpc", **FIELDS, "log_level": "info"}]
    assert not stream.getvalue()


@pytest.mark.parametrize(
    ("level", "at", "told"),
    [
        ("debug", "debug", True),
        ("info", "debug", False),
        ("info", "info", True),
        ("warning", "info", False),
        ("error", "info", False),
    ],
)
def test_lines_below_the_level_are_not_written(level: str, at: str, told: bool) -> None:
    assert bool(written(level, "json", at)) is told
