"""One gRPC server as every process of the suite has it: middleware, health, reflection, limits.
Starting and stopping the process around it is the business of `server`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection

from services.chassis.access.authorizer import Authorizer
from services.chassis.access.roles import Roles
from services.chassis.access.token import Verifier
from services.chassis.background import Background
from services.chassis.ids import Uuid7Ids
from services.chassis.metrics import Metrics
from services.chassis.middleware.access import Access
from services.chassis.middleware.authentication import Authentication
from services.chassis.middleware.consistency import CatchingUp, Consistency
from services.chassis.middleware.deadline import Deadline
from services.chassis.middleware.decoding import Decoding
from services.chassis.middleware.encoding import Encoding
from services.chassis.middleware.methods import MethodHandler, Methods
from services.chassis.middleware.metrics import RpcMetrics
from services.chassis.middleware.request_id import RequestId
from services.chassis.middleware.request_log import RequestLog
from services.chassis.middleware.runner import Runner
from services.chassis.middleware.validation import Validation
from services.chassis.process.addresses import refuse_taken
from services.chassis.process.grpc_options import server_options
from services.chassis.process.health import Checked, Health
from services.chassis.request_lines import request_lines
from services.chassis.settings import SharedSettings
from services.chassis.wire import MAX_MESSAGE_BYTES

__all__ = ["GrpcServer", "Servicers"]

_READS_GRACE_SECONDS = 0.5
# A token names its caller's teams: 200 of 69 bytes at most (`people.proto`), written in base64.
_METADATA_BYTES = 32 * 1024

# The generated `add_…Servicer_to_server` with the servicer to add.
Servicers = Sequence[tuple[Callable[[Any, Any], None], Any]]


class GrpcServer:
    """Built from servicers; `start` first, `drain` and `stop` last."""

    def __init__(
        self,
        settings: SharedSettings,
        *,
        domain: str,
        servicers: Servicers,
        token_verifier: Verifier,
        roles: Roles,
        metrics: Metrics,
        checked: Checked | None,
        background: Background | None = None,
        caught_up: CatchingUp | None = None,
    ) -> None:
        log = structlog.get_logger(domain)
        lines = partial(request_lines, domain, settings.log_level, settings.log_format)
        self._runner = Runner(domain, log)
        methods = Methods(
            self._runner,
            {
                "request_id": RequestId(Uuid7Ids()),
                "request_log": RequestLog(lines(), lines(at="debug")),
                "metrics": RpcMetrics(metrics),
                "deadline": Deadline(settings.default_deadline_seconds),
                "authentication": Authentication(token_verifier),
                "encoding": Encoding(),
                "access": Access(Authorizer(roles), log),
                "decoding": Decoding(),
                "validation": Validation(),
                "consistency": Consistency(caught_up),
            },
        )
        registrar = _Registrar(methods)
        for add_to_server, servicer in servicers:
            add_to_server(servicer, registrar)
        self._server = grpc.aio.server(
            options=[
                *server_options(settings.max_connection_age_seconds),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                # Between two bounds gRPC drops calls at random.
                ("grpc.max_metadata_size", _METADATA_BYTES),
                ("grpc.absolute_max_metadata_size", _METADATA_BYTES),
            ]
        )
        self._server.add_generic_rpc_handlers((methods,))
        self.health = Health(registrar.services, checked, background)
        self.health.serve_on(self._server)
        if settings.environment == "development":
            health = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
            names = (*registrar.services, health, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self, address: str, variable: str) -> int:
        """Listens and serves; returns the port. Raises StartRefused where the address is taken.

        `variable` is the setting the address comes from.
        """
        port = self.listen(address, variable)
        await self.serve()
        return port

    def listen(self, address: str, variable: str) -> int:
        """The first half of a start: calls are taken, and wait for the second."""
        refuse_taken(address, variable)
        return self._server.add_insecure_port(address)

    async def serve(self) -> None:
        """The second half of a start."""
        await self.health.check()
        await self._server.start()

    async def stop(self, grace_seconds: float) -> None:
        """Refuses new calls, ends long reads, lets the others finish within the grace."""
        stopping = asyncio.create_task(self._server.stop(grace_seconds))
        await asyncio.wait([stopping], timeout=min(_READS_GRACE_SECONDS, grace_seconds))
        self._runner.end_reads()
        await stopping


class _Registrar:
    """Stands in for the server when servicers are added, and puts their methods among ours."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods
        self.services: list[str] = []

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """The generated code offers every method this way as well."""

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, MethodHandler]
    ) -> None:
        self._methods.protect(service, handlers)
        self.services.append(service)
