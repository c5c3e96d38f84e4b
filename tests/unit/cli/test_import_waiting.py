"""An import ends when its rows have had their effect: insight has read them and has run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grpc_status import rpc_status
from guanxi.customer.v1 import touchpoints_pb2, touchpoints_pb2_grpc
from guanxi.gateway.v1 import company_pb2, company_pb2_grpc
from guanxi.insight.v1 import feeds_pb2, feeds_pb2_grpc, segments_pb2, segments_pb2_grpc
from typer.testing import CliRunner

from cli.main import app
from gateway.backends import unanswered
from services.chassis.errors import Kind
from services.chassis.status import to_status
from tests.support.cli_gateway import reached
from tests.support.imports import written

BATCH, LOOK, RUN = "BatchLogTouchpoints", "ListFeeds", "RunSegmentation"


# Stubs are typed for grpc.aio; the command runs a loop of its own, so this serves in threads.
_Services: Any = type(
    "_Services",
    (
        company_pb2_grpc.CompanyServiceServicer,
        touchpoints_pb2_grpc.TouchpointServiceServicer,
        feeds_pb2_grpc.FeedServiceServicer,
        segments_pb2_grpc.SegmentServiceServicer,
    ),
    {},
)


class Gateway(_Services):  # type: ignore[misc]  # of several kinds, see above
    """Takes everything, and tells of feeds that insight has yet to read."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.insight_is_away = 0
        self.seconds_to_run = 0.0
        feed = feeds_pb2.Feed
        self.feeds = [
            [feed(name="feeds/customer", reachable=True, lag_positions=2)],
            [feed(name="feeds/customer", reachable=True), feed(name="feeds/sales")],
            [feed(name="feeds/customer", reachable=True, lag_positions=1)],
            [feed(name="feeds/customer", reachable=True), feed(name="feeds/sales", reachable=True)],
        ]

    def GetCompany(self, request: Any, context: Any) -> company_pb2.Company:
        return company_pb2.Company(base_currency_code="EUR", time_zone="UTC")

    def BatchLogTouchpoints(
        self, request: touchpoints_pb2.BatchLogTouchpointsRequest, context: Any
    ) -> touchpoints_pb2.BatchLogTouchpointsResponse:
        self.asked.append(BATCH)
        logged = [each.touchpoint for each in request.requests]
        return touchpoints_pb2.BatchLogTouchpointsResponse(touchpoints=logged)

    def ListFeeds(self, request: Any, context: Any) -> feeds_pb2.ListFeedsResponse:
        self.asked.append(LOOK)
        if self.insight_is_away:
            self.insight_is_away -= 1
            away = unanswered(Kind.UNAVAILABLE, "insight")
            context.abort_with_status(rpc_status.to_status(to_status(away, domain="gateway")))
        return feeds_pb2.ListFeedsResponse(feeds=self.feeds.pop(0))

    def RunSegmentation(self, request: Any, context: Any) -> segments_pb2.Segmentation:
        self.asked.append(RUN)
        self.seconds_to_run = context.time_remaining()
        return segments_pb2.Segmentation()


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway()
    monkeypatch.setattr("cli.feeds._POLL_SECONDS", 0.01)
    monkeypatch.chdir(tmp_path)
    with reached(
        monkeypatch,
        gateway,
        company_pb2_grpc.add_CompanyServiceServicer_to_server,
        touchpoints_pb2_grpc.add_TouchpointServiceServicer_to_server,
        feeds_pb2_grpc.add_FeedServiceServicer_to_server,
        segments_pb2_grpc.add_SegmentServiceServicer_to_server,
        threads=2,
    ):
        yield gateway


def imported(*options: str) -> str:
    path = written(Path("t.csv"), "customer,type,time\n1,call,2026-01-01\n")
    result = CliRunner().invoke(app, ["import", "touchpoints", str(path), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_it_waits_until_insight_has_read_every_feed_and_then_has_it_run(gateway: Gateway) -> None:
    assert "0 refused" in imported()
    assert gateway.asked == [BATCH, LOOK, LOOK, LOOK, LOOK, RUN]
    assert 590 < gateway.seconds_to_run < 610


@pytest.mark.parametrize("option", ["--no-wait", "--dry-run"])
def test_it_does_not_where_nobody_wants_it_or_nothing_has_changed(
    gateway: Gateway, option: str
) -> None:
    imported(option)
    assert gateway.asked == [BATCH]


def test_it_waits_for_an_insight_that_is_away(gateway: Gateway) -> None:
    gateway.insight_is_away = 2
    assert "0 refused" in imported()
    assert gateway.asked == [BATCH, *[LOOK] * 6, RUN]
