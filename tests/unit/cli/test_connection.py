"""What the command line says of the way to the gateway."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cli.main import app

NOBODY = "127.0.0.1:1"


def test_where_nobody_answers_it_says_where_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_CLI_TARGET", NOBODY)
    monkeypatch.setenv("GUANXI_CLI_API_KEY", "key")
    result = CliRunner().invoke(app, ["feeds", "list"])
    said = str(result.exception)
    assert f"No gateway answers gRPC at {NOBODY}" in said
    assert "make run" in said
    assert "GUANXI_CLI_TARGET" in said
