"""Fixtures every test may use: databases on both engines, and Redis. No domain noun here.

A server starts with the first test that asks for it, once per pytest process, and a server that
can't start fails the test.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from tests.support import engines
from tests.support.compiled_once import compile_once
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases, Template
from tests.support.fast_folder import use_fast_folder
from tests.support.memory import bounded_memory

use_fast_folder()
compile_once()

# A busy machine is slow for a moment; that says nothing about the code under test.
settings.register_profile("guanxi", deadline=None)
settings.load_profile("guanxi")


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: there are always tests that wait for something."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Thousands of tests are there from now on, and needn't be looked through for garbage again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _memory_is_bounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """A loop that gathers without end is the fault of the test that runs it."""
    with bounded_memory(request.node.nodeid):
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[engines.PostgresServer]:
    with engines.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[engines.RedisServer]:
    with engines.redis() as server:
        yield server


@pytest.fixture(scope="session")
def _sqlite_templates() -> dict[str, str]:
    return {}


@pytest.fixture(scope="session")
def _postgres_templates() -> dict[str, Template]:
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _sqlite_templates: dict[str, str],
    _postgres_templates: dict[str, Template],
) -> Iterator[Databases]:
    """As many databases as the test wants: `databases.new()`; the test runs once per engine."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("databases")
        yield SqliteDatabases(folder, _sqlite_templates)
        return
    server: engines.PostgresServer = request.getfixturevalue("postgres_server")
    made = PostgresDatabases(server, _postgres_templates)
    yield made
    made.drop_all()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """An empty database of its own; the test runs once on SQLite and once on PostgreSQL."""
    return databases.new()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty SQLite database, for what only SQLite does."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def postgres_url(postgres_server: engines.PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database, for what only PostgreSQL does."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def redis_url(redis_server: engines.RedisServer) -> str:
    """An empty Redis. A fixture that lives longer than one test takes `redis_server`."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(autouse=True)
def _logs_end_with_their_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process configures its logs once, a test run many times, each for a stream that closes."""
    configure = structlog.configure

    def configure_for_one_test(**settings: Any) -> None:
        configure(**{**settings, "cache_logger_on_first_use": False})

    # What is logged in a test that configures nothing has plain tracebacks too: to print what their
    # variables held, as structlog does by itself, takes seconds for a large one, or all memory.
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    configure(
        processors=[structlog.processors.add_log_level, plain], cache_logger_on_first_use=False
    )
    monkeypatch.setattr(structlog, "configure", configure_for_one_test)
    yield
    structlog.reset_defaults()
