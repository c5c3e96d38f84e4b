"""Reading and writing, on both engines: all or nothing, seen after commit, nothing leaked."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from services.chassis.caller import acting_as
from services.chassis.errors import DomainError, Kind, not_found
from services.chassis.store import Store, WriteTransaction, upsert
from tests.support.notes import (
    SYSTEM,
    StoppedClock,
    add_note,
    chassis,
    count,
    emit,
    note_names,
    notes,
    opened,
)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


async def test_what_is_written_is_read(store: Store) -> None:
    await add_note(store, "notes/1", text="hello")
    async with store.read(caller=SYSTEM) as tx:
        row = await tx.first(select(notes).where(notes.c.name == "notes/1"))
        assert row is not None
        assert (row.name, row.text) == ("notes/1", "hello")
        assert await tx.first(select(notes).where(notes.c.name == "notes/2")) is None
        assert await tx.scalar(select(notes.c.text)) == "hello"
        assert len(await tx.all(select(notes))) == 1


async def test_work_returns_its_result(store: Store) -> None:
    async def work(tx: WriteTransaction) -> str:
        return tx.new_id()

    assert len(await store.write(work, caller=SYSTEM)) == 36


async def test_the_time_of_a_transaction_is_the_clocks(database_url: str) -> None:
    clock = StoppedClock()
    async with opened(database_url, clock=clock) as store, store.read(caller=SYSTEM) as tx:
        assert tx.now == clock.now()


async def test_a_transaction_sees_its_own_changes_and_others_see_them_after_commit(
    store: Store,
) -> None:
    async def work(tx: WriteTransaction) -> None:
        await tx.run(insert(notes).values(name="notes/1", owner="a"))
        assert await tx.scalar(select(notes.c.name)) == "notes/1"
        assert await note_names(store) == []

    await store.write(work, caller=SYSTEM)
    assert await note_names(store) == ["notes/1"]


async def test_an_error_leaves_neither_rows_nor_events(store: Store) -> None:
    async def work(tx: WriteTransaction) -> None:
        await tx.run(insert(notes).values(name="notes/1", owner="a"))
        emit(tx, "notes/1")
        raise not_found("notes/2")

    with pytest.raises(DomainError):
        await store.write(work, caller=SYSTEM)
    assert await note_names(store) == []
    assert await count(store, chassis.event_log) == 0
    assert not store.emitted.is_set()


async def test_a_commit_with_events_wakes_the_sequencer(store: Store) -> None:
    async def work(tx: WriteTransaction) -> None:
        emit(tx, "notes/1")

    await store.write(work, caller=SYSTEM)
    assert store.emitted.is_set()


async def test_many_rows_go_in_at_once(store: Store) -> None:
    rows = [{"name": f"notes/{n:05}", "owner": "a", "number": n} for n in range(10_000)]

    async def work(tx: WriteTransaction) -> None:
        await tx.run_many(insert(notes), rows)
        await tx.run_many(insert(notes), [])

    await store.write(work, caller=SYSTEM)
    assert await count(store, notes) == 10_000


async def test_changes_say_how_many_rows_they_met(store: Store) -> None:
    await add_note(store, "notes/1")
    await add_note(store, "notes/2")

    async def work(tx: WriteTransaction) -> tuple[int, int]:
        change = update(notes).values(text="new")
        return await tx.run(change), await tx.run(change.where(notes.c.name == "notes/3"))

    assert await store.write(work, caller=SYSTEM) == (2, 0)


async def test_an_upsert_updates_what_is_there_or_leaves_it_alone(store: Store) -> None:
    async def work(tx: WriteTransaction) -> tuple[int, int, int]:
        first = upsert(tx.dialect, notes, key=("name",), update=("text",))
        leave = upsert(tx.dialect, notes, key=("name",), update=())
        row = {"name": "notes/1", "owner": "a", "team": "t"}
        return (
            await tx.run(first.values(**row, text="first")),
            await tx.run(first.values(**row, text="second")),
            await tx.run(leave.values(**row, text="third")),
        )

    assert await store.write(work, caller=SYSTEM) == (1, 1, 0)
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(select(notes.c.text)) == "second"


async def test_two_creates_of_one_name_at_once_leave_one_and_tell_the_other(store: Store) -> None:
    async def create(tx: WriteTransaction) -> None:
        if await tx.first(select(notes).where(notes.c.name == "notes/1")) is not None:
            raise DomainError(Kind.ALREADY_EXISTS, "ALREADY_EXISTS", "there already")
        await asyncio.sleep(0.05)
        await tx.run(insert(notes).values(name="notes/1", owner="a"))

    outcomes = await asyncio.gather(
        *(store.write(create, caller=SYSTEM) for _ in range(3)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert all(isinstance(each, DomainError) for each in refused), outcomes
    assert await note_names(store) == ["notes/1"]


async def test_a_duplicate_that_nobody_looked_for_is_an_integrity_error(store: Store) -> None:
    await add_note(store, "notes/1")
    with pytest.raises(IntegrityError):
        await add_note(store, "notes/1")


async def test_concurrent_increments_are_all_counted(store: Store) -> None:
    await add_note(store, "notes/1")

    async def increment(tx: WriteTransaction) -> None:
        number = await tx.scalar(select(notes.c.number))
        await tx.run(update(notes).values(number=number + 1))

    await asyncio.gather(*(store.write(increment, caller=SYSTEM) for _ in range(4)))
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(select(notes.c.number)) == 4


async def test_a_cancelled_request_leaves_nothing_and_no_connection_behind(
    database_url: str,
) -> None:
    async with opened(database_url, pool_size=2) as store:
        await add_note(store, "notes/1")

        async def slow(tx: WriteTransaction) -> None:
            await tx.run(update(notes).values(text="never"))
            emit(tx, "notes/1")
            await asyncio.sleep(60)

        async def busy() -> None:
            async with store.read(caller=SYSTEM) as tx:
                while True:
                    await tx.all(select(notes))
                    await asyncio.sleep(0)

        for pause in (0.0, 0.001, 0.003, 0.01, 0.03) * 4:
            tasks = [asyncio.create_task(store.write(slow, caller=SYSTEM)) for _ in range(3)]
            tasks += [asyncio.create_task(busy()) for _ in range(3)]
            await asyncio.sleep(pause)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=10)
            assert all(task.cancelled() for task in tasks)
        use = store.use()
        assert (use.readers_busy, use.writers_busy, use.writers_waiting) == (0, 0, 0)
        await add_note(store, "notes/2")
        async with store.read(caller=SYSTEM) as tx:
            assert await tx.scalar(select(notes.c.text).where(notes.c.name == "notes/1")) == ""
        assert await count(store, chassis.event_log) == 0


async def test_the_caller_of_the_request_is_the_caller_of_its_transactions(store: Store) -> None:
    with acting_as(SYSTEM):
        async with store.read() as tx:
            assert tx.caller == SYSTEM
    with pytest.raises(LookupError, match="no caller here"):
        async with store.read():
            pass


async def test_textual_sql_is_refused_unless_said_to_be_unscoped(store: Store) -> None:
    async with store.read(caller=SYSTEM) as tx:
        with pytest.raises(TypeError, match="unscoped"):
            await tx.all(text("SELECT 1"))
        assert await tx.unscoped().scalar(text("SELECT 1")) == 1


async def test_a_store_that_works_passes_its_check(store: Store) -> None:
    await store.check()
