"""The log at its bounds: windows, pages, batches, what wakes whom, and who made it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from services.chassis.events import EventLog, Sequencer
from services.chassis.store import Store
from tests.support.feeds import write_events
from tests.support.notes import opened
from tests.support.running import running

LOG = "services.chassis.events.log"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


@pytest.fixture
async def log(store: Store) -> EventLog:
    return await EventLog.open(store)


async def written(store: Store, log: EventLog, number: int, text: str = "") -> None:
    """So many more events, each of a note of its own, with positions."""
    await write_events(store, *(f"{text}{each:03}" for each in range(number)))
    await log.sequence()


async def pages(log: EventLog, *, partition: int, count: int, at_most: int) -> Sequence[int]:
    """The positions of a partition, read page by page to the head."""
    seen: list[int] = []
    through = 0
    while through < log.head_position:
        page = await log.stretch(
            partition=partition, partition_count=count, after=through, max_events=at_most
        )
        assert len(page.rows) <= at_most
        assert page.through_position > through
        seen += [row.position for row in page.rows]
        through = page.through_position
    assert through == log.head_position
    return seen


@pytest.mark.parametrize("window", [1, 7, 20])
@pytest.mark.parametrize("at_most", [1, 2, 100])
async def test_windows_and_pages_of_all_partitions_hold_every_event_once(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch, window: int, at_most: int
) -> None:
    monkeypatch.setattr(f"{LOG}._WINDOW", window)
    await written(store, log, 40)
    found = [await pages(log, partition=each, count=3, at_most=at_most) for each in range(3)]
    assert all(found)
    assert sorted(position for each in found for position in each) == list(range(1, 41))


async def test_a_page_ends_with_its_window_and_passes_windows_without_an_event(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{LOG}._WINDOW", 4)
    await write_events(store, "a", note="notes/mine")
    await write_events(store, *"bcdefghij", note="notes/other")
    await write_events(store, "k", note="notes/mine")
    await log.sequence()
    slots = {}
    for partition in range(1_024):
        page = await log.stretch(
            partition=partition, partition_count=1_024, after=0, max_events=100
        )
        if page.rows:
            slots[len(page.rows)] = (partition, page.through_position)
        else:
            assert page.through_position == 11
    mine, through = slots[1]
    assert through == 4
    page = await log.stretch(partition=mine, partition_count=1_024, after=4, max_events=100)
    assert ([row.position for row in page.rows], page.through_position) == ([11], 11)


async def test_beyond_the_head_there_is_nothing_and_it_leads_nowhere(
    store: Store, log: EventLog
) -> None:
    await written(store, log, 3)
    for after in (3, 8):
        page = await log.stretch(partition=0, partition_count=1, after=after, max_events=5)
        assert (page.rows, page.through_position) == ((), after)


async def test_a_page_holds_as_many_bytes_as_it_may_and_one_event_in_any_case(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(store, log, 4)
    page = await log.stretch(partition=0, partition_count=1, after=0, max_events=9)
    size = len(page.rows[0].payload)
    for most, fit in ((4 * size, 4), (4 * size - 1, 3), (2 * size, 2), (size, 1), (1, 1)):
        monkeypatch.setattr(f"{LOG}._STRETCH_BYTES", most)
        page = await log.stretch(partition=0, partition_count=1, after=0, max_events=9)
        assert [row.position for row in page.rows] == list(range(1, fit + 1))
        assert page.through_position == fit


async def test_replicas_that_open_a_new_log_at_once_have_one_epoch(store: Store) -> None:
    logs = await asyncio.gather(*(EventLog.open(store) for _ in range(4)))
    later = await EventLog.open(store)
    assert {log.epoch for log in logs} == {later.epoch}
    assert later.epoch != ""


async def test_a_renewed_log_goes_on_where_it_ended(store: Store, log: EventLog) -> None:
    await written(store, log, 3)
    before = log.head_time_ms
    await log.renew_epoch()
    again = await EventLog.open(store)
    assert (again.epoch, again.head_position) == (log.epoch, 3)
    assert again.head_time_ms == before > 0
    await written(store, log, 1)
    assert log.head_position == 4


async def test_a_replica_learns_how_far_another_has_moved_the_log(store: Store) -> None:
    one, other = await EventLog.open(store), await EventLog.open(store)
    await written(store, one, 3)
    assert (other.head_position, other.head_time_ms) == (0, 0)
    assert await other.sequence() == 0
    await other.refresh()
    assert (other.head_position, other.head_time_ms) == (3, one.head_time_ms)
    assert one.head_time_ms > 0


async def woken(log: EventLog, store: Store, note: str, partitions: int) -> list[int]:
    """The partitions whose waiting readers are told of an event of this note."""
    with (
        log.watch(0, partitions) as first,
        log.watch(1, partitions) as second,
        log.watch(2, partitions) as third,
    ):
        await write_events(store, "a", note=note)
        await log.sequence()
        told = [await watch.changed(0.01) for watch in (first, second, third)]
    return [number for number, each in enumerate(told) if each]


async def test_only_readers_of_the_events_own_partition_are_woken(
    store: Store, log: EventLog
) -> None:
    found = [await woken(log, store, f"notes/{number}", 3) for number in range(12)]
    assert all(len(each) == 1 for each in found)
    assert {each[0] for each in found} == {0, 1, 2}


async def test_a_reader_that_was_told_once_waits_for_the_next_event(
    store: Store, log: EventLog
) -> None:
    with log.watch(0, 1) as watch:
        await written(store, log, 1)
        assert await watch.changed(5)
        assert not await watch.changed(0.01)
        await written(store, log, 1, "more")
        assert await watch.changed(5)


async def test_who_waits_is_told_of_what_another_replica_did_and_of_nothing_else(
    store: Store, log: EventLog
) -> None:
    other = await EventLog.open(store)
    with log.watch(0, 1) as watch:
        await log.refresh()
        assert not await watch.changed(0.01)
        await written(store, other, 1)
        await log.refresh()
        assert await watch.changed(0.01)
        await other.renew_epoch()
        await log.refresh()
        assert await watch.changed(0.01)
        assert log.epoch == other.epoch
        await log.refresh()
        assert not await watch.changed(0.01)


async def test_who_went_away_is_told_nothing_more(store: Store, log: EventLog) -> None:
    with log.watch(0, 1) as watch:
        pass
    await written(store, log, 1)
    assert not await watch.changed(0.01)
    assert not log._watches


class Counted(EventLog):
    """A log that counts how often it was looked through."""

    looks = 0

    async def refresh(self) -> None:
        self.looks += 1
        await super().refresh()


async def test_a_sequencer_looks_ten_times_a_second_and_at_once_after_a_commit(
    store: Store,
) -> None:
    log = await Counted.open(store)
    async with running(Sequencer(log).run):
        log.looks, began = 0, time.monotonic()
        await asyncio.sleep(1)
        assert 2 <= log.looks <= 10 * (time.monotonic() - began) + 1
    async with running(Sequencer(log, poll_seconds=60).run):
        await asyncio.sleep(0.05)
        for number in range(1, 4):
            await write_events(store, "a")
            async with asyncio.timeout(5):
                while log.head_position < number:  # noqa: ASYNC110 - a position has no event
                    await asyncio.sleep(0.005)
