"""An HTTP server inside a process that has other work: uvicorn without its hold on signals."""

import asyncio
import contextlib
from collections.abc import Generator
from typing import TYPE_CHECKING, Literal

import uvicorn

from services.chassis.process.addresses import bind

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["HttpServer"]


class HttpServer:
    """Serves one ASGI application at one address; `start` first, `stop` last."""

    def __init__(
        self,
        app: "ASGI3Application",
        address: str,
        variable: str,
        *,
        grace_seconds: int = 1,
        protocol: "type[asyncio.Protocol] | Literal['httptools']" = "httptools",
    ) -> None:
        self._address = address
        self._variable = variable
        self._server = _Uvicorn(
            uvicorn.Config(
                app,
                http=protocol,
                loop="none",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=grace_seconds,
            )
        )
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Binds and serves in the background; returns the port. Raises StartRefused."""
        bound = bind(self._address, self._variable)
        port: int = bound.getsockname()[1]
        self._running = asyncio.create_task(self._server.serve(sockets=[bound]))
        return port

    async def stop(self) -> None:
        """Lets running requests finish within the grace, then closes."""
        self._server.should_exit = True
        if self._running is not None:
            await self._running


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """The process drains on a signal; uvicorn only stops when it is told."""
        yield
