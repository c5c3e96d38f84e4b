"""Every service of a contract is served by the process that owns it; a main forgets none."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from services.chassis.descriptors import load_catalogue
from tests.support.databases import Databases
from tests.support.insight import insight_reading
from tests.support.services import migrated_database, running_service


async def refused(target: str, name: str) -> list[str]:
    """Those of the package's services that the process doesn't serve."""
    contract = [
        f"{file.package}.{service.name}"
        for file in load_catalogue().files.file
        if file.package == f"guanxi.{name}.v1"
        for service in file.service
    ]
    assert contract
    missing = []
    async with grpc.aio.insecure_channel(target) as channel:
        stub: Any = HealthStub(channel)
        for service in contract:
            try:
                question = HealthCheckRequest(service=service)
                answer = await stub.Check(question, wait_for_ready=True, timeout=20)
                assert answer.status == HealthCheckResponse.SERVING
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
                missing.append(service)
    return missing


@pytest.mark.parametrize("name", ["customer", "sales"])
async def test_a_process_serves_every_service_of_its_contract(
    databases: Databases, name: str
) -> None:
    url = await migrated_database(databases, name)
    async with running_service(name, url) as running:
        assert await refused(running.target, name) == []


async def test_insight_serves_every_service_of_its_contract(databases: Databases) -> None:
    url = await migrated_database(databases, "insight")
    async with insight_reading(url, {}) as running:
        assert await refused(running.target, "insight") == []
