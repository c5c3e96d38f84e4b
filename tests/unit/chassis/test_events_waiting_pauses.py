"""What a service that waits until it has caught up asks of the feed, how often, for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from guanxi.events.v1.event_feed_pb2 import (
    Event,
    GetHeadRequest,
    GetHeadResponse,
    PullRequest,
    PullResponse,
)

from services.chassis import context
from services.chassis.errors import DomainError
from services.chassis.events import CaughtUp, caught_up
from services.chassis.events.cursors import Cursor, Cursors
from services.chassis.events.waiting import Head, Waiting, head_of, waiting_in
from services.chassis.store import Store, WriteTransaction
from tests.support.notes import SYSTEM, opened

HEAD = Head("e", 9)


@dataclass(slots=True)
class ToldFeed:
    """Answers what it is told to, and keeps what it was asked, and with which time-out."""

    answer: PullResponse = field(default_factory=PullResponse)
    asked: list[PullRequest] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    async def Pull(self, request: PullRequest, *, timeout: float) -> PullResponse:  # noqa: ASYNC109 - gRPC's own parameter
        self.asked.append(request)
        self.timeouts.append(timeout)
        return self.answer

    async def GetHead(self, request: GetHeadRequest, *, timeout: float) -> GetHeadResponse:  # noqa: ASYNC109 - gRPC's own parameter
        self.timeouts.append(timeout)
        return GetHeadResponse(epoch=HEAD.epoch, head_position=HEAD.position)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


def at(seconds: int) -> Timestamp:
    return Timestamp(seconds=seconds)


@pytest.mark.parametrize(
    ("answer", "waits_since"),
    [
        (PullResponse(epoch="e", through_position=8, head_time=at(7)), 7),
        (PullResponse(epoch="e", through_position=9, head_time=at(7)), None),
        (PullResponse(epoch="e", through_position=10, head_time=at(7)), None),
        (PullResponse(epoch="other", through_position=9, head_time=at(7)), 7),
        (PullResponse(epoch="e", events=[Event(position=9, event_time=at(3))]), 3),
        (PullResponse(epoch="e", events=[Event(position=10, event_time=at(3))]), None),
        (PullResponse(epoch="other", events=[Event(position=10, event_time=at(3))]), 3),
    ],
)
async def test_a_partition_waits_for_what_comes_up_to_the_head_and_for_nothing_behind_it(
    answer: PullResponse, waits_since: int | None
) -> None:
    waiting = await waiting_in(ToldFeed(answer), [4], HEAD, consumer="reader")
    assert waiting == ([] if waits_since is None else [Waiting(4, at(waits_since))])


async def test_only_partitions_that_are_not_at_the_head_are_asked_for_one_event_each() -> None:
    feed = ToldFeed()
    await waiting_in(feed, [9, 4, 12, 8], HEAD, consumer="reader")
    assert feed.asked == [
        PullRequest(
            consumer="reader",
            partition=number,
            partition_count=4,
            after=after,
            max_events=1,
            epoch="e",
        )
        for number, after in ((1, 4), (3, 8))
    ]


async def test_a_feed_has_two_seconds_to_answer_or_less_where_less_is_left() -> None:
    feed = ToldFeed()
    await head_of(feed)
    await head_of(feed, within_seconds=5)
    await head_of(feed, within_seconds=0.5)
    await waiting_in(feed, [0], HEAD, consumer="reader")
    await waiting_in(feed, [0], HEAD, consumer="reader", within_seconds=5)
    await waiting_in(feed, [0], HEAD, consumer="reader", within_seconds=0.5)
    assert feed.timeouts == [2, 2, 0.5] * 2


async def test_it_looks_again_after_5_milliseconds_then_twice_as_long_up_to_a_tenth_of_a_second(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that an answer comes at most a tenth of a second after all is applied."""
    feed, pauses = ToldFeed(), []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 7:
            feed.answer = PullResponse(epoch="e", through_position=9)
        await asyncio.sleep(0)

    replaced = SimpleNamespace(
        sleep=sleep, gather=asyncio.gather, get_running_loop=asyncio.get_running_loop
    )
    monkeypatch.setattr(caught_up, "asyncio", replaced)
    await CaughtUp(store, {"sales": feed}, lambda _: "insight").wait()
    assert pauses == pytest.approx([0.005, 0.01, 0.02, 0.04, 0.08, 0.1, 0.1])


async def test_it_gives_up_rather_than_pause_beyond_its_time_and_says_when_to_come_back(
    store: Store,
) -> None:
    token = context.deadline.set(time.monotonic() + 1)
    try:
        began = time.monotonic()
        with pytest.raises(DomainError, match="0 of 9 events of sales are applied") as late:
            await CaughtUp(store, {"sales": ToldFeed()}, lambda _: "insight").wait()
    finally:
        context.deadline.reset(token)
    assert time.monotonic() - began < 1
    assert late.value.retry_after_seconds == 1


@pytest.mark.parametrize("epoch", ["d", "f"])
async def test_what_was_applied_of_an_older_or_newer_log_counts_for_nothing(
    store: Store, epoch: str
) -> None:
    cursors = Cursors(store.tables, consumer="insight", feed="sales", partition_count=1)

    async def work(tx: WriteTransaction) -> None:
        await cursors.prepare(tx)
        await cursors.move(tx, Cursor(0, 0, ""), position=9, epoch=epoch)

    await store.write(work, caller=SYSTEM)
    token = context.deadline.set(time.monotonic() + 0.3)
    try:
        with pytest.raises(DomainError, match="0 of 9 events of sales are applied"):
            await CaughtUp(store, {"sales": ToldFeed()}, lambda _: "insight").wait()
    finally:
        context.deadline.reset(token)


async def test_whoever_follows_nothing_has_caught_up(store: Store) -> None:
    await CaughtUp(store, {}, lambda _: "insight").wait()
