"""Streams of replies over HTTP: event streams and lines, resumed, kept alive, ended, cancelled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc

from services.chassis.errors import DomainError, Kind
from services.chassis.status import from_rpc_error
from tests.support.gateway import RunningGateway, reason_of, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/alerts:watch"
Stream = Callable[[Any, Any], AsyncIterator[Any]]


def replies(*tokens: str, then: Exception | None = None) -> Stream:
    async def stream(_request: Any, _context: Any) -> AsyncIterator[Any]:
        for token in tokens:
            alert = alerts_pb2.Alert(name=f"alerts/{token}")
            yield alerts_pb2.WatchAlertsResponse(resume_token=token, alert=alert)
        if then is not None:
            raise then

    return stream


def endless(
    ended: asyncio.Event,
    *,
    first: str = "",
    opens: bool = False,
    begun: asyncio.Event | None = None,
) -> Stream:
    async def stream(_request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            if begun is not None:
                begun.set()
            if opens:
                await context.send_initial_metadata(())
            if first:
                yield alerts_pb2.WatchAlertsResponse(resume_token=first)
            await asyncio.sleep(60)
        finally:
            ended.set()

    return stream


class TestForms:
    async def test_by_default_it_is_an_event_stream_with_the_cursor_as_id(
        self, gateway: RunningGateway
    ) -> None:
        gateway.alerts.streams["WatchAlerts"] = replies("7", "8")
        answer = await gateway.http.get(PATH, params={"assignedToMe": "true"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        events = answer.text.split("\n\n")
        assert events == [
            'id: 7\ndata: {"resumeToken":"7","alert":{"name":"alerts/7"}}',
            'id: 8\ndata: {"resumeToken":"8","alert":{"name":"alerts/8"}}',
            "",
        ]
        assert gateway.alerts.last.request.assigned_to_me

    async def test_a_reply_that_says_only_where_it_stands_is_an_id_alone(
        self, gateway: RunningGateway
    ) -> None:
        async def stream(_request: Any, _context: Any) -> AsyncIterator[Any]:
            for token in ("7", "8", "9\n"):
                yield alerts_pb2.WatchAlertsResponse(resume_token=token)

        gateway.alerts.streams["WatchAlerts"] = stream
        # One that can't be an id is told as it is.
        events = ["id: 7", "id: 8", 'data: {"resumeToken":"9\\n"}', ""]
        assert (await gateway.http.get(PATH)).text.split("\n\n") == events

    async def test_who_asks_for_lines_gets_one_json_object_a_line(
        self, gateway: RunningGateway
    ) -> None:
        gateway.alerts.streams["WatchAlerts"] = replies("7", "8")
        answer = await gateway.http.get(PATH, headers={"accept": "application/x-ndjson"})
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert [json.loads(line)["resumeToken"] for line in answer.text.splitlines()] == ["7", "8"]

    async def test_a_reader_comes_back_where_it_was(self, gateway: RunningGateway) -> None:
        gateway.alerts.streams["WatchAlerts"] = replies()
        await gateway.http.get(PATH, headers={"last-event-id": "7"})
        assert gateway.alerts.last.request.resume_token == "7"

    async def test_a_stream_has_no_deadline_unless_it_is_given_one(
        self, gateway: RunningGateway
    ) -> None:
        gateway.alerts.streams["WatchAlerts"] = replies()
        await gateway.http.get(PATH)
        assert gateway.alerts.last.seconds_left is None
        await gateway.http.get(PATH, headers={"x-timeout": "9s"})
        assert gateway.alerts.last.seconds_left is not None


class TestErrors:
    async def test_a_failure_before_the_first_reply_has_its_real_status(
        self, gateway: RunningGateway
    ) -> None:
        refused = DomainError(Kind.OUT_OF_RANGE, "RESUME_TOKEN_TOO_OLD", "start anew")
        gateway.alerts.streams["WatchAlerts"] = replies(then=refused)
        answer = await gateway.http.get(PATH)
        assert (answer.status_code, reason_of(answer)) == (400, "RESUME_TOKEN_TOO_OLD")
        assert answer.headers["content-type"] == "application/json"

    async def test_a_failure_later_is_an_event_of_its_own(self, gateway: RunningGateway) -> None:
        lost = DomainError(Kind.UNAVAILABLE, "STORE_AWAY", "come back", retry_after_seconds=1)
        gateway.alerts.streams["WatchAlerts"] = replies("7", then=lost)
        answer = await gateway.http.get(PATH)
        assert answer.status_code == 200
        event = answer.text.split("\n\n")[1]
        assert event.startswith("event: error\ndata: ")
        error = json.loads(event.split("data: ")[1])["error"]
        assert (error["status"], error["details"][0]["reason"]) == ("UNAVAILABLE", "STORE_AWAY")

    async def test_a_failure_later_is_a_line_of_its_own(self, gateway: RunningGateway) -> None:
        lost = DomainError(Kind.UNAVAILABLE, "STORE_AWAY", "come back")
        gateway.alerts.streams["WatchAlerts"] = replies("7", then=lost)
        answer = await gateway.http.get(PATH, headers={"accept": "application/x-ndjson"})
        assert json.loads(answer.text.splitlines()[1])["error"]["message"] == "come back"

    async def test_who_may_not_watch_is_told_by_status(self, gateway: RunningGateway) -> None:
        async with httpx.AsyncClient(base_url=gateway.url) as stranger:
            answer = await stranger.get(PATH)
        assert (answer.status_code, reason_of(answer)) == (401, "CREDENTIALS_MISSING")


class TestLife:
    async def test_a_reader_that_leaves_ends_the_call(self, gateway: RunningGateway) -> None:
        ended = asyncio.Event()
        gateway.alerts.streams["WatchAlerts"] = endless(ended, first="7")
        async with gateway.http.stream("GET", PATH) as answer:
            assert (await anext(answer.aiter_lines())) == "id: 7"
            assert not ended.is_set()
        async with asyncio.timeout(5):
            await ended.wait()

    async def test_a_reader_that_leaves_before_anything_came_ends_the_call_too(
        self, gateway: RunningGateway
    ) -> None:
        ended = asyncio.Event()
        gateway.alerts.streams["WatchAlerts"] = endless(ended)
        with pytest.raises(httpx.ReadTimeout):
            await gateway.http.get(PATH, timeout=0.3)
        async with asyncio.timeout(5):
            await ended.wait()

    async def test_a_service_that_opens_the_stream_opens_it_for_the_reader(
        self, gateway: RunningGateway
    ) -> None:
        gateway.alerts.streams["WatchAlerts"] = endless(asyncio.Event(), opens=True)
        async with asyncio.timeout(5), gateway.http.stream("GET", PATH) as answer:
            assert answer.status_code == 200

    async def test_silence_is_filled_with_heartbeats(self, tmp_path: Path) -> None:
        often = {"GUANXI_GATEWAY_HEARTBEAT_SECONDS": "0.1"}
        async with running_gateway(tmp_path, often) as gateway:
            gateway.alerts.streams["WatchAlerts"] = endless(asyncio.Event(), first="7")
            async with gateway.http.stream("GET", PATH) as answer:
                lines = answer.aiter_lines()
                seen = [await anext(lines) for _ in range(4)]
        assert seen == ["id: 7", "", ": heartbeat", ""]

    async def test_a_gateway_that_stops_ends_its_streams_in_order(self, tmp_path: Path) -> None:
        ended = asyncio.Event()
        async with running_gateway(tmp_path) as gateway:
            gateway.alerts.streams["WatchAlerts"] = endless(ended, first="7")
            async with gateway.http.stream("GET", PATH) as answer:
                lines = answer.aiter_lines()
                assert (await anext(lines)) == "id: 7"
                async with asyncio.timeout(8):
                    stopping = asyncio.create_task(gateway.gateway.stop())
                    rest = [line async for line in lines]
                    await stopping
        assert rest[-1] == ""
        assert ended.is_set()

    async def test_a_gateway_that_stops_refuses_a_stream_that_has_not_begun(
        self, tmp_path: Path
    ) -> None:
        async with running_gateway(tmp_path) as gateway:
            begun = asyncio.Event()
            gateway.alerts.streams["WatchAlerts"] = endless(asyncio.Event(), begun=begun)
            waiting = asyncio.create_task(gateway.http.get(PATH))
            async with asyncio.timeout(8):
                await begun.wait()
                await gateway.gateway.stop()
                answer = await waiting
        assert (answer.status_code, reason_of(answer)) == (503, "DRAINING")

    async def test_a_gateway_that_stops_ends_grpc_streams_at_once(self, tmp_path: Path) -> None:
        async with running_gateway(tmp_path, {"GUANXI_DRAIN_GRACE_SECONDS": "4"}) as gateway:
            gateway.alerts.streams["WatchAlerts"] = endless(asyncio.Event(), first="7")
            stub: Any = alerts_pb2_grpc.AlertServiceStub(await gateway.channel())
            call = stub.WatchAlerts(alerts_pb2.WatchAlertsRequest(), metadata=gateway.metadata)
            assert (await call.read()).resume_token == "7"
            async with asyncio.timeout(3):
                stopping = asyncio.create_task(gateway.gateway.stop())
                with pytest.raises(grpc.aio.AioRpcError) as ended:
                    await call.read()
                await stopping
        assert from_rpc_error(ended.value).reason == "DRAINING"
