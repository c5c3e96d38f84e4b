"""Whether this process is fit to serve: follows its store and its background tasks, second by
second, and the drain."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import grpc
import structlog
from grpc_health.v1 import health, health_pb2

from services.chassis.background import Background, repeat
from services.chassis.errors import DomainError
from services.chassis.process.probes import serve_probes

__all__ = ["Checked", "Health"]

_INTERVAL_SECONDS = 1.0
_CHECK_SECONDS = 2.0

_log = structlog.get_logger("health")


class Checked(Protocol):
    """What health follows."""

    async def check(self) -> None:
        """Raises where it does not work."""
        ...


class Health:
    """Keeps gRPC's health service and `ready` at what the last check found.

    Not ready until the first check; never ready again once draining.
    """

    def __init__(
        self,
        services: Sequence[str],
        checked: Checked | None,
        background: Background | None = None,
    ) -> None:
        self.servicer = health.aio.HealthServicer()
        self._services = ("", *services)
        self._checked = checked
        self._background = background or Background()
        self._unfit = "the store was not looked at yet"
        self._ready = False
        self._draining = False

    def serve_on(self, server: grpc.aio.Server) -> None:
        """Answers on this server, also strangers."""
        serve_probes(self.servicer, server)

    @property
    def ready(self) -> bool:
        """Whether callers should be sent here."""
        return self._ready and not self._draining

    def complaints(self) -> list[str]:
        """What is not as it should be, a line each; also what leaves the process ready."""
        own = ["draining"] if self._draining else []
        return own + [self._unfit] * bool(self._unfit) + self._background.complaints()

    async def follow(self) -> None:
        """Checks once a second, until cancelled."""
        await repeat("health", self.check, every_seconds=_INTERVAL_SECONDS)

    async def check(self) -> None:
        """Checks once and publishes what it found."""
        self._unfit = await self._found_wrong()
        ready = not self._unfit and self._background.fit
        if ready != self._ready:
            _log.info("ready" if ready else "not ready", complaints=self.complaints())
        self._ready = ready
        await self._publish()

    async def drain(self) -> None:
        """Says NOT_SERVING from now on."""
        self._draining = True
        await self._publish()

    async def _found_wrong(self) -> str:
        """What the store has to say; empty where it works."""
        if self._checked is None:
            return ""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                await self._checked.check()
        except Exception as error:  # whatever the reason, callers must go elsewhere
            unfit = f"the store does not answer: {_reason(error)}"
            if unfit != self._unfit:
                _log.warning(unfit, exc_info=error)
            return unfit
        return ""

    async def _publish(self) -> None:
        status = (
            health_pb2.HealthCheckResponse.SERVING
            if self.ready
            else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        for service in self._services:
            await self.servicer.set(service, status)


def _reason(error: Exception) -> str:
    """What is told of an error where anybody who reaches the admin port reads it."""
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, TimeoutError):
        return f"it took longer than {_CHECK_SECONDS:g} s"
    return "the log says why"
