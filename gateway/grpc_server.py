"""The public gRPC server: the proxy, health and, in development, reflection of the whole API."""

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from gateway.contract import Contract
from gateway.http.head import MAX_HEAD_BYTES
from gateway.proxy import Proxy
from services.chassis.process.addresses import refuse_taken
from services.chassis.process.grpc_options import server_options
from services.chassis.process.health import Health

__all__ = ["MAX_STREAMS", "PublicGrpcServer"]

# Of one connection, at a time.
MAX_STREAMS = 100

# gRPC counts 32 bytes for each pair besides.
_METADATA_BYTES = 2 * MAX_HEAD_BYTES


class PublicGrpcServer:
    """Serves `proxy` at one address; `start` first, `stop` last."""

    def __init__(
        self,
        proxy: Proxy,
        contract: Contract,
        *,
        reflect: bool,
        max_connection_age_seconds: float,
        max_connections: int,
        handshake_seconds: float,
        idle_seconds: float,
    ) -> None:
        services = sorted({method.service for method in contract.methods})
        self.health = Health(services, checked=None)
        self._server = grpc.aio.server(
            options=[
                *server_options(max_connection_age_seconds),
                ("grpc.max_connection_idle_ms", round(idle_seconds * 1000)),
                ("grpc.max_concurrent_streams", MAX_STREAMS),
                # Else calls that are over count until their memory is freed, and of a caller who
                # keeps to the bound every second one is refused as soon as they reach it.
                ("grpc.http.overload_protection", 0),
                ("grpc.max_allowed_incoming_connections", max_connections),
                ("grpc.server_handshake_timeout_ms", round(handshake_seconds * 1000)),
                ("grpc.max_send_message_length", -1),
                # Between two bounds gRPC drops calls at random. The proxy says no in words before.
                ("grpc.max_metadata_size", _METADATA_BYTES),
                ("grpc.absolute_max_metadata_size", _METADATA_BYTES),
            ]
        )
        self._server.add_generic_rpc_handlers((proxy,))
        self.health.serve_on(self._server)
        if reflect:
            pool = descriptor_pool.DescriptorPool()
            for file in contract.catalogue.files.file:
                pool.Add(file)
            for beside in (health_pb2, reflection_pb2):
                pool.AddSerializedFile(beside.DESCRIPTOR.serialized_pb)
            health = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
            names = (*services, health, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server, pool=pool)

    async def start(self, address: str, variable: str) -> int:
        """Listens and serves; returns the port. Raises StartRefused where the address is taken."""
        refuse_taken(address, variable)
        port = self._server.add_insecure_port(address)
        await self.health.check()
        await self._server.start()
        return port

    async def stop(self, grace_seconds: float) -> None:
        """Refuses new calls and lets running ones finish within the grace."""
        await self._server.stop(grace_seconds)
