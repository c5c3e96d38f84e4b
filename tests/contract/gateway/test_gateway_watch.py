"""Watching alerts over HTTP, through a real gateway in front of a real insight service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.signin.keys import create_key
from tests.support.databases import Databases
from tests.support.gateway import RunningGateway, eventually, running_gateway
from tests.support.insight import Insight, late_buyer, running_insight
from tests.support.services import migrated_database

PATH = "/v1/alerts:watch"


@pytest.fixture
async def insight(databases: Databases) -> AsyncIterator[Insight]:
    async with running_insight(await migrated_database(databases, "insight")) as running:
        yield running


@pytest.fixture
async def gateway(insight: Insight, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    target = {"GUANXI_INSIGHT_TARGET": insight.service.target}
    async with running_gateway(tmp_path, target) as running:
        yield running


@asynccontextmanager
async def watching(
    gateway: RunningGateway, key: str, last_event_id: str = ""
) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of an event stream."""
    headers = {"x-api-key": key} | ({"last-event-id": last_event_id} if last_event_id else {})
    async with (
        asyncio.timeout(30),
        httpx.AsyncClient(base_url=gateway.url, headers=headers) as client,
        client.stream("GET", PATH) as answer,
    ):
        assert answer.status_code == 200
        yield answer.aiter_lines()


async def begun(lines: AsyncIterator[str]) -> str:
    """The id a stream begins with: an id alone, which an event source keeps and tells nobody."""
    name, _, value = (await anext(lines)).partition(": ")
    assert (name, await anext(lines)) == ("id", "")
    return value


async def customers(lines: AsyncIterator[str], last: str) -> set[str]:
    """Whom the next events are about, until one is about the last of them."""
    found: set[str] = set()
    while f"customers/{last}" not in found:
        line = await anext(lines)
        if line.startswith("data: "):
            found.add(json.loads(line.removeprefix("data: "))["alert"]["customer"])
    return found


async def rep(gateway: RunningGateway) -> str:
    """The key of one who sees only what is theirs."""
    now = datetime.now(UTC)
    key = create_key(gateway.keys_file, "users/eve", roles=["rep"], teams=["teams/south"], now=now)
    await eventually(gateway, key, "")
    return key


async def test_what_happens_between_a_quiet_stream_and_its_return_is_told(
    gateway: RunningGateway, insight: Insight
) -> None:
    reps_key = await rep(gateway)
    async with watching(gateway, gateway.key) as lines, watching(gateway, reps_key) as reps_lines:
        last, reps_last = await begun(lines), await begun(reps_lines)
    await late_buyer(insight, "ada")
    await late_buyer(insight, "bob", owner="users/eve", team="teams/south")
    async with watching(gateway, gateway.key, last) as lines:
        assert await begun(lines) == last
        assert await customers(lines, "bob") == {"customers/ada", "customers/bob"}
    async with watching(gateway, reps_key, reps_last) as lines:
        assert await begun(lines) == reps_last
        await late_buyer(insight, "cyd")
        await late_buyer(insight, "dan", owner="users/eve", team="teams/south")
        assert await customers(lines, "dan") == {"customers/bob", "customers/dan"}


async def test_lines_begin_with_it_too(gateway: RunningGateway, insight: Insight) -> None:
    headers = {"accept": "application/x-ndjson"}
    async with asyncio.timeout(30), gateway.http.stream("GET", PATH, headers=headers) as answer:
        lines = answer.aiter_lines()
        assert json.loads(await anext(lines)).keys() == {"resumeToken"}
        await late_buyer(insight, "ada")
        change = json.loads(await anext(lines))
    assert (change["change"], change["alert"]["customer"]) == ("OPENED", "customers/ada")
