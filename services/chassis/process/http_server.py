"""An HTTP server inside a process that has other work: listens, keeps time, drains."""

import asyncio
import socket
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import structlog

from services.chassis.http.connection import Connection, Served
from services.chassis.http.connections import Connections, Ended
from services.chassis.http.limits import HttpLimits
from services.chassis.process.addresses import bind

__all__ = ["HttpServer"]

_BACKLOG = 2048
# The system takes over megabytes for a reader who reads nothing, and what it has taken over counts
# for answered: of what can't be sent yet it takes no more than this.
_UNSENT_BYTES = 131_072
_LONGEST_TICK_SECONDS = 1.0
_TICKS_PER_LIMIT = 4

_log = structlog.get_logger(__name__)


class HttpServer:
    """Serves one ASGI application at one address; `start` first, `stop` last."""

    def __init__(
        self,
        app: Any,
        address: str,
        variable: str,
        *,
        domain: str,
        limits: HttpLimits | None = None,
        count: Callable[[Ended], None] = lambda _: None,
        grace_seconds: float = 1.0,
    ) -> None:
        limits = limits or HttpLimits()
        self._address = address
        self._variable = variable
        self._grace_seconds = grace_seconds
        self._tick_seconds = min(_LONGEST_TICK_SECONDS, limits.shortest_seconds / _TICKS_PER_LIMIT)
        self._served = Served(app, domain, Connections(limits, count))
        self._listening: asyncio.Server | None = None
        self._keeping_time: asyncio.Task[None] | None = None

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._served.connections)

    async def start(self) -> int:
        """Binds and serves in the background; returns the port. Raises StartRefused."""
        bound = bind(self._address, self._variable)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        port: int = bound.getsockname()[1]
        self._served.date = _date()
        self._keeping_time = asyncio.create_task(self._keep_time())
        self._listening = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._served), sock=bound, backlog=_BACKLOG
        )
        return port

    async def stop(self) -> None:
        """Lets running requests finish within the grace, then closes."""
        if self._listening is None or self._keeping_time is None:
            return
        self._listening.close()
        await self._served.connections.drained(self._grace_seconds)
        for task in self._served.tasks:
            task.cancel()
        await asyncio.gather(*self._served.tasks, return_exceptions=True)
        self._keeping_time.cancel()

    async def _keep_time(self) -> None:
        """Connections have no timers of their own: a request costs none."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._tick_seconds)
            self._served.date = _date()
            try:
                self._served.connections.sweep(loop.time())
            except Exception:
                _log.exception("connections were not looked after")


def _date() -> bytes:
    return b"date: %s\r\n" % formatdate(usegmt=True).encode()
