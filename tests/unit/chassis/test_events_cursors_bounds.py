"""Cursors at their bounds: where new partitions begin, what a restart moves, when a log is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from services.chassis.errors import StartRefused
from services.chassis.events import Derivation
from services.chassis.events.cursors import Cursor, Cursors
from services.chassis.events.renewal import Renewal
from services.chassis.store import Store, WriteTransaction
from tests.support.notes import SYSTEM, StoppedClock, chassis, opened


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


def cursors(store: Store, partitions: int = 1, **of: str) -> Cursors:
    named = {"consumer": "c", "feed": "f", **of}
    return Cursors(store.tables, partition_count=partitions, **named)


async def prepared(store: Store, partitions: int = 1, **of: str) -> Cursors:
    made = cursors(store, partitions, **of)
    await store.write(made.prepare, caller=SYSTEM)
    return made


async def standing(store: Store, of: Cursors, partitions: int) -> list[int]:
    async with store.read(caller=SYSTEM) as tx:
        return [(await of.load(tx, each)).position for each in range(partitions)]


async def moved(store: Store, of: Cursors, partition: int, position: int, epoch: str) -> None:
    async def work(tx: WriteTransaction) -> Cursor:
        at = await of.load(tx, partition)
        return await of.move(tx, at, position=position, epoch=epoch)

    await store.write(work, caller=SYSTEM)


async def restarted(store: Store, of: Cursors, cursor: Cursor) -> None:
    async def work(tx: WriteTransaction) -> None:
        await of.restart(tx, cursor, epoch="new", reader="c")

    await store.write(work, caller=SYSTEM)


async def test_a_new_partition_begins_where_the_one_stands_that_its_events_were_in(
    store: Store,
) -> None:
    two = await prepared(store, 2)
    await moved(store, two, 0, 7, "e")
    await moved(store, two, 1, 9, "e")
    six = await prepared(store, 6)
    assert await standing(store, six, 6) == [7, 9, 7, 9, 7, 9]
    with pytest.raises(StartRefused, match="f is not read in 2 partitions any more"):
        await standing(store, two, 1)


@pytest.mark.parametrize("number", [1, 2, 6])
async def test_partitions_become_no_number_that_is_no_multiple(store: Store, number: int) -> None:
    await prepared(store, 4)
    with pytest.raises(StartRefused, match=f"c reads f in 4 partitions; .* not become {number}"):
        await prepared(store, number)


async def test_a_start_with_the_same_partitions_changes_nothing(store: Store) -> None:
    four = await prepared(store, 4)
    await moved(store, four, 3, 7, "e")
    assert await standing(store, await prepared(store, 4), 4) == [0, 0, 0, 7]


async def test_a_partition_that_was_never_prepared_is_not_read(store: Store) -> None:
    with pytest.raises(StartRefused, match="f is not read in 1 partitions any more"):
        await standing(store, cursors(store), 1)


async def test_a_restart_sends_all_partitions_of_this_reader_and_feed_back_and_no_others(
    store: Store,
) -> None:
    mine = await prepared(store, 2)
    others = [await prepared(store, feed="g"), await prepared(store, consumer="d")]
    for each in (mine, *others):
        await moved(store, each, 0, 7, "old")
    await restarted(store, mine, Cursor(0, 7, "old"))
    assert await standing(store, mine, 2) == [0, 0]
    assert [await standing(store, each, 1) for each in others] == [[7], [7]]
    async with store.read(caller=SYSTEM) as tx:
        assert [(await mine.load(tx, each)).epoch for each in (0, 1)] == ["new", "new"]


async def test_a_restart_sends_the_readers_other_versions_back_with_it(store: Store) -> None:
    """They fill the same tables, which begin anew once."""
    old, new, unbegun = [
        await prepared(store, consumer=Derivation(version, {"a"}).consumer("c"))
        for version in (1, 2, 3)
    ]
    for each in (old, new):
        await moved(store, each, 0, 7, "old")
    await restarted(store, new, Cursor(0, 7, "old"))
    async with store.read(caller=SYSTEM) as tx:
        found = [await each.load(tx, 0) for each in (old, new, unbegun)]
    assert found == [Cursor(0, 0, "new")] * 3


async def test_a_log_is_read_when_all_partitions_of_its_reader_are_through(store: Store) -> None:
    mine = await prepared(store, 2)

    async def read(through: int) -> bool:
        async with store.read(caller=SYSTEM) as tx:
            return await mine.have_read(tx, epoch="e", through=through)

    await moved(store, mine, 0, 7, "e")
    assert not await read(5)  # the other partition has not begun
    await moved(store, mine, 1, 5, "e")
    assert await read(5)
    assert not await read(6)
    await moved(store, await prepared(store, consumer="d"), 0, 4, "e")
    await moved(store, await prepared(store, feed="g"), 0, 1, "e")
    assert await read(5)


async def test_a_reader_finds_another_log_only_where_others_have_read_one_and_not_its_own(
    store: Store,
) -> None:
    mine, other = await prepared(store), await prepared(store, consumer="d")

    async def were_of_another(epoch: str) -> bool:
        async with store.read(caller=SYSTEM) as tx:
            return await mine.were_of_another(tx, epoch=epoch)

    await moved(store, await prepared(store, feed="g"), 0, 3, "old")
    assert not await were_of_another("e")
    await moved(store, other, 0, 3, "old")
    assert await were_of_another("e")
    assert not await were_of_another("old")


async def test_a_log_is_read_once_at_or_beyond_where_it_ended_when_it_was_first_heard_of(
    store: Store,
) -> None:
    mine = await prepared(store)
    told: list[datetime] = []

    async def on_log_read(tx: WriteTransaction) -> None:
        told.append(tx.now)

    renewal = Renewal(store, mine, SYSTEM, on_log_read)
    await moved(store, mine, 0, 9, "e")
    await renewal.applied(4, epoch="e", head=5)
    assert not told
    await renewal.applied(9, epoch="e", head=9)
    assert len(told) == 1
    await renewal.applied(9, epoch="e", head=9)
    assert len(told) == 1


@pytest.mark.parametrize(("days", "left"), [(90, 2), (91, 1)])
async def test_cursors_of_an_older_derivation_are_kept_for_90_days(
    database_url: str, days: int, left: int
) -> None:
    clock = StoppedClock()
    old, new = (Derivation(version, {"a"}).consumer("insight") for version in (1, 2))
    async with opened(database_url, clock=clock) as store:
        await prepared(store, consumer=old)
        clock.advance(timedelta(days=days))
        mine = await prepared(store, consumer=new)
        await store.write(lambda tx: mine.forget_unused(tx, "insight"), caller=SYSTEM)
        async with store.read(caller=SYSTEM) as tx:
            assert len(await tx.all(select(chassis.feed_cursors.c.consumer))) == left
