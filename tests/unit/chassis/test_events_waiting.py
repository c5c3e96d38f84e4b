"""What a reader has yet to apply: nothing is taken for applied that the feed has, or may have."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.chassis.events import EventFeed, EventLog
from services.chassis.events.waiting import Head, head_of, waiting_in
from services.chassis.store import Store
from tests.support.databases import Databases
from tests.support.feeds import DirectFeed, names, write_events
from tests.support.notes import opened

NOT_YET = [0, 0, 0, 0]


@pytest.fixture
async def producer(databases: Databases) -> AsyncIterator[Store]:
    """Whose events nobody gives positions, but who is asked for the head."""
    async with opened(databases.new()) as producer:
        yield producer


async def replica(producer: Store) -> DirectFeed:
    return DirectFeed(EventFeed(await EventLog.open(producer)))


async def applied(stub: DirectFeed, positions: list[int], head: Head) -> bool:
    return not await waiting_in(stub, positions, head, consumer="reader")


async def test_what_has_just_been_committed_waits(producer: Store) -> None:
    feed = await replica(producer)
    await write_events(producer, *names(0, 3))
    head = await head_of(feed)
    assert head.position == 3
    assert not await applied(feed, NOT_YET, head)


async def test_a_replica_that_knows_less_cannot_say_that_nothing_comes(producer: Store) -> None:
    one, other = await replica(producer), await replica(producer)
    await write_events(producer, *names(0, 3))
    head = await head_of(one)
    assert not await applied(other, NOT_YET, head)


async def test_a_replica_that_knows_another_log_cannot_say_that_nothing_comes(
    producer: Store,
) -> None:
    one, other = await replica(producer), await replica(producer)
    await write_events(producer, "a", note="notes/one")
    head = Head("of-another-log", 1)
    assert not await applied(other, NOT_YET, head)
    assert (await head_of(one)).epoch == (await EventLog.open(producer)).epoch


async def test_a_partition_without_an_event_up_to_the_head_is_applied(producer: Store) -> None:
    feed = await replica(producer)
    await write_events(producer, *names(0, 3), note="notes/one")
    head = await head_of(feed)
    waiting = await waiting_in(feed, NOT_YET, head, consumer="reader")
    assert [each.position for each in waiting] == [0]
    await write_events(producer, *names(3, 30))
    assert await applied(feed, [head.position] * 4, head)


async def test_it_says_since_when(producer: Store) -> None:
    feed = await replica(producer)
    await write_events(producer, "a")
    [waiting] = await waiting_in(feed, [0], await head_of(feed), consumer="reader")
    assert waiting.since.seconds > 0
