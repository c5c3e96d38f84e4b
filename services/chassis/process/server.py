"""The life of a process: start, serve, drain. A main ends in `serve`; `run` runs the main."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

import structlog
import uvloop

from services.chassis.access.roles import Roles
from services.chassis.access.token import Verifier
from services.chassis.background import Background, keep_running
from services.chassis.errors import StartRefused
from services.chassis.metrics import Metrics
from services.chassis.middleware.consistency import CatchingUp
from services.chassis.process import collector
from services.chassis.process.admin import admin_app
from services.chassis.process.grpc_server import GrpcServer, Servicers
from services.chassis.process.http_server import HttpServer
from services.chassis.settings import ServiceSettings, SettingsError
from services.chassis.store.connections import PoolUse

__all__ = ["Store", "Task", "run", "serve"]

# With the longest wait and grace the settings allow, a drain ends within 8 s.
_TASKS_SECONDS = 0.5
_STORE_SECONDS = 1.0

Task = Callable[[], Coroutine[Any, Any, None]]

_log = structlog.get_logger("server")


class Store(Protocol):
    """What a process asks of its store."""

    async def check(self) -> None: ...
    async def close(self) -> None: ...
    def use(self) -> PoolUse: ...


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Runs a process's main on uvloop; returns its exit code.

    2 where the settings are wrong, one line for each problem; 1 where the start is refused, in one
    sentence.
    """
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
    except SettingsError as error:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        return 2
    except StartRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def serve(
    settings: ServiceSettings,
    *,
    domain: str,
    servicers: Servicers,
    token_verifier: Verifier,
    roles: Roles,
    store: Store | None = None,
    tasks: Sequence[Task] = (),
    metrics: Metrics | None = None,
    caught_up: CatchingUp | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, then drains and closes the store.

    The drain: NOT_SERVING, a wait in which callers notice, no new calls and a grace for running
    ones, the end of the background tasks, the store. A background task that fails is run again,
    and the process is not ready as long as it fails; one that returns is done; one that refuses to
    start ends the process the same way.
    Raises StartRefused where the process cannot start.
    """
    metrics = metrics or Metrics()
    watched = Background(metrics)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        server = GrpcServer(
            settings,
            domain=domain,
            servicers=servicers,
            token_verifier=token_verifier,
            roles=roles,
            metrics=metrics,
            checked=store,
            background=watched,
            caught_up=caught_up,
        )
        if store is not None:
            metrics.watch_pool(store.use)
        admin = HttpServer(
            admin_app(metrics.registry, lambda: server.health.ready, server.health.complaints),
            settings.admin_listen,
            settings.variable("admin_listen"),
            domain=domain,
        )
        await admin.start()
        await server.start(settings.listen, settings.variable("listen"))
        collector.settle()
        _log.info("serving", listen=settings.listen, admin=settings.admin_listen)
        with watched.watching():
            background = _Tasks([*tasks, server.health.follow], stopping)
        await stopping.wait()
        _log.info("draining")
        await server.health.drain()
        await asyncio.sleep(settings.drain_wait_seconds)
        await server.stop(settings.drain_grace_seconds)
        await background.stop()
        await admin.stop()
    finally:
        if store is not None:
            await _closed(store)
    _log.info("stopped")
    if background.refused is not None:
        raise background.refused


class _Tasks:
    """The tasks beside the server. The first that refuses to start stops the process."""

    def __init__(self, tasks: Sequence[Task], stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._running: set[asyncio.Task[None]] = set()
        self.refused: StartRefused | None = None
        for task in tasks:
            running = asyncio.create_task(keep_running(_name(task), task))
            self._running.add(running)
            running.add_done_callback(self._ended)

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=_TASKS_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, StartRefused):
            self.refused = error
            self._stopping.set()
        elif error is not None:
            _log.error("a background task ended", exc_info=error)


def _name(task: Task) -> str:
    """`RequestedRuns.answer_all`, in logs and metrics."""
    return str(getattr(task, "__qualname__", type(task).__qualname__))


async def _closed(store: Store) -> None:
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            await store.close()
    except TimeoutError:
        _log.warning("the store did not close in time")
