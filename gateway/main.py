"""The only place that knows everything about the gateway: what it is made of, how it starts and
stops. Reads top to bottom."""

import asyncio
import signal
from dataclasses import dataclass

import structlog
from guanxi.sales.v1.people_pb2_grpc import PeopleServiceStub

from gateway.backends import Backends
from gateway.contract import Contract, ContractError, load_contract
from gateway.grpc_server import PublicGrpcServer
from gateway.http.app import HttpApp
from gateway.http.documents import api_documents
from gateway.http.endpoints import route_table
from gateway.http.head import MAX_HEAD_BYTES
from gateway.http.streams import Streams
from gateway.limits import Limits
from gateway.metrics import GatewayMetrics
from gateway.openapi import openapi_document
from gateway.own import OwnServices, own_servicers
from gateway.proxy import Proxy
from gateway.resuming import positions_of
from gateway.settings import GatewaySettings
from gateway.signin.door import Door
from gateway.signin.keys import KeysError
from gateway.signin.people import People
from gateway.signin.ring import KeyRing
from gateway.transcode.errors import ErrorCodec
from services.chassis.access import Signer, TokenError, Verifier
from services.chassis.client import connect
from services.chassis.clock import SystemClock
from services.chassis.errors import StartRefused
from services.chassis.http.limits import HttpLimits
from services.chassis.identity import ServiceToken
from services.chassis.ids import Uuid7Ids
from services.chassis.logging import configure_logging
from services.chassis.metrics import Metrics
from services.chassis.process import collector
from services.chassis.process.admin import admin_app
from services.chassis.process.grpc_server import Servicers
from services.chassis.process.http_server import HttpServer
from services.chassis.process.open_files import allow_open_files
from services.chassis.request_lines import request_lines

__all__ = ["Gateway", "serve"]

_SERVICES = ("customer", "sales", "insight")

# Beside its callers' connections: probes, channels to the services, Redis, what it listens on.
_OTHER_FILES = 250

# So often a stream's reader is looked at while it runs, or at each heartbeat if that is oftener: so
# that what the directory says of them, asked every three seconds, holds for streams as for calls.
_LOOK_AGAIN_SECONDS = 1.0

_log = structlog.get_logger("gateway")


async def serve() -> None:
    """Serves until SIGTERM or SIGINT, then drains."""
    settings = GatewaySettings.load()
    configure_logging(settings.log_level, settings.log_format, process="gateway")
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with own_servicers(settings) as servicers:
        gateway = Gateway.of(settings, servicers)
        await gateway.start()
        collector.settle()
        await stopping.wait()
        await gateway.stop()


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a started gateway listens."""

    http: int
    grpc: int
    admin: int


class Gateway:
    """The gateway's servers and what they share."""

    def __init__(self, settings: GatewaySettings, contract: Contract, servicers: Servicers) -> None:
        """Raises ContractError, TokenError or KeysError where it can't be put together."""
        clock, ids, metrics = SystemClock(), Uuid7Ids(), Metrics()
        signer = Signer(settings.token_private_key)
        verifier = Verifier(settings.token_public_keys, "gateway")
        ring = KeyRing(settings.api_keys_file, clock)
        # A composed answer asks the services in its caller's name.
        audiences = {name: (name,) for name in _SERVICES} | {"gateway": ("gateway", *_SERVICES)}
        look_again_seconds = min(settings.heartbeat_seconds, _LOOK_AGAIN_SECONDS)
        self._to_people = connect(
            settings.sales_target, identity=ServiceToken(signer, "gateway", "sales")
        )
        people = People(PeopleServiceStub(self._to_people))
        door = Door(ring, people, signer, clock, audiences, look_again_seconds)
        counted = GatewayMetrics(metrics)
        log = request_lines("gateway", settings.log_level, settings.log_format)
        limits = Limits(
            settings.rate_per_second,
            settings.rate_burst,
            settings.redis_url,
            counted,
            streams=settings.streams_per_caller,
        )
        connections = _connections(settings.max_connections)
        self._settings = settings
        self._keys = ring
        self._own = OwnServices(settings, servicers, verifier, metrics)
        self._backends = Backends(
            {
                "customer": settings.customer_target,
                "sales": settings.sales_target,
                "insight": settings.insight_target,
                "gateway": self._own.target,
            },
            contract.methods,
        )
        errors = ErrorCodec(contract.types)
        self._streams = Streams(errors, counted, settings.heartbeat_seconds)
        app = HttpApp(
            route_table(contract, self._backends),
            api_documents(openapi_document(contract)),
            door,
            limits,
            errors,
            self._streams,
            counted,
            log,
            ids,
            settings.default_deadline_seconds,
            settings.body_seconds,
        )
        proxy = Proxy(
            contract.methods,
            self._backends,
            door,
            limits,
            counted,
            log,
            ids,
            settings.default_deadline_seconds,
            settings.body_seconds,
            positions_of(contract),
        )
        self._proxy = proxy
        self._grpc = PublicGrpcServer(
            proxy,
            contract,
            reflect=settings.environment == "development",
            max_connection_age_seconds=settings.max_connection_age_seconds,
            max_connections=connections,
            handshake_seconds=settings.head_seconds,
            idle_seconds=settings.idle_seconds,
        )
        self._http = HttpServer(
            app,
            settings.listen,
            settings.variable("listen"),
            domain="gateway",
            limits=HttpLimits(
                connections=connections,
                head_bytes=MAX_HEAD_BYTES,
                head_seconds=settings.head_seconds,
                idle_seconds=settings.idle_seconds,
                send_seconds=settings.send_seconds,
                send_bytes_per_second=settings.send_bytes_per_second,
            ),
            count=counted.connection_ended,
            grace_seconds=settings.drain_grace_seconds,
        )
        counted.connections.set_function(lambda: self._http.open_connections)
        self._admin = HttpServer(
            admin_app(metrics.registry, lambda: self._grpc.health.ready),
            settings.admin_listen,
            settings.variable("admin_listen"),
            domain="gateway",
        )

    @classmethod
    def of(cls, settings: GatewaySettings, servicers: Servicers) -> "Gateway":
        """The gateway of these settings; raises StartRefused where it can't be put together."""
        try:
            return cls(settings, load_contract(), servicers)
        except TokenError as error:
            raise StartRefused(
                f"GUANXI_GATEWAY_TOKEN_PRIVATE_KEY and GUANXI_TOKEN_PUBLIC_KEYS: {error}"
            ) from error
        except (ContractError, KeysError) as error:
            raise StartRefused(str(error)) from error

    async def start(self) -> Ports:
        """Listens on all its ports; raises StartRefused where one is taken."""
        settings = self._settings
        await self._own.start()
        admin = await self._admin.start()
        grpc = await self._grpc.start(settings.grpc_listen, settings.variable("grpc_listen"))
        http = await self._http.start()
        if not len(self._keys):
            _log.warning("nobody can sign in yet", make_one="python -m gateway keys create --help")
        _log.info("serving", http=settings.listen, grpc=settings.grpc_listen)
        return Ports(http, grpc, admin)

    async def stop(self) -> None:
        """Says it is not ready, waits for callers to notice, ends streams, finishes the rest."""
        settings = self._settings
        _log.info("draining")
        await self._grpc.health.drain()
        await asyncio.sleep(settings.drain_wait_seconds)
        self._streams.end_all()
        self._proxy.end_streams()
        await asyncio.gather(self._http.stop(), self._grpc.stop(settings.drain_grace_seconds))
        await self._own.stop(0)
        await self._backends.close()
        await self._to_people.close()
        await self._admin.stop()
        _log.info("stopped")


def _connections(wanted: int) -> int:
    """How many callers there may be over HTTP, and as many over gRPC, so that what else the process
    has to open, an answer to a probe above all, is never refused by the system."""
    allowed = allow_open_files(2 * wanted + _OTHER_FILES)
    possible = max(1, (allowed - _OTHER_FILES) // 2)
    if possible < wanted:
        _log.warning("the system allows fewer connections", asked=wanted, allowed=possible)
    return min(wanted, possible)
