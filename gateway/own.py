"""The gRPC services the gateway answers itself: composed answers and the company's settings,
`guanxi.gateway.v1`.

They are served inside the process by the chassis' server, so that sign-in, access, validation and
metrics are those of every service; REST and the proxy reach them like any other owner.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from guanxi.gateway.v1.briefs_pb2_grpc import add_BriefServiceServicer_to_server
from guanxi.gateway.v1.company_pb2_grpc import add_CompanyServiceServicer_to_server

from gateway.briefs.parts import Sources
from gateway.briefs.servicer import BriefServicer
from gateway.company.servicer import CompanyServicer
from gateway.settings import GatewaySettings
from services.chassis.access import Verifier, load_roles
from services.chassis.client import connect
from services.chassis.clock import BusinessCalendar, SystemClock
from services.chassis.identity import ForwardedToken
from services.chassis.metrics import Metrics
from services.chassis.process.grpc_server import GrpcServer, Servicers

__all__ = ["OwnServices", "own_servicers"]


@asynccontextmanager
async def own_servicers(settings: GatewaySettings) -> AsyncIterator[Servicers]:
    """Every service of the gateway's own with its servicer; a new one is one line more."""
    sources = Sources(
        customer=connect(settings.customer_target, identity=ForwardedToken()),
        sales=connect(settings.sales_target, identity=ForwardedToken()),
        insight=connect(settings.insight_target, identity=ForwardedToken()),
    )
    calendar = BusinessCalendar(SystemClock(), settings.zone, settings.business_date)
    company = CompanyServicer(
        base_currency=settings.base_currency,
        time_zone=settings.time_zone,
        earliest_date=settings.earliest_date,
    )
    try:
        yield (
            (add_BriefServiceServicer_to_server, BriefServicer(sources, calendar)),
            (add_CompanyServiceServicer_to_server, company),
        )
    finally:
        await asyncio.gather(*(each.close() for each in sources))


_LOOPBACK = "127.0.0.1"


class OwnServices:
    """The gateway's own services on a port that only this machine reaches. Unlike a socket in a
    folder, it leaves nothing behind where the process is killed."""

    def __init__(
        self,
        settings: GatewaySettings,
        servicers: Servicers,
        verifier: Verifier,
        metrics: Metrics,
    ) -> None:
        self._server = GrpcServer(
            settings,
            domain="gateway",
            servicers=servicers,
            token_verifier=verifier,
            roles=load_roles(),
            metrics=metrics,
            checked=None,
        )
        self.target = f"{_LOOPBACK}:{self._server.listen(f'{_LOOPBACK}:0', '')}"

    async def start(self) -> None:
        """Serves from now on; calls made earlier wait for it."""
        await self._server.serve()

    async def stop(self, grace_seconds: float) -> None:
        """Lets running calls finish within the grace."""
        await self._server.stop(grace_seconds)
