"""A real gateway in the test's process, in front of services that answer as a test tells them.

The services are fakes behind the chassis' own server, so tokens, permissions and validation are
the real ones.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import httpx
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from guanxi.customer.v1 import customers_pb2_grpc
from guanxi.insight.v1 import alerts_pb2_grpc
from guanxi.sales.v1 import people_pb2_grpc

from gateway.contract import Contract
from gateway.main import Gateway
from gateway.settings import GatewaySettings
from gateway.signin.keys import create_key
from services.chassis.access import Verifier, load_roles
from services.chassis.metrics import Metrics
from services.chassis.process.grpc_server import GrpcServer, Servicers
from tests.support.chassis import EchoSettings, believed_keys, keys


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as a fake service saw it."""

    method: str
    request: Any
    metadata: Mapping[str, str | bytes]
    seconds_left: float | None


Answer = Message | Exception | Callable[[Any, Any], Awaitable[Any]]


class FakeService:
    """Serves every method of a service: what `answers` says, else an empty reply."""

    def __init__(self, service: str) -> None:
        self.answers: dict[str, Answer] = {}
        self.streams: dict[str, Callable[[Any, Any], AsyncIterator[Message]]] = {}
        self.seen: list[Seen] = []
        for method in descriptor_pool.Default().FindServiceByName(service).methods:
            serve = self._stream(method) if method.server_streaming else self._unary(method)
            setattr(self, method.name, serve)

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    def _unary(self, method: Any) -> Callable[[Any, Any], Awaitable[Any]]:
        empty = message_factory.GetMessageClass(method.output_type)()

        async def serve(request: Any, context: Any) -> Any:
            self._note(method.name, request, context)
            answer = self.answers.get(method.name, empty)
            if isinstance(answer, Exception):
                raise answer
            if inspect.iscoroutinefunction(answer):
                return await answer(request, context)
            return answer

        return serve

    def _stream(self, method: Any) -> Callable[[Any, Any], AsyncIterator[Any]]:
        async def serve(request: Any, context: Any) -> AsyncIterator[Any]:
            self._note(method.name, request, context)
            async for reply in self.streams[method.name](request, context):
                yield reply

        return serve

    def _note(self, method: str, request: Any, context: Any) -> None:
        metadata = dict(context.invocation_metadata())
        self.seen.append(Seen(method, request, metadata, context.time_remaining()))


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that serves, an HTTP client that is signed in, and the services behind it."""

    gateway: Gateway
    http: httpx.AsyncClient
    url: str
    http_port: int
    grpc_target: str
    admin_url: str
    key: str
    keys_file: Path
    customer_target: str
    customers: FakeService
    alerts: FakeService
    people: FakeService
    _stack: AsyncExitStack = field(repr=False)

    async def channel(self) -> grpc.aio.Channel:
        """A plain gRPC channel, not signed in."""
        return await self._stack.enter_async_context(grpc.aio.insecure_channel(self.grpc_target))

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.key}"),)


@asynccontextmanager
async def running_gateway(
    folder: Path,
    variables: Mapping[str, str] | None = None,
    *,
    own: Servicers = (),
    beside: Servicers = (),
    contract: Contract | None = None,
) -> AsyncIterator[RunningGateway]:
    """Runs a gateway on free ports; `own` are services the gateway answers itself, `beside` those
    served beside the customers', `variables` are settings such as GUANXI_GATEWAY_RATE_BURST."""
    customers = FakeService("guanxi.customer.v1.CustomerService")
    alerts = FakeService("guanxi.insight.v1.AlertService")
    people = FakeService("guanxi.sales.v1.PeopleService")
    async with AsyncExitStack() as stack:
        customer = await _serve(
            "customer",
            [(customers_pb2_grpc.add_CustomerServiceServicer_to_server, customers), *beside],
            stack,
        )
        insight = await _serve(
            "insight", [(alerts_pb2_grpc.add_AlertServiceServicer_to_server, alerts)], stack
        )
        sales = await _serve(
            "sales", [(people_pb2_grpc.add_PeopleServiceServicer_to_server, people)], stack
        )
        settings = GatewaySettings.load(
            {
                "GUANXI_DATA_DIR": str(folder),
                "GUANXI_GATEWAY_TOKEN_PRIVATE_KEY": keys().private,
                "GUANXI_TOKEN_PUBLIC_KEYS": believed_keys(),
                "GUANXI_GATEWAY_LISTEN": "127.0.0.1:0",
                "GUANXI_GATEWAY_GRPC_LISTEN": "127.0.0.1:0",
                "GUANXI_GATEWAY_ADMIN_LISTEN": "127.0.0.1:0",
                "GUANXI_CUSTOMER_TARGET": customer,
                "GUANXI_INSIGHT_TARGET": insight,
                "GUANXI_SALES_TARGET": sales,
                "GUANXI_DRAIN_WAIT_SECONDS": "0",
                "GUANXI_DRAIN_GRACE_SECONDS": "1",
                **(variables or {}),
            }
        )
        key = create_key(
            settings.api_keys_file, "users/ann", roles=["admin"], now=datetime.now(UTC)
        )
        gateway = Gateway(settings, contract, own) if contract else Gateway.of(settings, own)
        ports = await gateway.start()
        stack.push_async_callback(gateway.stop)
        url = f"http://127.0.0.1:{ports.http}"
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"})
        )
        yield RunningGateway(
            gateway,
            http,
            url,
            ports.http,
            f"127.0.0.1:{ports.grpc}",
            f"http://127.0.0.1:{ports.admin}",
            key,
            settings.api_keys_file,
            customer,
            customers,
            alerts,
            people,
            stack,
        )


async def _serve(name: str, servicers: Servicers, stack: AsyncExitStack) -> str:
    server = GrpcServer(
        EchoSettings.load({}),
        domain=name,
        servicers=servicers,
        token_verifier=Verifier(believed_keys(), name),
        roles=load_roles(),
        metrics=Metrics(),
        checked=None,
    )
    port = await server.start("127.0.0.1:0", "")
    stack.push_async_callback(server.stop, 0)
    return f"127.0.0.1:{port}"


def reason_of(answer: httpx.Response) -> str:
    """The machine-readable reason of an error; empty where there is none."""
    if not answer.is_error:
        return ""
    details = answer.json()["error"]["details"]
    return str(next(d["reason"] for d in details if d["@type"].endswith("ErrorInfo")))


async def eventually(gateway: RunningGateway, key: str, reason: str) -> httpx.Response:
    """The answer to a read with this key, once the gateway has seen the keys file change."""
    seen = []
    async with httpx.AsyncClient(base_url=gateway.url, headers={"x-api-key": key}) as client:
        for _ in range(30):
            answer = await client.get("/v1/customers/ann")
            if reason_of(answer) == reason:
                return answer
            seen.append(reason_of(answer))
            await asyncio.sleep(0.1)
    raise AssertionError(f"never {reason!r}, but {seen[-1]!r}")
