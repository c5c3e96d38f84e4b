"""Nobody waits longer than they say: not for who they are to be looked up either."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from guanxi.customer.v1.customers_pb2 import GetCustomerRequest
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.insight.v1.alerts_pb2 import WatchAlertsRequest
from guanxi.insight.v1.alerts_pb2_grpc import AlertServiceStub
from guanxi.sales.v1.people_pb2 import Reach

from services.chassis.errors import Kind
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.refusals import refusal

ANN = "/v1/customers/ann"


@pytest.fixture
async def frozen(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway that nobody tells who a caller is."""

    async def never(_request: Any, _context: Any) -> Reach:
        await asyncio.Event().wait()
        return Reach()

    async with running_gateway(tmp_path) as running:
        running.people.answers["LookUpReach"] = never
        yield running


@pytest.mark.parametrize(
    ("asked", "reason"), [("0.06", "DEADLINE_TOO_SHORT"), ("0.2", "DEADLINE_EXCEEDED")]
)
@pytest.mark.parametrize("path", [ANN, "/v1/alerts:watch"])
async def test_who_cannot_be_looked_up_is_told_within_the_time_they_give(
    frozen: RunningGateway, path: str, asked: str, reason: str
) -> None:
    await frozen.http.get("/v1/nothing")  # so that the connection is open
    begun = time.monotonic()
    answer = await frozen.http.get(path, headers={"x-timeout": asked})
    assert time.monotonic() - begun < 0.8  # the directory has a second
    assert answer.status_code == 504
    assert answer.json()["error"]["details"][0]["reason"] == reason


async def test_a_body_that_is_slower_than_its_caller_is_patient_ends_the_call(
    tmp_path: Path,
) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"display_name": '
        await asyncio.sleep(2)
        yield b'"Ann"}'

    async with running_gateway(tmp_path) as gateway:
        answer = await gateway.http.post(
            "/v1/customers", content=slowly(), headers={"x-timeout": "0.2"}
        )
    assert answer.status_code == 504
    assert answer.json()["error"]["details"][0]["reason"] == "DEADLINE_EXCEEDED"


async def test_a_service_has_what_is_left_of_the_callers_time(tmp_path: Path) -> None:
    async def late(_request: Any, _context: Any) -> Reach:
        await asyncio.sleep(0.5)
        return Reach(known=True, active=True)

    async with running_gateway(tmp_path) as gateway:
        gateway.people.answers["LookUpReach"] = late
        assert (await gateway.http.get(ANN, headers={"x-timeout": "3"})).status_code == 200
        assert gateway.customers.last.seconds_left is not None
        assert gateway.customers.last.seconds_left < 2.5


async def test_over_grpc_a_call_that_is_too_short_is_told_at_once(frozen: RunningGateway) -> None:
    channel = await frozen.channel()
    await channel.channel_ready()
    call = CustomerServiceStub(channel).GetCustomer
    request = GetCustomerRequest(name="customers/ann")
    error = await refusal(call(request, metadata=frozen.metadata, timeout=0.065))
    assert (error.kind, error.reason) == (Kind.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
    stream = AlertServiceStub(channel).WatchAlerts(
        WatchAlertsRequest(), metadata=frozen.metadata, timeout=0.065
    )
    error = await refusal(stream.read())
    assert (error.kind, error.reason) == (Kind.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
