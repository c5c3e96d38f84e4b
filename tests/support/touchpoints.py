"""Touchpoints as tests log and list them: what a test does not say is something ordinary."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.customer.v1.touchpoints_pb2 import (
    BatchLogTouchpointsRequest,
    BatchLogTouchpointsResponse,
    ListTouchpointsRequest,
    LogTouchpointRequest,
    Touchpoint,
)

from tests.support.office import Desk

ANN = "customers/ann"
EVERYONE = "customers/-"


def at(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def entry(touchpoint_id: str = "", parent: str = ANN, **fields: Any) -> LogTouchpointRequest:
    touchpoint = Touchpoint(**{"type": Touchpoint.CALL, **fields})
    return LogTouchpointRequest(parent=parent, touchpoint_id=touchpoint_id, touchpoint=touchpoint)


async def log(desk: Desk, touchpoint_id: str = "", parent: str = ANN, **fields: Any) -> Touchpoint:
    return await desk.touchpoints.LogTouchpoint(entry(touchpoint_id, parent, **fields))


async def batch(
    desk: Desk, *entries: LogTouchpointRequest, **arguments: Any
) -> BatchLogTouchpointsResponse:
    return await desk.touchpoints.BatchLogTouchpoints(
        BatchLogTouchpointsRequest(requests=entries, **arguments)
    )


async def timeline(desk: Desk, parent: str = ANN, **arguments: Any) -> list[str]:
    page = await desk.touchpoints.ListTouchpoints(
        ListTouchpointsRequest(parent=parent, **arguments)
    )
    return [touchpoint.name.rpartition("/")[2] for touchpoint in page.touchpoints]
