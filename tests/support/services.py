"""A whole service in the test's process: its own tables, its own main's parts, real gRPC on a free
port, a signed internal token. Nothing here knows what a service is about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from services.chassis.access import Roles, Verifier, load_roles
from services.chassis.client import Channel, connect
from services.chassis.metrics import Metrics
from services.chassis.process.grpc_server import GrpcServer
from services.chassis.settings import ServiceSettings
from services.chassis.store import Store
from services.chassis.store.migrate import migrate
from tests.support.chassis import Token, believed_keys
from tests.support.databases import Databases


@dataclass(slots=True)
class AdjustableClock:
    """A clock that stands still until it is moved."""

    moment: datetime = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        """Moves on: `move(days=1)`."""
        self.moment += timedelta(**by)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that serves, until its context ends."""

    name: str
    target: str
    store: Store
    clock: AdjustableClock
    settings: ServiceSettings
    _channels: AsyncExitStack = field(repr=False)

    async def channel(
        self, subject: str = "users/ann", *, role: str = "admin", team: str = "teams/north"
    ) -> Channel:
        """A channel of one caller; its stubs raise DomainError. Closed with the service.

        A service (`services/insight`) speaks for itself, and is of no team.
        """
        teams = (team,) if team and not subject.startswith("services/") else ()
        token = Token(subject, (role,), teams, audience=self.name)
        return await self._channels.enter_async_context(connect(self.target, identity=token))


@asynccontextmanager
async def running_service(
    name: str,
    database_url: str,
    *,
    clock: AdjustableClock | None = None,
    given: Mapping[str, Any] | None = None,
    roles: Roles | None = None,
    **settings: Any,
) -> AsyncIterator[RunningService]:
    """Runs `services.<name>` on a database that has its tables.

    `settings` are fields of its settings: `base_currency="EUR"`. The background tasks run too, so
    its events get their positions. `given` is passed on to the service's `assemble`; `roles` stand
    in for those of the suite.
    """
    main = import_module(f"services.{name}.main")
    configured = _settings(name, database_url, settings)
    clock = clock or AdjustableClock()
    async with AsyncExitStack() as stack:
        parts = await main.assemble(configured, clock=clock, **(given or {}))
        stack.push_async_callback(parts.store.close)
        server = GrpcServer(
            configured,
            domain=name,
            servicers=parts.servicers,
            token_verifier=Verifier(believed_keys(), name),
            roles=roles or load_roles(),
            metrics=Metrics(),
            checked=parts.store,
            caught_up=parts.caught_up,
        )
        port = await server.start("127.0.0.1:0", "GUANXI_LISTEN")
        stack.push_async_callback(server.stop, 0)
        for task in parts.tasks:
            stack.push_async_callback(_ended, asyncio.create_task(task()))
        channels = await stack.enter_async_context(AsyncExitStack())
        yield RunningService(name, f"127.0.0.1:{port}", parts.store, clock, configured, channels)


async def migrated_database(databases: Databases, name: str) -> str:
    """The URL of a fresh database with the tables of `services.<name>`."""

    async def prepare(url: str) -> None:
        await migrate(url, f"services.{name}")

    return await databases.prepared(name, prepare)


def _settings(name: str, database_url: str, settings: dict[str, Any]) -> ServiceSettings:
    module = import_module(f"services.{name}.settings")
    cls: type[ServiceSettings] = getattr(module, f"{name.capitalize()}Settings")
    given = {"database_url": database_url, "token_public_keys": believed_keys(), **settings}
    return cls.load({cls.variable(field): str(value) for field, value in given.items()})


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
