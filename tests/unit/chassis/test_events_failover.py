"""What background tasks do while their PostgreSQL fails over: they wait, say so, and lose nothing.

A server that only reads is one that sessions begin at after `default_transaction_read_only`;
sessions that were open before stay what they were, as they do when a server is demoted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.chassis.background import Background
from services.chassis.errors import DomainError, Kind
from services.chassis.events import EventLog, Sequencer
from services.chassis.process.health import Health
from services.chassis.store.purging import Purging
from tests.support.databases import PostgresDatabases
from tests.support.engines import PostgresServer, database_name
from tests.support.feeds import Reading, names, reading, write_events
from tests.support.notes import add_note, opened
from tests.support.running import eventually, running


@pytest.fixture
async def sales(postgres_server: PostgresServer) -> AsyncIterator[Reading]:
    databases = PostgresDatabases(postgres_server)
    async with reading(databases) as sales:
        yield sales
    databases.drop_all()


def end_connections(server: PostgresServer, url: str) -> None:
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{database_name(url)}'"
    )


@asynccontextmanager
async def only_reading(server: PostgresServer, url: str) -> AsyncIterator[None]:
    """The database is one that only reads, until the block ends."""
    setting = f"ALTER DATABASE {database_name(url)} SET default_transaction_read_only"
    await asyncio.to_thread(server.execute, f"{setting} = on")
    await asyncio.to_thread(end_connections, server, url)
    try:
        yield
    finally:
        await asyncio.to_thread(server.execute, f"{setting} = off")


async def test_a_puller_waits_while_its_store_only_reads_and_applies_every_event_once(
    sales: Reading, postgres_server: PostgresServer
) -> None:
    background = Background()
    health = Health((), sales.store, background)
    with background.watching():
        async with running(sales.puller().run, health.follow):
            await sales.write(*names(0, 10))
            await sales.until(lambda found: len(found) == 10)
            await eventually(lambda: health.ready)
            async with only_reading(postgres_server, sales.reader_url):
                await sales.write(*names(10, 20))
                await eventually(lambda: not health.ready)
                assert "the database only reads for now" in " ".join(health.complaints())
            texts = await sales.until(lambda found: len(found) >= 20)
            await eventually(lambda: health.ready)
            assert health.complaints() == []
    assert sorted(texts) == names(0, 20)


async def test_sequencer_and_purging_wait_while_their_store_only_reads(
    postgres_url: str, postgres_server: PostgresServer
) -> None:
    background = Background()
    async with opened(postgres_url) as store:
        log = await EventLog.open(store)
        await write_events(store, *"abc")
        async with only_reading(postgres_server, postgres_url):
            with pytest.raises(DomainError) as refused:
                await add_note(store, "notes/1")
            assert (refused.value.kind, refused.value.reason) == (
                Kind.UNAVAILABLE,
                "STORE_READ_ONLY",
            )
            with background.watching():
                tasks = [
                    asyncio.create_task(Sequencer(log).run()),
                    asyncio.create_task(Purging(store).run()),
                ]
            await eventually(lambda: len(background.complaints()) == 2)
            assert not background.fit
            await store.check()  # reads go on
        await eventually(lambda: log.head_position == 3)
        await eventually(lambda: background.fit)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_whatever_connections_end_every_event_is_sequenced_and_applied_once(
    sales: Reading, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.background._LONGEST_PAUSE_SECONDS", 0.2)
    async with running(sales.puller(max_events=5, wait_seconds=0.2).run):
        for number in range(10):
            await _written(sales, *names(10 * number, 10 * number + 10))
            for url in (sales.producer_url, sales.reader_url):
                await asyncio.to_thread(end_connections, postgres_server, url)
        texts = await sales.until(lambda found: len(found) >= 100)
    assert sorted(texts) == names(0, 100)


async def _written(sales: Reading, *texts: str) -> None:
    """Commits the events; a connection that ended may have to be told so first."""
    while True:
        try:
            return await sales.write(*texts)
        except DomainError as error:
            if error.kind is not Kind.UNAVAILABLE:
                raise
            await asyncio.sleep(0.05)
