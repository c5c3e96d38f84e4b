"""What a service answers in error, how long it has, and what is told of one that is away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from guanxi.customer.v1 import customers_pb2, customers_pb2_grpc

from services.chassis.client import connect
from services.chassis.errors import DomainError, Kind, etag_mismatch, invalid
from tests.support.gateway import RunningGateway, reason_of, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = customers_pb2.Customer(name="customers/ann", display_name="Ann")


class TestServiceErrors:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (DomainError(Kind.NOT_FOUND, "NOT_FOUND", "gone"), 404),
            (DomainError(Kind.ALREADY_EXISTS, "ALREADY_EXISTS", "there"), 409),
            (DomainError(Kind.FAILED_PRECONDITION, "NOT_DELETED", "alive"), 400),
            (etag_mismatch("customers/ann"), 409),
            (invalid("filter", "SYNTAX", "at position 3"), 400),
        ],
    )
    async def test_a_services_error_arrives_word_for_word(
        self, gateway: RunningGateway, error: DomainError, status: int
    ) -> None:
        gateway.customers.answers["GetCustomer"] = error
        answer = await gateway.http.get("/v1/customers/ann")
        assert (answer.status_code, reason_of(answer)) == (status, error.reason)
        assert answer.json()["error"]["message"] == error.message
        assert answer.json()["error"]["details"][0]["domain"] == "customer.guanxi"

    async def test_a_services_validation_names_the_field(self, gateway: RunningGateway) -> None:
        answer = await gateway.http.get("/v1/customers?pageSize=-1")
        assert answer.status_code == 400
        violations = answer.json()["error"]["details"][1]["fieldViolations"]
        assert violations[0]["field"] == "page_size"

    async def test_when_to_try_again_is_a_header_too(self, gateway: RunningGateway) -> None:
        gateway.customers.answers["GetCustomer"] = DomainError(
            Kind.RESOURCE_EXHAUSTED, "CAPACITY", "later", retry_after_seconds=2.5
        )
        answer = await gateway.http.get("/v1/customers/ann")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")

    async def test_an_unexpected_error_shows_nothing_but_the_request_id(
        self, gateway: RunningGateway
    ) -> None:
        gateway.customers.answers["GetCustomer"] = RuntimeError("password in a stack trace")
        answer = await gateway.http.get("/v1/customers/ann", headers={"x-request-id": "r-9"})
        assert (answer.status_code, reason_of(answer)) == (500, "INTERNAL")
        assert "password" not in answer.text
        assert "r-9" in answer.json()["error"]["message"]

    async def test_a_service_that_is_down_is_named_and_nothing_more(self, tmp_path: Path) -> None:
        async with running_gateway(tmp_path, {"GUANXI_INSIGHT_TARGET": "127.0.0.1:1"}) as gateway:
            answer = await gateway.http.get("/v1/customers/ann/facts")
        assert (answer.status_code, reason_of(answer)) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
        assert "127.0.0.1" not in answer.text
        assert "insight" in answer.text

    async def test_the_callers_deadline_ends_the_call(self, gateway: RunningGateway) -> None:
        async def slow(_request: Any, _context: Any) -> customers_pb2.Customer:
            await asyncio.sleep(5)
            return ANN

        gateway.customers.answers["GetCustomer"] = slow
        answer = await gateway.http.get("/v1/customers/ann", headers={"grpc-timeout": "200m"})
        assert (answer.status_code, reason_of(answer)) == (504, "DEADLINE_EXCEEDED")
        seconds = gateway.customers.last.seconds_left
        assert seconds is not None
        assert 0.1 < seconds < 0.185  # 20 ms less, which gRPC rounds up to whole milliseconds

    async def test_why_a_service_was_not_ready_in_time_reaches_the_caller(
        self, gateway: RunningGateway
    ) -> None:
        async def wait_in_vain(_request: Any, context: Any) -> customers_pb2.Customer:
            await asyncio.sleep(context.time_remaining() - 0.1)
            raise DomainError(Kind.UNAVAILABLE, "NOT_CAUGHT_UP", "3 of 5 events are applied")

        gateway.customers.answers["GetCustomer"] = wait_in_vain
        answer = await gateway.http.get("/v1/customers/ann", headers={"grpc-timeout": "500m"})
        assert (answer.status_code, reason_of(answer)) == (503, "NOT_CAUGHT_UP")
        async with connect(gateway.grpc_target) as channel:
            stub = customers_pb2_grpc.CustomerServiceStub(channel)
            request = customers_pb2.GetCustomerRequest(name="customers/ann")
            with pytest.raises(DomainError) as late:
                await stub.GetCustomer(request, metadata=gateway.metadata, timeout=0.5)
        assert late.value.reason == "NOT_CAUGHT_UP"

    async def test_every_call_has_a_deadline(self, gateway: RunningGateway) -> None:
        await gateway.http.get("/v1/customers/ann")
        assert 0 < (gateway.customers.last.seconds_left or 0) < 11

    async def test_a_reply_too_large_for_the_way_is_said_so(self, gateway: RunningGateway) -> None:
        large = customers_pb2.Customer(display_name="x" * (17 << 20))
        gateway.customers.answers["GetCustomer"] = large
        answer = await gateway.http.get("/v1/customers/ann")
        assert (answer.status_code, reason_of(answer)) == (400, "REPLY_TOO_LARGE")

    async def test_a_message_that_grpc_finds_too_large_is_said_to_be_so(
        self, gateway: RunningGateway
    ) -> None:
        async def sent(_request: Any, context: Any) -> customers_pb2.Customer:
            told = "SERVER: Sent message larger than max (17 vs. 16)"
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, told)
            return ANN

        gateway.customers.answers["GetCustomer"] = sent
        answer = await gateway.http.get("/v1/customers/ann")
        assert (answer.status_code, reason_of(answer)) == (429, "MESSAGE_TOO_LARGE")

    async def test_a_service_that_takes_no_more_calls_is_said_to_be_busy(
        self, gateway: RunningGateway
    ) -> None:
        async def full(_request: Any, context: Any) -> customers_pb2.Customer:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Concurrent RPC limit")
            return ANN

        gateway.customers.answers["GetCustomer"] = full
        answer = await gateway.http.get("/v1/customers/ann")
        assert (answer.status_code, reason_of(answer)) == (429, "SERVICE_BUSY")
        assert answer.headers["retry-after"] == "1"

    async def test_a_method_the_service_lacks_is_said_so(self, gateway: RunningGateway) -> None:
        answer = await gateway.http.get("/v1/customers/ann/touchpoints")
        assert (answer.status_code, reason_of(answer)) == (501, "METHOD_NOT_IMPLEMENTED")
