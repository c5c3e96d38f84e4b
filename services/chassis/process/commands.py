"""What `python -m services.<name>` can do: the commands of every service."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from services.chassis.access import Signer, Verifier, load_roles
from services.chassis.events.follows import Follows
from services.chassis.events.log import EventLog
from services.chassis.logging import configure_logging
from services.chassis.middleware.consistency import CatchingUp
from services.chassis.process import server
from services.chassis.process.grpc_server import Servicers
from services.chassis.settings import ServiceSettings
from services.chassis.store import Store
from services.chassis.store.migrate import check_revision, migrate

__all__ = ["Assembly", "Program"]

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
    """A service as a program. `signs`: it calls other services in its own name. `follows`: whose
    events it reads; what it has parked of them is replayed by command."""

    package: str
    settings: type[Settings]
    serve: Command
    assemble: Callable[[Settings], Awaitable[Assembly]]
    signs: bool = False
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

    async def migrate(self) -> None:
        """Brings the database to this version's newest revision. Raises StartRefused."""
        settings = self._load()
        revision = await migrate(settings.database_url, self.package)
        structlog.get_logger("migrate").info("migrated", revision=revision)

    async def check(self) -> None:
        """Ends without a word where `serve` would start. Raises SettingsError and StartRefused."""
        settings = self.settings.load()
        Verifier(settings.token_public_keys, settings.process)
        if self.signs:
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
