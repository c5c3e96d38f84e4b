"""What one process does for all of them: who is alone at some work, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.chassis.errors import DomainError, Kind
from services.chassis.store import Store, postgres
from tests.support.notes import opened

WORK = "sweeping"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url, create=False) as store:
        yield store


async def is_free(store: Store, work: str = WORK) -> bool:
    async with store.alone(work) as alone:
        return alone


async def at_work(store: Store, begun: asyncio.Event) -> None:
    async with store.alone(WORK):
        begun.set()
        await asyncio.Event().wait()


async def test_whoever_comes_second_is_told_so_at_once_and_may_come_again(store: Store) -> None:
    async with store.alone(WORK) as first:
        assert first
        assert not await is_free(store)
        assert not await is_free(store)
        assert await is_free(store, "mowing")
    assert await is_free(store)


async def test_work_that_fails_or_is_cancelled_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ValueError, match="broken"):
        async with store.alone(WORK):
            raise ValueError("broken")
    begun = asyncio.Event()
    task = asyncio.create_task(at_work(store, begun))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    assert await is_free(store)


async def test_another_process_is_kept_off_until_the_first_one_ends(postgres_url: str) -> None:
    async with opened(postgres_url, create=False) as other:
        async with opened(postgres_url, create=False) as store, store.alone(WORK) as first:
            assert first
            assert not await is_free(other)
        assert await is_free(other)


async def test_a_process_that_is_killed_keeps_nobody_off(postgres_url: str) -> None:
    """PostgreSQL notices that its connection is gone."""
    server = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    async with opened(postgres_url, create=False) as store, store.alone(WORK):
        assert not await is_free(store)
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        async with asyncio.timeout(5):
            while not await is_free(store):  # noqa: ASYNC110 - it has no event of its own
                await asyncio.sleep(0.01)
    await server.close()


async def test_a_process_that_is_frozen_keeps_nobody_off(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing any more, and its connection is as it was."""
    monkeypatch.setattr(postgres, "_TELLS_EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(postgres, "_SILENT_FOR", "500ms")
    async with opened(postgres_url, create=False) as store, store.alone(WORK):
        assert not await is_free(store)
        async with asyncio.timeout(5):
            while not await is_free(store):  # noqa: ASYNC110 - it has no event of its own
                await asyncio.sleep(0.05)


async def test_whoever_is_long_at_work_keeps_the_others_off(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_TELLS_EVERY_SECONDS", 0.1)
    monkeypatch.setattr(postgres, "_SILENT_FOR", "500ms")
    async with opened(postgres_url, create=False) as store:
        async with store.alone(WORK):
            await asyncio.sleep(1.5)
            assert not await is_free(store)
        assert await is_free(store)


async def test_it_holds_no_connection_that_others_need(postgres_url: str) -> None:
    async with (
        opened(postgres_url, pool_size=1) as store,
        store.alone(WORK),
        store.alone("mowing"),
    ):
        await store.check()
        assert store.use().writers_busy == 0


async def test_without_a_database_it_is_unavailable() -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    async with opened(url, create=False) as store:
        with pytest.raises(DomainError) as refused:
            await is_free(store)
    assert refused.value.kind is Kind.UNAVAILABLE
