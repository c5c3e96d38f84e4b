"""Runs the four processes under supervisord: it restarts what dies and says so."""

from __future__ import annotations

import asyncio
import getpass
import http.client
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.problems import CannotStart
from deploy.local.processes import python

T = TypeVar("T")

_READY_SECONDS = 60.0
_STOP_SECONDS = 9

_HEADER = """\
[supervisord]
nodaemon=true
user={user}
identifier=guanxi
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/supervisord.pid
childlogdir={folder}

[group:guanxi]
programs={programs}
"""

_PROGRAM = """
[program:{name}]
command={python} -m {module} serve
autorestart=true
startsecs=1
startretries=30
stopsignal=TERM
stopwaitsecs={stop_seconds}
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
redirect_stderr=true
"""

MODULES = {
    "customer": "services.customer",
    "sales": "services.sales",
    "insight": "services.insight",
    "gateway": "gateway",
}


async def migrate(environment: Mapping[str, str]) -> None:
    """Brings the three stores to the revision of this code, side by side.

    Raises:
        CannotStart: names those that could not be.
    """
    services = [module for name, module in MODULES.items() if name != "gateway"]
    async with AsyncExitStack() as running:
        processes = [
            await running.enter_async_context(
                python("-m", module, "migrate", environment=environment)
            )
            for module in services
        ]
        codes = [await process.wait() for process in processes]
    failed = [module for module, code in zip(services, codes, strict=True) if code]
    if failed:
        raise CannotStart(f"{', '.join(failed)} could not be migrated; the lines above say why.")


@asynccontextmanager
async def supervised(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """Supervisord with the four processes, all of which have ended when the block has."""
    configuration = folder / "supervisord.conf"
    configuration.write_text(_configuration(folder), "utf-8")
    arguments = ("-m", "supervisor.supervisord", "-c", str(configuration))
    async with python(*arguments, environment=environment) as supervisord:
        yield supervisord


async def unless_ended(supervisord: Process, work: Coroutine[Any, Any, T]) -> T:
    """The result of work that makes no sense without the processes.

    Raises:
        CannotStart: the supervisor ended before the work did.
    """
    ending, working = asyncio.create_task(supervisord.wait()), asyncio.create_task(work)
    try:
        await asyncio.wait((ending, working), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise CannotStart("The supervisor ended; the lines above say why.")
    finally:
        for task in (ending, working):
            task.cancel()
        await asyncio.wait((ending, working))


async def wait_until_ready(addresses: Mapping[str, str]) -> None:
    """Returns when every process says it is ready.

    Raises:
        CannotStart: names those that are not after a minute.
    """
    give_up_at = time.monotonic() + _READY_SECONDS
    waiting = dict(addresses)
    while waiting:
        if time.monotonic() > give_up_at:
            names = ", ".join(waiting)
            raise CannotStart(f"Not ready after a minute: {names}; the lines above say why.")
        waiting = {
            name: address
            for name, address in waiting.items()
            if not await asyncio.to_thread(_ready, address)
        }
        await asyncio.sleep(0.1)


def _ready(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _configuration(folder: Path) -> str:
    header = _HEADER.format(
        user=getpass.getuser(), folder=folder.absolute(), programs=",".join(MODULES)
    )
    programs = (
        _PROGRAM.format(name=name, module=module, python=sys.executable, stop_seconds=_STOP_SECONDS)
        for name, module in MODULES.items()
    )
    # supervisord expands %: a folder or interpreter may have one in its name
    return header.replace("%", "%%") + "".join(programs).replace("%", "%%")
