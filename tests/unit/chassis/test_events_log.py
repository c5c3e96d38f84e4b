"""The event log on both engines: positions after commit, dense, in order, whoever writes."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import insert, select, update

from services.chassis.events import EventLog, Sequencer
from services.chassis.store import AnyRow, Store, WriteTransaction
from tests.support.notes import SYSTEM, NoteAdded, add_note, chassis, count, emit, notes, opened
from tests.support.running import eventually, running

log_table = chassis.event_log


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url, pool_size=12) as store:
        yield store


@pytest.fixture
async def log(store: Store) -> EventLog:
    return await EventLog.open(store)


async def write_event(store: Store, name: str, text: str = "") -> None:
    async def work(tx: WriteTransaction) -> None:
        emit(tx, name, text)

    await store.write(work, caller=SYSTEM)


async def read_from(log: EventLog, after: int = 0) -> Sequence[AnyRow]:
    stretch = await log.stretch(partition=0, partition_count=1, after=after, max_events=5_000)
    return stretch.rows


async def test_an_event_has_no_position_until_it_is_sequenced(store: Store, log: EventLog) -> None:
    await write_event(store, "notes/1", "hello")
    async with store.read(caller=SYSTEM) as tx:
        row = await tx.first(select(log_table))
    assert row is not None
    assert row.position is None
    assert await log.sequence() == 1
    (event,) = await read_from(log)
    assert (event.position, log.head_position) == (1, 1)
    assert (event.aggregatetype, event.aggregateid) == ("note", "notes/1")
    assert event.type == "tests.NoteAdded"
    assert NoteAdded.FromString(event.payload).text == "hello"
    assert event.request_id == SYSTEM.request_id


async def test_positions_are_dense_and_in_the_order_of_writing(store: Store, log: EventLog) -> None:
    for number in range(20):
        await write_event(store, f"notes/{number}")
        if number % 7 == 0:
            await log.sequence()
    await log.sequence()
    rows = await read_from(log)
    assert [row.position for row in rows] == list(range(1, 21))
    assert [row.aggregateid for row in rows] == [f"notes/{number}" for number in range(20)]


async def test_more_events_than_a_batch_are_sequenced_in_order(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.events.log._BATCH", 7)

    async def many(tx: WriteTransaction) -> None:
        for number in range(50):
            emit(tx, f"notes/{number}")

    await store.write(many, caller=SYSTEM)
    assert await log.sequence() == 50
    rows = await read_from(log)
    assert [row.aggregateid for row in rows] == [f"notes/{number}" for number in range(50)]


async def test_what_a_killed_process_left_behind_is_sequenced_by_the_next(
    database_url: str,
) -> None:
    async with opened(database_url) as store:
        await write_event(store, "notes/1")
        await write_event(store, "notes/2")
    async with opened(database_url, create=False) as store:
        log = await EventLog.open(store)
        async with running(Sequencer(log).run):
            await eventually(lambda: log.head_position == 2)
        assert [row.aggregateid for row in await read_from(log)] == ["notes/1", "notes/2"]


async def test_the_epoch_stays_until_it_is_renewed(database_url: str) -> None:
    async with opened(database_url) as store:
        first = (await EventLog.open(store)).epoch
    async with opened(database_url, create=False) as store:
        log = await EventLog.open(store)
        assert log.epoch == first
        renewed = await log.renew_epoch()
        assert renewed != first
        assert (await EventLog.open(store)).epoch == renewed


async def test_partitions_share_the_log_without_gap_or_overlap(store: Store, log: EventLog) -> None:
    for number in range(60):
        await write_event(store, f"notes/{number}")
    await log.sequence()
    seen: list[int] = []
    for partition in range(8):
        stretch = await log.stretch(partition=partition, partition_count=8, after=0, max_events=100)
        assert stretch.through_position == 60
        seen += [row.position for row in stretch.rows]
    assert sorted(seen) == list(range(1, 61))


async def test_a_full_page_ends_at_its_last_event(store: Store, log: EventLog) -> None:
    for number in range(10):
        await write_event(store, f"notes/{number}")
    await log.sequence()
    stretch = await log.stretch(partition=0, partition_count=1, after=2, max_events=3)
    assert [row.position for row in stretch.rows] == [3, 4, 5]
    assert stretch.through_position == 5


async def test_a_page_of_large_events_is_cut_to_fit_a_message(store: Store, log: EventLog) -> None:
    for number in range(5):
        await write_event(store, f"notes/{number}", "x" * 900_000)
    await log.sequence()
    stretch = await log.stretch(partition=0, partition_count=1, after=0, max_events=100)
    assert [row.position for row in stretch.rows] == [1, 2]
    assert stretch.through_position == 2


async def test_the_position_of_a_slow_transactions_event_comes_after_those_that_overtook_it(
    postgres_url: str,
) -> None:
    """A reader that pages by the ids of rows loses the slow one; by position it can't."""
    async with opened(postgres_url) as store:
        log = await EventLog.open(store)
        inserted, release = asyncio.Event(), asyncio.Event()

        async def slow(tx: WriteTransaction) -> None:
            row = {
                "aggregatetype": "note",
                "type": "t",
                "payload": b"",
                "slot": 0,
                "time_ms": 0,
                "partition_key": "",
                "actor": "{}",
            }
            values = {**row, "id": "slow", "aggregateid": "notes/slow", "request_id": ""}
            await tx.run(insert(log_table).values(values))
            inserted.set()
            await release.wait()

        running_slow = asyncio.create_task(store.write(slow, caller=SYSTEM))
        await inserted.wait()
        await write_event(store, "notes/fast")
        await log.sequence()

        async def naive(after: int) -> Sequence[AnyRow]:
            async with store.read(caller=SYSTEM) as tx:
                by_id = select(log_table).where(log_table.c.sequence > after)
                return await tx.all(by_id.order_by(log_table.c.sequence))

        naive_first, first = await naive(0), await read_from(log)
        release.set()
        await running_slow
        await log.sequence()
        naive_second = await naive(naive_first[-1].sequence)
        second = await read_from(log, after=first[-1].position)

        assert [row.aggregateid for row in [*naive_first, *naive_second]] == ["notes/fast"]
        assert [row.aggregateid for row in [*first, *second]] == ["notes/fast", "notes/slow"]
        assert [row.position for row in [*first, *second]] == [1, 2]


async def test_many_writers_and_two_sequencers_lose_nothing_and_keep_every_aggregates_order(
    store: Store,
) -> None:
    """Writers read and change one of five notes and emit what they made of it, at random paces."""
    for number in range(5):
        await add_note(store, f"notes/{number}")
    chance = random.Random(7)
    changes_each, writers = 12, 10
    logs = [await EventLog.open(store) for _ in range(2)]
    read: list[AnyRow] = []

    async def write() -> None:
        for _ in range(changes_each):
            name = f"notes/{chance.randrange(5)}"
            pause = chance.random() * 0.004

            async def change(tx: WriteTransaction, name: str = name, pause: float = pause) -> None:
                mine = notes.c.name == name
                await tx.run(update(notes).where(mine).values(number=notes.c.number + 1))
                emit(tx, name, str(await tx.scalar(select(notes.c.number).where(mine))))
                await asyncio.sleep(pause)

            await store.write(change, caller=SYSTEM)

    async def follow() -> None:
        while len(read) < changes_each * writers:
            read.extend(await read_from(logs[0], after=read[-1].position if read else 0))
            await asyncio.sleep(0.002)

    async with (
        running(*(Sequencer(log, poll_seconds=0.003).run for log in logs)),
        asyncio.timeout(60),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(follow())
        for _ in range(writers):
            tasks.create_task(write())

    assert [row.position for row in read] == list(range(1, changes_each * writers + 1))
    assert await count(store, log_table) == len(read)
    for name in {row.aggregateid for row in read}:
        numbers = [int(NoteAdded.FromString(r.payload).text) for r in read if r.aggregateid == name]
        assert numbers == list(range(1, len(numbers) + 1)), name
