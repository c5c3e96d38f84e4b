"""What only PostgreSQL does: conflicts between real concurrent transactions, lost connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.engine import make_url

from services.chassis.errors import DomainError, Kind
from services.chassis.store import Store, WriteTransaction
from tests.support.notes import SYSTEM, add_note, note_names, notes, opened


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    async with opened(postgres_url, pool_size=3) as store:
        await add_note(store, "notes/1")
        yield store


async def number(store: Store) -> int:
    async with store.read(caller=SYSTEM) as tx:
        return int(await tx.scalar(select(notes.c.number)))


async def test_a_lost_update_is_noticed_and_the_work_run_again(store: Store) -> None:
    tries = 0

    async def add_after_another(tx: WriteTransaction) -> None:
        nonlocal tries
        tries += 1
        seen = await tx.scalar(select(notes.c.number))
        if tries == 1:
            ten = update(notes).values(number=10)
            await store.write(lambda other: other.run(ten), caller=SYSTEM)
        await tx.run(update(notes).values(number=seen + 1))

    await store.write(add_after_another, caller=SYSTEM)
    assert (tries, await number(store)) == (2, 11)


async def test_conflicts_without_end_are_reported_as_aborted(store: Store) -> None:
    tries = 0

    async def always_late(tx: WriteTransaction) -> None:
        nonlocal tries
        tries += 1
        await tx.scalar(select(notes.c.number))
        more = update(notes).values(number=notes.c.number + 1)
        await store.write(lambda other: other.run(more), caller=SYSTEM)
        await tx.run(update(notes).values(text="never"))

    with pytest.raises(DomainError) as refused:
        await store.write(always_late, caller=SYSTEM)
    assert (refused.value.kind, refused.value.reason) == (Kind.ABORTED, "WRITE_CONFLICT")
    assert tries == 20


async def test_a_deadlock_ends_with_both_changes_made(store: Store) -> None:
    await add_note(store, "notes/2")
    met = asyncio.Barrier(2)
    first_try = {"notes/1", "notes/2"}

    async def change(first: str, second: str) -> None:
        async def work(tx: WriteTransaction) -> None:
            more = update(notes).values(number=notes.c.number + 1)
            await tx.run(more.where(notes.c.name == first))
            if first in first_try:
                first_try.discard(first)
                await met.wait()
            await tx.run(more.where(notes.c.name == second))

        await store.write(work, caller=SYSTEM)

    await asyncio.gather(change("notes/1", "notes/2"), change("notes/2", "notes/1"))
    async with store.read(caller=SYSTEM) as tx:
        assert [row.number for row in await tx.all(select(notes.c.number))] == [2, 2]


async def test_a_lost_connection_fails_one_request_as_unavailable_and_is_replaced(
    store: Store,
) -> None:
    kill = select(func.pg_terminate_backend(func.pg_backend_pid()))

    async def cut(tx: WriteTransaction) -> None:
        await tx.scalar(kill)

    with pytest.raises(DomainError) as refused:
        await store.write(cut, caller=SYSTEM)
    assert (refused.value.kind, refused.value.reason) == (Kind.UNAVAILABLE, "STORE_UNAVAILABLE")
    await add_note(store, "notes/2")
    assert await note_names(store) == ["notes/1", "notes/2"]


async def test_a_database_that_restarted_is_used_again(store: Store, postgres_url: str) -> None:
    outside = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await outside.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await outside.close()
    outcomes = await asyncio.gather(*(store.check() for _ in range(8)), return_exceptions=True)
    assert all(each is None or isinstance(each, DomainError) for each in outcomes)
    assert await note_names(store) == ["notes/1"]
    await add_note(store, "notes/2")


async def test_a_database_that_is_away_is_unavailable() -> None:
    async with opened("postgresql+asyncpg://guanxi@127.0.0.1:1/none", create=False) as store:
        with pytest.raises(DomainError) as refused:
            await store.check()
    assert refused.value.kind is Kind.UNAVAILABLE


async def test_when_every_connection_is_busy_a_request_is_told_so(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.store.postgres.WAIT_FOR_CONNECTION_SECONDS", 0.1)
    async with opened(postgres_url, pool_size=1) as store:
        release = asyncio.Event()

        async def hold(tx: WriteTransaction) -> None:
            await tx.unscoped().scalar(text("SELECT 1"))
            await release.wait()

        holding = asyncio.create_task(store.write(hold, caller=SYSTEM))
        await asyncio.sleep(0.05)
        with pytest.raises(DomainError) as refused:
            await add_note(store, "notes/1")
        assert (refused.value.kind, refused.value.reason) == (Kind.UNAVAILABLE, "STORE_BUSY")
        release.set()
        await holding


async def test_a_transaction_without_snapshot_sees_what_others_have_committed(
    store: Store,
) -> None:
    for snapshot, expected in ((True, 0), (False, 5)):
        await store.write(lambda tx: tx.run(update(notes).values(number=0)), caller=SYSTEM)

        async def look_twice(tx: WriteTransaction) -> int:
            await tx.scalar(select(notes.c.number))
            five = update(notes).values(number=5)
            await store.write(lambda other: other.run(five), caller=SYSTEM)
            return int(await tx.scalar(select(notes.c.number)))

        assert await store.write(look_twice, caller=SYSTEM, snapshot=snapshot) == expected


async def read(store: Store, parameters: dict[str, object] | None) -> None:
    async with store.read(caller=SYSTEM) as tx:
        await tx.scalar(select(notes.c.number), parameters)


async def work_alone(store: Store) -> None:
    async with store.alone("work"):
        pass


async def set_number(tx: WriteTransaction) -> None:
    await tx.run(update(notes).values(number=1))


@pytest.mark.parametrize(
    ("close", "open_again"),
    [
        ("ALTER DATABASE {0} ALLOW_CONNECTIONS false", "ALTER DATABASE {0} ALLOW_CONNECTIONS true"),
        ("ALTER DATABASE {0} RENAME TO away_{0}", "ALTER DATABASE away_{0} RENAME TO {0}"),
    ],
)
async def test_a_database_that_takes_no_connections_is_unavailable_until_it_does(
    store: Store, postgres_url: str, close: str, open_again: str
) -> None:
    url = make_url(postgres_url)
    beside = await asyncpg.connect(
        host=url.host, port=url.port, user=url.username, database="postgres"
    )
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    try:
        await read(store, {})
        await beside.fetch(cut, url.database)
        await beside.execute(close.format(url.database))
        await beside.fetch(cut, url.database)
        uses: list[Callable[[], Awaitable[object]]] = [
            lambda: read(store, None),
            lambda: read(store, {}),
            lambda: work_alone(store),
            lambda: store.write(set_number, caller=SYSTEM),
        ]
        for use in uses:
            with pytest.raises(DomainError) as refused:
                await use()
            assert refused.value.reason == "STORE_UNAVAILABLE"
        await beside.execute(open_again.format(url.database))
        for use in uses:
            await use()
    finally:
        await beside.close()
