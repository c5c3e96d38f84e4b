"""gRPC through the gateway: all four shapes, with identity, deadline, errors; reflection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from guanxi.customer.v1 import customers_pb2, customers_pb2_grpc
from guanxi.events.v1 import event_feed_pb2, event_feed_pb2_grpc
from guanxi.insight.v1 import alerts_pb2, alerts_pb2_grpc, facts_pb2, facts_pb2_grpc

from gateway.backends import Backends
from gateway.limits import Limits
from gateway.metrics import GatewayMetrics
from gateway.proxy import Proxy
from gateway.signin.door import Door
from gateway.signin.keys import create_key
from gateway.signin.ring import KeyRing
from services.chassis.access import Signer
from services.chassis.clock import SystemClock
from services.chassis.descriptors import methods_of
from services.chassis.errors import etag_mismatch
from services.chassis.ids import Uuid7Ids
from services.chassis.metrics import Metrics
from services.chassis.request_lines import request_lines
from tests.support import echo
from tests.support.chassis import echo_server, keys
from tests.support.directory import nobody
from tests.support.echo import said
from tests.support.gateway import RunningGateway, running_gateway
from tests.support.refusals import refusal

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = customers_pb2.Customer(name="customers/ann", display_name="Ann")


class TestTheSuitesMethods:
    async def test_a_call_reaches_its_owner_and_its_reply_comes_back(
        self, gateway: RunningGateway
    ) -> None:
        gateway.customers.answers["GetCustomer"] = ANN
        metadata = (*gateway.metadata, ("x-request-id", "r-1"))
        call = customers(await gateway.channel()).GetCustomer(request(), metadata=metadata)
        assert await call == ANN
        assert dict(await call.trailing_metadata())["x-request-id"] == "r-1"
        seen = gateway.customers.last.metadata
        assert seen["x-request-id"] == "r-1"
        assert gateway.key not in str(seen["authorization"])

    async def test_what_the_contract_does_not_know_is_not_passed_on(
        self, gateway: RunningGateway
    ) -> None:
        gateway.customers.answers["GetCustomer"] = ANN
        known = ("guanxi-consistency", "caught-up")
        others = (("x-trace", "t-1"), ("cookie", "a=b"), ("x-guanxi-role", "admin"))
        metadata = (*gateway.metadata, known, *others, ("x-bytes-bin", b"\0" * 7_000))
        await customers(await gateway.channel()).GetCustomer(request(), metadata=metadata)
        seen = gateway.customers.last.metadata
        given = {name for name, _ in metadata} - {"authorization"}
        assert given & set(seen) == {"guanxi-consistency"}

    @pytest.mark.parametrize("size", [7_000, 10_000, 14_000, 20_000, 60_000])
    async def test_a_head_that_is_allowed_always_gets_through(
        self, gateway: RunningGateway, size: int
    ) -> None:
        gateway.customers.answers["GetCustomer"] = ANN
        stub = customers(await gateway.channel())
        metadata = (*gateway.metadata, ("x-trace", "t" * size))
        for _ in range(20):
            assert await stub.GetCustomer(request(), metadata=metadata) == ANN

    async def test_a_larger_head_is_refused_in_a_sentence(self, gateway: RunningGateway) -> None:
        stub = customers(await gateway.channel())
        metadata = (*gateway.metadata, ("x-trace", "t" * 66_000))
        error = await refusal(stub.GetCustomer(request(), metadata=metadata))
        assert (error.kind, error.reason) == ("INVALID_ARGUMENT", "HEAD_TOO_LARGE")
        assert error.message == "more than 65536 bytes of metadata"

    async def test_x_api_key_signs_in_as_well(self, gateway: RunningGateway) -> None:
        stub = customers(await gateway.channel())
        await stub.GetCustomer(request(), metadata=(("x-api-key", gateway.key),))

    async def test_who_has_no_key_stays_outside(self, gateway: RunningGateway) -> None:
        error = await refusal(customers(await gateway.channel()).GetCustomer(request()))
        assert (error.kind, error.reason) == ("UNAUTHENTICATED", "CREDENTIALS_MISSING")
        assert error.domain == "gateway.guanxi"

    async def test_a_services_error_keeps_its_details(self, gateway: RunningGateway) -> None:
        gateway.customers.answers["GetCustomer"] = etag_mismatch("customers/ann")
        stub = customers(await gateway.channel())
        error = await refusal(stub.GetCustomer(request(), metadata=gateway.metadata))
        assert (error.kind, error.reason, error.domain) == (
            "ABORTED",
            "ETAG_MISMATCH",
            "customer.guanxi",
        )
        assert error.metadata == {"resource": "customers/ann"}

    async def test_a_service_that_is_away_is_named_without_its_address(
        self, tmp_path: Path
    ) -> None:
        away = {"GUANXI_INSIGHT_TARGET": "127.0.0.1:1"}
        async with running_gateway(tmp_path, away) as gateway:
            stub = facts_pb2_grpc.FactServiceStub(await gateway.channel())
            facts = facts_pb2.GetCustomerFactsRequest(name="customers/ann/facts")
            error = await refusal(stub.GetCustomerFacts(facts, metadata=gateway.metadata))
        assert (error.reason, error.metadata) == ("SERVICE_UNAVAILABLE", {"service": "insight"})
        assert error.retry_after_seconds == 1
        assert "127.0.0.1" not in error.message

    async def test_the_deadline_is_shaved(self, gateway: RunningGateway) -> None:
        stub = customers(await gateway.channel())
        await stub.GetCustomer(request(), metadata=gateway.metadata, timeout=0.5)
        assert 0 < (gateway.customers.last.seconds_left or 0) <= 0.485

    async def test_a_deadline_too_short_is_not_tried(self, gateway: RunningGateway) -> None:
        stub = customers(await gateway.channel())
        call = stub.GetCustomer(request(), metadata=gateway.metadata, timeout=0.06)
        assert (await refusal(call)).kind == "DEADLINE_EXCEEDED"
        assert gateway.customers.seen == []

    async def test_a_caller_that_cancels_cancels_the_service(self, gateway: RunningGateway) -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def slow(_request: Any, _context: Any) -> customers_pb2.Customer:
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()
            return ANN

        gateway.customers.answers["GetCustomer"] = slow
        stub = customers(await gateway.channel())
        call = stub.GetCustomer(request(), metadata=gateway.metadata)
        waiting = asyncio.ensure_future(call.code())
        async with asyncio.timeout(5):
            await begun.wait()
            call.cancel()
            await ended.wait()
        waiting.cancel()

    async def test_a_stream_is_relayed_and_its_end_too(self, gateway: RunningGateway) -> None:
        async def two(_request: Any, _context: Any) -> AsyncIterator[Any]:
            yield alerts_pb2.WatchAlertsResponse(resume_token="1")
            yield alerts_pb2.WatchAlertsResponse(resume_token="2")

        gateway.alerts.streams["WatchAlerts"] = two
        stub = alerts_pb2_grpc.AlertServiceStub(await gateway.channel())
        call = stub.WatchAlerts(alerts_pb2.WatchAlertsRequest(), metadata=gateway.metadata)
        assert [reply.resume_token async for reply in call] == ["1", "2"]

    async def test_an_internal_method_is_not_there(self, gateway: RunningGateway) -> None:
        stub = event_feed_pb2_grpc.EventFeedStub(await gateway.channel())
        call = stub.Pull(event_feed_pb2.PullRequest(), metadata=gateway.metadata)
        assert (await refusal(call)).kind == "UNIMPLEMENTED"


class TestBesideTheApi:
    async def test_health_needs_no_key(self, gateway: RunningGateway) -> None:
        stub: Any = health_pb2_grpc.HealthStub(await gateway.channel())
        answer = await stub.Check(health_pb2.HealthCheckRequest())
        assert answer.status == health_pb2.HealthCheckResponse.SERVING

    async def test_reflection_describes_the_whole_api(self, gateway: RunningGateway) -> None:
        channel: Any = await gateway.channel()
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked: Any = reflection_pb2.ServerReflectionRequest
        names, symbol = [
            answer
            async for answer in stub.ServerReflectionInfo(
                iter(
                    [
                        asked(list_services=""),
                        asked(file_containing_symbol="guanxi.sales.v1.OrderService"),
                    ]
                )
            )
        ]
        listed = {service.name for service in names.list_services_response.service}
        assert "guanxi.sales.v1.OrderService" in listed
        assert "guanxi.events.v1.EventFeed" not in listed
        files = symbol.file_descriptor_response.file_descriptor_proto
        assert any(
            FileDescriptorProto.FromString(file).name == "guanxi/sales/v1/orders.proto"
            for file in files
        )

    async def test_calls_are_counted_by_method_and_code(self, gateway: RunningGateway) -> None:
        stub = customers(await gateway.channel())
        await stub.GetCustomer(request(), metadata=gateway.metadata)
        text = (await gateway.http.get(f"{gateway.admin_url}/metrics")).text
        counted = 'method="/guanxi.customer.v1.CustomerService/GetCustomer"'
        assert any(counted in line and 'code="OK"' in line for line in text.splitlines())


class TestAllFourShapes:
    """On a contract made for it: the suite's own has no client streams yet."""

    async def test_each_shape_passes_through(self, tmp_path: Path) -> None:
        async with proxied_echo(tmp_path) as (stub, metadata):
            assert (await stub.Say(said("a"), metadata=metadata)).text == "a!"
            words = stub.Stream(said("a b"), metadata=metadata)
            assert [reply.text async for reply in words] == ["a!", "b!"]
            collected = stub.Collect(iter([said("a"), said("b")]), metadata=metadata)
            assert (await collected).text == "a! b!"
            chat = stub.Chat(iter([said("a"), said("b")]), metadata=metadata)
            assert [reply.text async for reply in chat] == ["a!", "b!"]

    async def test_an_error_in_the_middle_of_a_stream_keeps_its_details(
        self, tmp_path: Path
    ) -> None:
        async with proxied_echo(tmp_path) as (stub, metadata):
            call = stub.Chat(iter([said("a"), said("refuse")]), metadata=metadata)
            assert (await call.read()).text == "a!"
            error = await refusal(call.read())
        assert (error.reason, error.domain) == ("ETAG_MISMATCH", "sales.guanxi")


def customers(channel: grpc.aio.Channel) -> Any:
    return customers_pb2_grpc.CustomerServiceStub(channel)


def request() -> customers_pb2.GetCustomerRequest:
    return customers_pb2.GetCustomerRequest(name="customers/ann")


@asynccontextmanager
async def proxied_echo(folder: Path) -> AsyncIterator[tuple[Any, tuple[tuple[str, str], ...]]]:
    async def step(text: str, _context: Any) -> str:
        if text == "refuse":
            raise etag_mismatch("orders/1")
        return f"{text}!"

    keys_file = folder / "api-keys.json"
    key = create_key(keys_file, "users/ann", roles=["admin"], now=datetime.now(UTC))
    async with echo_server(step) as running:
        clock, metrics = SystemClock(), GatewayMetrics(Metrics())
        methods = methods_of(echo.SERVICE)
        backends = Backends({"test": running.target}, methods)
        door = Door(
            KeyRing(keys_file, clock),
            nobody(),
            Signer(keys().private),
            clock,
            {"test": ("sales",)},
            5.0,
        )
        limits = Limits(100, 100, None, metrics, streams=100)
        log = request_lines("gateway", "warning", "json")
        proxy = Proxy(methods, backends, door, limits, metrics, log, Uuid7Ids(), 5.0, 5.0, {})
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((proxy,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield echo.echo_stub(channel), (("x-api-key", key),)
        await server.stop(0)
        await backends.close()
