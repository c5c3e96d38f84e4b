"""Who has left doesn't come in, and a caller is of the teams that the directory says: over REST,
over gRPC, and on streams that are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from guanxi.customer.v1.customers_pb2 import GetCustomerRequest
from guanxi.customer.v1.customers_pb2_grpc import CustomerServiceStub
from guanxi.insight.v1.alerts_pb2 import WatchAlertsRequest, WatchAlertsResponse
from guanxi.insight.v1.alerts_pb2_grpc import AlertServiceStub
from guanxi.sales.v1.people_pb2 import Reach

from gateway.signin import people
from services.chassis.access import Verifier
from services.chassis.errors import DomainError, Kind
from services.sales.people.model import MOST_BENEATH
from tests.support.chassis import believed_keys
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.refusals import refusal

GONE = Reach(known=True)
ANN = "/v1/customers/ann"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """One that has asked of nobody yet."""
    async with running_gateway(tmp_path) as running:
        yield running


def teams_told(gateway: RunningGateway) -> tuple[str, ...]:
    """The teams that the service was told, of the last call's caller."""
    token = str(gateway.customers.last.metadata["authorization"]).removeprefix("Bearer ")
    return Verifier(believed_keys(), "customer").verify(token).teams


async def test_a_caller_is_of_the_teams_that_the_directory_says(gateway: RunningGateway) -> None:
    teams = ("teams/north", "teams/berlin")
    gateway.people.answers["LookUpReach"] = Reach(known=True, active=True, teams=teams)
    assert (await gateway.http.get(ANN)).status_code == 200
    assert teams_told(gateway) == teams
    assert gateway.people.last.request.name == "users/ann"


async def test_as_many_teams_as_there_can_be_reach_the_services(gateway: RunningGateway) -> None:
    teams = tuple(f"teams/{number:03}-{'x' * 59}" for number in range(MOST_BENEATH + 1))
    gateway.people.answers["LookUpReach"] = Reach(known=True, active=True, teams=teams)
    assert (await gateway.http.get(ANN)).status_code == 200
    assert teams_told(gateway) == teams


async def test_who_has_left_does_not_come_in(gateway: RunningGateway) -> None:
    gateway.people.answers["LookUpReach"] = GONE
    answer = await gateway.http.get(ANN)
    assert answer.status_code == 401
    assert answer.json()["error"]["details"][0]["reason"] == "USER_INACTIVE"
    stub = CustomerServiceStub(await gateway.channel())
    error = await refusal(
        stub.GetCustomer(GetCustomerRequest(name="customers/ann"), metadata=gateway.metadata)
    )
    assert (error.kind, error.reason) == (Kind.UNAUTHENTICATED, "USER_INACTIVE")
    assert gateway.customers.seen == []


async def test_nobody_new_comes_in_while_the_directory_is_away(gateway: RunningGateway) -> None:
    away = DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "the database is away")
    gateway.people.answers["LookUpReach"] = away
    answer = await gateway.http.get(ANN)
    assert answer.status_code == 503
    assert answer.json()["error"]["details"][0]["reason"] == "PEOPLE_UNAVAILABLE"
    assert answer.headers["retry-after"] == "1"


async def test_a_stream_ends_when_its_reader_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_FRESH_SECONDS", 0.1)

    async def opened(*_: Any) -> AsyncIterator[WatchAlertsResponse]:
        yield WatchAlertsResponse(resume_token="1")
        await asyncio.Event().wait()

    often = {"GUANXI_GATEWAY_HEARTBEAT_SECONDS": "0.2"}
    async with running_gateway(tmp_path, often) as gateway:
        gateway.alerts.streams["WatchAlerts"] = opened
        call: Any = AlertServiceStub(await gateway.channel()).WatchAlerts(
            WatchAlertsRequest(), metadata=gateway.metadata
        )
        await call.read()
        gateway.people.answers["LookUpReach"] = GONE
        async with asyncio.timeout(5):
            error = await refusal(call.read())
        assert (error.kind, error.reason) == (Kind.UNAUTHENTICATED, "USER_INACTIVE")
