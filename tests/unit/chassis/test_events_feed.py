"""The feed: waits for events of one partition, and always says how far the reader may go."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from guanxi.events.v1.event_feed_pb2 import PullRequest, PullResponse

from services.chassis.caller import acting_as
from services.chassis.events import EventFeed, EventLog, Sequencer
from services.chassis.store import Store
from tests.support.feeds import CallContext, write_events
from tests.support.notes import SYSTEM, StoppedClock, opened
from tests.support.running import eventually, running


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


@pytest.fixture
async def log(store: Store) -> AsyncIterator[EventLog]:
    log = await EventLog.open(store)
    async with running(Sequencer(log).run):
        yield log


async def pull(
    log: EventLog,
    *,
    after: int = 0,
    partition: int = 0,
    count: int = 1,
    wait: float = 0,
    deadline: float | None = None,
    max_events: int = 0,
    epoch: str = "",
) -> PullResponse:
    request = PullRequest(
        consumer="tests",
        partition=partition,
        partition_count=count,
        after=after,
        max_events=max_events,
        epoch=epoch,
        wait=Duration(nanos=int(wait * 1e9)) if wait < 1 else Duration(seconds=int(wait)),
    )
    context: Any = CallContext(deadline)
    with acting_as(SYSTEM):
        return await EventFeed(log).Pull(request, context)


async def test_an_empty_log_answers_at_once_when_nobody_waits(log: EventLog) -> None:
    answer = await pull(log)
    assert (list(answer.events), answer.through_position, answer.head_position) == ([], 0, 0)
    assert answer.epoch == log.epoch


async def test_events_come_in_order_with_where_the_log_ends(store: Store, log: EventLog) -> None:
    await write_events(store, "a", "b", "c")
    await eventually(lambda: log.head_position == 3)
    answer = await pull(log, after=1, max_events=1)
    assert [event.position for event in answer.events] == [2]
    assert (answer.through_position, answer.head_position) == (2, 3)
    assert answer.events[0].aggregate_id == "notes/b"
    assert answer.events[0].event_time == answer.head_time
    rest = await pull(log, after=2)
    assert [event.position for event in rest.events] == [3]
    assert rest.through_position == 3


async def test_an_event_says_when_it_happened_to_the_millisecond(database_url: str) -> None:
    clock = StoppedClock(datetime(2026, 3, 1, 12, 0, 1, 250_999, tzinfo=UTC))
    async with opened(database_url, clock=clock) as store:
        log = await EventLog.open(store)
        await write_events(store, "a")
        await log.sequence()
        answer = await pull(log)
    told = datetime(2026, 3, 1, 12, 0, 1, 250_000, tzinfo=UTC)
    assert [each.event_time.ToDatetime(UTC) for each in answer.events] == [told]
    assert answer.head_time.ToDatetime(UTC) == told


async def test_who_names_no_number_gets_500_events(store: Store, log: EventLog) -> None:
    await write_events(store, *map(str, range(501)))
    await eventually(lambda: log.head_position == 501)
    first, rest = await pull(log), await pull(log, after=500)
    assert (len(first.events), first.through_position) == (500, 500)
    assert [event.position for event in rest.events] == [501]


async def test_a_waiting_reader_gets_the_event_as_soon_as_it_is_committed(
    store: Store, log: EventLog
) -> None:
    waiting = asyncio.create_task(pull(log, wait=20))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    began = time.perf_counter()
    await write_events(store, "a")
    answer = await waiting
    assert [event.position for event in answer.events] == [1]
    assert time.perf_counter() - began < 5


async def test_a_wait_that_is_over_answers_without_events(log: EventLog) -> None:
    began = time.perf_counter()
    answer = await pull(log, wait=0.1)
    assert not answer.events
    assert 0.09 < time.perf_counter() - began < 5


async def test_a_wait_ends_before_the_callers_deadline(log: EventLog) -> None:
    began = time.perf_counter()
    assert not (await pull(log, wait=20, deadline=1.5)).events
    assert 1 < time.perf_counter() - began < 1.5


async def test_a_reader_of_another_partition_waits_on_and_may_then_pass_what_is_not_its_own(
    store: Store, log: EventLog
) -> None:
    pulls = [
        asyncio.create_task(pull(log, partition=number, count=4, wait=0.5)) for number in range(4)
    ]
    await asyncio.sleep(0.05)
    await write_events(store, "a")
    answers = await asyncio.gather(*pulls)
    assert sorted(len(answer.events) for answer in answers) == [0, 0, 0, 1]
    after_it = [await pull(log, partition=number, count=4) for number in range(4)]
    assert {answer.through_position for answer in after_it} == {1}


async def test_all_waiting_readers_of_a_partition_are_woken(store: Store, log: EventLog) -> None:
    pulls = [asyncio.create_task(pull(log, wait=10)) for _ in range(200)]
    await asyncio.sleep(0.1)
    await write_events(store, "a")
    async with asyncio.timeout(3):
        answers = await asyncio.gather(*pulls)
    assert all(len(answer.events) == 1 for answer in answers)


async def test_a_reader_ahead_of_the_log_waits_and_learns_where_it_ends(
    store: Store, log: EventLog
) -> None:
    await write_events(store, "a")
    await eventually(lambda: log.head_position == 1)
    began = time.perf_counter()
    answer = await pull(log, after=9, wait=0.2)
    assert time.perf_counter() - began > 0.19
    assert (answer.epoch, answer.head_position) == (log.epoch, 1)
    assert not answer.events


async def test_a_replica_that_is_behind_its_reader_looks_again_before_it_answers(
    store: Store,
) -> None:
    """It sees what others have sequenced a tenth of a second late; the reader may come earlier."""
    behind, ahead = await EventLog.open(store), await EventLog.open(store)
    await write_events(store, *"abc")
    await ahead.sequence()
    assert behind.head_position == 0
    answer = await pull(behind, after=2)
    assert [event.position for event in answer.events] == [3]
    assert answer.head_position == 3
    await write_events(store, "d")
    await ahead.sequence()
    waiting = asyncio.create_task(pull(behind, after=4, wait=0.1))
    assert (await waiting).head_position == 4


async def test_a_replica_that_missed_a_new_epoch_looks_again_before_it_answers(
    store: Store,
) -> None:
    late, renewed = await EventLog.open(store), await EventLog.open(store)
    epoch = await renewed.renew_epoch()
    assert late.epoch != epoch
    assert (await pull(late, epoch=epoch)).epoch == epoch


async def test_a_reader_of_an_old_epoch_is_told_at_once(store: Store, log: EventLog) -> None:
    async with asyncio.timeout(1):
        assert (await pull(log, epoch="another", wait=20)).epoch == log.epoch


async def test_a_new_epoch_reaches_waiting_readers(log: EventLog) -> None:
    waiting = asyncio.create_task(pull(log, wait=20))
    await asyncio.sleep(0.05)
    renewed = await log.renew_epoch()
    async with asyncio.timeout(1):
        assert (await waiting).epoch == renewed


async def test_events_sequenced_by_another_replica_wake_readers_here(postgres_url: str) -> None:
    async with opened(postgres_url) as here, opened(postgres_url, create=False) as there:
        mine, theirs = await EventLog.open(here), await EventLog.open(there)
        async with running(Sequencer(mine).run):
            waiting = asyncio.create_task(pull(mine, wait=20))
            await asyncio.sleep(0.05)
            await write_events(there, "a")
            await theirs.sequence()
            async with asyncio.timeout(2):
                assert [event.position for event in (await waiting).events] == [1]
