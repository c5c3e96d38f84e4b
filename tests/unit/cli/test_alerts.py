"""`guanxi alerts`: whose are shown, how many, and what happens while they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc
from typer.testing import CliRunner

from cli.main import app
from tests.support.cli_gateway import reached

Response = alerts_pb2.WatchAlertsResponse


def alert(name: str, *, assignee: str = "users/ann", changed: int = 1) -> alerts_pb2.Alert:
    made = alerts_pb2.Alert(name=name, assignee=assignee, text_en=f"{name} was told")
    made.update_time.FromSeconds(changed)
    return made


_Alerts: Any = alerts_pb2_grpc.AlertServiceServicer


class Gateway(_Alerts):  # type: ignore[misc]  # typed for grpc.aio; this serves in threads
    """Has alerts of users/ann, who calls, and of others; the stream ends with what happened."""

    def __init__(self) -> None:
        self.alerts = [alert("alerts/a"), alert("alerts/b", assignee="users/bob")]
        self.on_watch: list[alerts_pb2.WatchAlertsResponse] = []
        self.asked: list[str] = []

    def ListAlerts(self, request: Any, context: Any) -> alerts_pb2.ListAlertsResponse:
        self.asked.append("list")
        mine = [a for a in self.alerts if not request.assigned_to_me or a.assignee == "users/ann"]
        more = "more" if len(mine) > request.page_size else ""
        return alerts_pb2.ListAlertsResponse(alerts=mine[: request.page_size], next_page_token=more)

    def WatchAlerts(self, request: Any, context: Any) -> Iterator[alerts_pb2.WatchAlertsResponse]:
        self.asked.append("watch")
        yield Response(resume_token="e.1")
        for number, message in enumerate(self.on_watch, 2):
            message.resume_token = f"e.{number}"
            yield message
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "the key was revoked")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    gateway = Gateway()
    with reached(monkeypatch, gateway, alerts_pb2_grpc.add_AlertServiceServicer_to_server):
        yield gateway


def shown(*options: str) -> str:
    return CliRunner().invoke(app, ["alerts", *options]).output


@pytest.mark.parametrize("options", [(), ("--watch",)])
def test_only_ones_own_are_shown_to_whom_asks_for_them(
    gateway: Gateway, options: tuple[str, ...]
) -> None:
    assert "alerts/b was told" in shown(*options)
    mine = shown("--mine", *options)
    assert "alerts/a was told" in mine
    assert "alerts/b" not in mine


def test_as_many_are_shown_as_are_asked_for(gateway: Gateway) -> None:
    text = shown("--limit", "1")
    assert "alerts/b" not in text
    assert "these are the first 1." in text


@pytest.mark.parametrize("limit", ["0", "-1", "1001"])
def test_how_many_is_a_number_that_a_list_can_have(gateway: Gateway, limit: str) -> None:
    result = CliRunner().invoke(app, ["alerts", "--limit", limit])
    assert result.exit_code == 2
    assert gateway.asked == []


def test_what_opens_before_the_list_is_read_is_shown_once(gateway: Gateway) -> None:
    """It is in the stream, which began before, and may be in the list."""
    late = alert("alerts/late", changed=2)
    gateway.on_watch = [
        Response(change=Response.OPENED, alert=alert("alerts/a")),
        Response(change=Response.OPENED, alert=late),
        Response(change=Response.UPDATED, alert=alert("alerts/a", changed=3)),
    ]
    text = shown("--watch")
    assert gateway.asked == ["watch", "list"]
    assert text.count("alerts/late was told") == 1
    assert text.count("alerts/a was told") == 2
    assert text.index("opened") < text.index("updated")


def test_an_alert_that_is_out_of_sight_is_told_by_its_name(gateway: Gateway) -> None:
    """Nothing else is told of it, not even when it changed."""
    gone = alerts_pb2.Alert(name="alerts/a", rule="rules/late")
    gateway.on_watch = [Response(change=Response.OUT_OF_SIGHT, alert=gone)]
    assert "out of sight: rules/late, alerts/a\n" in shown("--watch")
