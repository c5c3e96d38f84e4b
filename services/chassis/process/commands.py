"""What `python -m services.<name>` can do: the commands of every service."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from services.chassis.access import Signer, Verifier, load_roles
from services.chassis.client import Channel, connect
from services.chassis.events.follows import Follows
from services.chassis.events.log import EventLog
from services.chassis.identity import ServiceToken
from services.chassis.logging import configure_logging
from services.chassis.metrics import Metrics
from services.chassis.middleware.consistency import CatchingUp
from services.chassis.process import server
from services.chassis.process.grpc_server import Servicers
from services.chassis.settings import ServiceSettings
from services.chassis.store import Store
from services.chassis.store.migrate import check_revision, migrate

__all__ = ["Assembly", "Channels", "Program"]

# To the services that a service calls, by their names.
Channels = Mapping[str, Channel]
Command = Callable[[], Coroutine[Any, Any, None]]
Settings = TypeVar("Settings", bound=ServiceSettings)


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a server is built from; whoever has it closes the store."""

    store: Store
    servicers: Servicers
    tasks: Sequence[server.Task]
    caught_up: CatchingUp | None = None


@dataclass(frozen=True)
class Program(Generic[Settings]):
    """A service as a program.

    `targets` are the services it calls in its own name, and where they are; `connected` is what it
    serves with channels to them, `assemble` what its other commands need. `follows`: whose events
    it reads; what it has parked of them is replayed by command.
    """

    package: str
    settings: type[Settings]
    targets: Callable[[Settings], Mapping[str, str]]
    connected: Callable[[Settings, Channels, Metrics], Awaitable[Assembly]]
    assemble: Callable[[Settings], Awaitable[Assembly]]
    follows: Follows | None = None

    @property
    def commands(self) -> Mapping[str, Command]:
        """What it can do, by name."""
        commands: dict[str, Command] = {
            "serve": self.serve,
            "migrate": self.migrate,
            "check": self.check,
            "renew-epoch": self.renew_epoch,
        }
        if self.follows is not None:
            commands["replay"] = self.replay
        return commands

    def run(self, arguments: Sequence[str]) -> int:
        """Runs one command, `serve` if none is given; returns the exit code."""
        command = self.commands.get(" ".join(arguments) or "serve")
        if command is None:
            sys.stderr.write(f"usage: python -m {self.package} [{'|'.join(self.commands)}]\n")
            return 2
        return server.run(command)

    async def serve(self) -> None:
        """Serves until it is told to stop. Raises SettingsError and StartRefused."""
        settings = self._load()
        domain = settings.process
        verifier = Verifier(settings.token_public_keys, domain)
        signer = Signer(settings.token_private_key)
        await check_revision(settings.database_url, self.package)
        async with AsyncExitStack() as opened:
            channels: dict[str, Channel] = {}
            for name, target in self.targets(settings).items():
                token = ServiceToken(signer, domain, audience=name)
                channels[name] = await opened.enter_async_context(connect(target, identity=token))
            metrics = Metrics()
            parts = await self.connected(settings, channels, metrics)
            await server.serve(
                settings,
                domain=domain,
                servicers=parts.servicers,
                token_verifier=verifier,
                roles=load_roles(),
                store=parts.store,
                tasks=parts.tasks,
                metrics=metrics,
                caught_up=parts.caught_up,
            )

    async def migrate(self) -> None:
        """Brings the database to this version's newest revision. Raises StartRefused."""
        settings = self._load()
        revision = await migrate(settings.database_url, self.package)
        structlog.get_logger("migrate").info("migrated", revision=revision)

    async def check(self) -> None:
        """Ends without a word where `serve` would start. Raises SettingsError and StartRefused."""
        settings = self.settings.load()
        Verifier(settings.token_public_keys, settings.process)
        Signer(settings.token_private_key)
        load_roles()
        await check_revision(settings.database_url, self.package)

    async def renew_epoch(self) -> None:
        """Tells every reader of the events to start over; for after a restore, before serving.

        Raises SettingsError and StartRefused.
        """
        async with self.opened_store() as store:
            await (await EventLog.open(store)).renew_epoch()

    async def replay(self) -> None:
        """Applies the parked events again, oldest first; what still fails stays parked.

        Raises SettingsError and StartRefused.
        """
        if self.follows is not None:
            async with self.opened_store() as store:
                await self.follows.replay(store)

    @asynccontextmanager
    async def opened_store(self) -> AsyncIterator[Store]:
        """The store of a service that doesn't serve, for a command of its own."""
        settings = self._load()
        await check_revision(settings.database_url, self.package)
        parts = await self.assemble(settings)
        try:
            yield parts.store
        finally:
            await parts.store.close()

    def _load(self) -> Settings:
        settings = self.settings.load()
        configure_logging(settings.log_level, settings.log_format, process=settings.process)
        return settings
