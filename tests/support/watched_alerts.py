"""Watches of alerts, as callers have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from guanxi.insight.v1 import alerts_pb2

from tests.support.insight import Desk

Watched = alerts_pb2.WatchAlertsResponse
_TOLD_SECONDS = 15


@asynccontextmanager
async def begun(desk: Desk, **arguments: Any) -> AsyncIterator[tuple[str, AsyncIterator[Watched]]]:
    """A watch, and where it says that it begins."""
    request = alerts_pb2.WatchAlertsRequest(**arguments)
    watch: Callable[..., Any] = desk.alerts.WatchAlerts
    async with desk.channel.stream(watch, request) as replies:
        (beginning,) = await told(replies, 1)
        assert beginning == Watched(resume_token=beginning.resume_token)
        yield beginning.resume_token, replies


@asynccontextmanager
async def watching(desk: Desk, **arguments: Any) -> AsyncIterator[AsyncIterator[Watched]]:
    async with begun(desk, **arguments) as (_, replies):
        yield replies


async def told(replies: AsyncIterator[Watched], count: int) -> list[Watched]:
    """The next messages."""
    async with asyncio.timeout(_TOLD_SECONDS):
        return [await anext(replies) for _ in range(count)]
