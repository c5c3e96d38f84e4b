"""Watching alerts over HTTP, through a real gateway in front of a real insight service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from guanxi.insight.v1.alerts_pb2 import WatchAlertsRequest
from guanxi.insight.v1.alerts_pb2_grpc import AlertServiceStub
from guanxi.sales.v1.people_pb2 import Reach

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


async def manager(gateway: RunningGateway, *teams: str) -> str:
    """The key of one whose teams the directory says."""
    works_in(gateway, *teams)
    key = create_key(gateway.keys_file, "users/max", roles=["manager"], now=datetime.now(UTC))
    await eventually(gateway, key, "")
    return key


def works_in(gateway: RunningGateway, *teams: str) -> None:
    """What the directory says of everybody from now on."""
    gateway.people.answers["LookUpReach"] = Reach(known=True, active=True, teams=teams)


async def test_who_changes_teams_is_told_of_their_new_ones_alerts_and_no_others(
    gateway: RunningGateway, insight: Insight
) -> None:
    """A manager moved from the north went on hearing of it for minutes."""
    key = await manager(gateway, "teams/north")
    async with watching(gateway, key) as lines:
        await begun(lines)
        await late_buyer(insight, "ada", owner="users/bob", team="teams/north")
        assert await customers(lines, "ada") == {"customers/ada"}
        works_in(gateway, "teams/south")
        await gone_on_anew(lines)
        await late_buyer(insight, "bob", owner="users/bob", team="teams/north")
        await late_buyer(insight, "cyd", owner="users/eve", team="teams/south")
        assert await customers(lines, "cyd") == {"customers/cyd"}


async def gone_on_anew(lines: AsyncIterator[str]) -> None:
    """Waits until the stream is of another call: it begins with the position it stands at."""
    line, before = await anext(lines), ""
    while line or not before.startswith("id: "):
        line, before = await anext(lines), line


async def test_so_is_whoever_watches_over_grpc(gateway: RunningGateway, insight: Insight) -> None:
    key = await manager(gateway, "teams/north")
    stub: Any = AlertServiceStub(await gateway.channel())
    watch = stub.WatchAlerts(WatchAlertsRequest(), metadata=(("x-api-key", key),))
    async with asyncio.timeout(30):
        assert not (await watch.read()).HasField("alert")
        works_in(gateway, "teams/south")
        assert not (await watch.read()).HasField("alert")
        await late_buyer(insight, "bob", owner="users/bob", team="teams/north")
        await late_buyer(insight, "cyd", owner="users/eve", team="teams/south")
        assert (await watch.read()).alert.customer == "customers/cyd"
    watch.cancel()


async def test_lines_begin_with_it_too(gateway: RunningGateway, insight: Insight) -> None:
    headers = {"accept": "application/x-ndjson"}
    async with asyncio.timeout(30), gateway.http.stream("GET", PATH, headers=headers) as answer:
        lines = answer.aiter_lines()
        assert json.loads(await anext(lines)).keys() == {"resumeToken"}
        await late_buyer(insight, "ada")
        change = json.loads(await anext(lines))
    assert (change["change"], change["alert"]["customer"]) == ("OPENED", "customers/ada")
