"""What a reader asks of a feed, under which name, and what it refuses to begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from guanxi.events.v1.event_feed_pb2 import Event, PullRequest, PullResponse
from sqlalchemy import select

from services.chassis.background import PeerFailed
from services.chassis.errors import DomainError, Kind
from services.chassis.events import Derivation, Puller
from services.chassis.events.derivation import is_derivation_of
from services.chassis.events.follows import Follows
from services.chassis.metrics import Metrics
from services.chassis.store import Store, WriteTransaction
from tests.support.feeds import KeepingReaction
from tests.support.notes import SYSTEM, NoteAdded, chassis, opened
from tests.support.running import eventually, running


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


@dataclass(slots=True)
class AskedFeed:
    """Answers with its events once, then with nothing; keeps what it was asked, and how long it
    was given."""

    answer: PullResponse = field(default_factory=lambda: PullResponse(epoch="e"))
    asked: list[PullRequest] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    error: Exception | None = None

    async def Pull(self, request: PullRequest, *, timeout: float) -> PullResponse:  # noqa: ASYNC109 - gRPC's own parameter
        self.asked.append(request)
        self.timeouts.append(timeout)
        if self.error is not None:
            raise self.error
        if len(self.asked) > 1:
            await asyncio.sleep(60)
        return self.answer

    async def GetHead(self, request: Any, *, timeout: float) -> Any:  # noqa: ASYNC109 - gRPC's own parameter
        raise NotImplementedError


class Follower(KeepingReaction):
    """A reaction that has nothing to empty."""

    async def log_renewed(self, tx: WriteTransaction) -> None: ...

    async def log_read(self, tx: WriteTransaction) -> None: ...


def puller(store: Store, feed: AskedFeed, **options: Any) -> Puller:
    reaction = KeepingReaction()
    chosen = {"partitions": 1, "reaction": reaction, "on_epoch_change": reaction.forget, **options}
    return Puller(store, "sales", feed, consumer="insight", **chosen)


async def test_a_reader_asks_for_500_events_and_waits_20_seconds_and_10_more_for_the_answer(
    store: Store,
) -> None:
    feed = AskedFeed()
    async with running(puller(store, feed).run):
        await eventually(lambda: len(feed.asked) == 2)
    assert feed.timeouts == [30, 30]
    asked = PullRequest(
        consumer="insight", partition_count=1, max_events=500, wait=Duration(seconds=20)
    )
    assert feed.asked[0] == asked
    assert feed.asked[1] == PullRequest(
        consumer="insight",
        partition_count=1,
        max_events=500,
        wait=Duration(seconds=20),
        epoch="e",
    )


async def test_what_is_read_is_counted_and_passed(store: Store) -> None:
    events = [
        Event(position=each, payload=NoteAdded(text="a").SerializeToString()) for each in (2, 4)
    ]
    answer = PullResponse(epoch="e", events=events, through_position=6, head_position=6)
    feed, metrics = AskedFeed(answer), Metrics()
    async with running(puller(store, feed, metrics=metrics).run):
        await eventually(lambda: len(feed.asked) == 2)
    assert feed.asked[1].after == 6
    applied = metrics.registry.get_sample_value("guanxi_events_applied_total", {"feed": "sales"})
    assert applied == 2


class Snapshots(KeepingReaction):
    """Does without a snapshot for events that begin at position 3; keeps who had one."""

    def __init__(self) -> None:
        super().__init__()
        self.had: dict[int, bool] = {}

    def needs_snapshot(self, events: Sequence[Event]) -> bool:
        return events[0].position != 3

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        self.had[events[0].position] = tx.snapshot


@pytest.mark.parametrize(("position", "has_one"), [(2, True), (3, False)])
async def test_events_are_applied_to_a_snapshot_unless_their_reaction_does_without(
    store: Store, position: int, has_one: bool
) -> None:
    """One that it expects hides what others commit meanwhile; one that it doesn't, an erasure."""
    events = [Event(position=position)]
    answer = PullResponse(epoch="e", events=events, through_position=3, head_position=3)
    feed, reaction = AskedFeed(answer), Snapshots()
    async with running(puller(store, feed, reaction=reaction).run):
        await eventually(lambda: len(feed.asked) == 2)
    assert reaction.had == {position: has_one}


async def test_a_feed_that_cannot_be_read_is_named(store: Store) -> None:
    feed = AskedFeed(error=DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "away"))
    reader = puller(store, feed)
    await reader._prepare()
    with pytest.raises(PeerFailed, match=r"the feed of sales can't be read: .*away"):
        await reader._step(0)


async def test_what_a_service_follows_it_reads_by_2000_and_under_its_derivation(
    store: Store,
) -> None:
    feed = AskedFeed()
    follows = Follows("insight", "sales", Follower(), Derivation(3, {"a"}))
    assert follows.tasks(store, None, 2) == []
    (run,) = follows.tasks(store, feed, 2)
    async with running(run):
        await eventually(lambda: {each.partition for each in feed.asked} >= {0, 1})
    assert {each.max_events for each in feed.asked} == {2_000}
    assert {(each.partition, each.partition_count) for each in feed.asked} == {(0, 2), (1, 2)}
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(chassis.feed_cursors.c.consumer).distinct())
    assert [row.consumer for row in rows] == [follows.derivation.consumer("insight")]
    await follows.caught_up(store, None).wait()


def test_a_derivation_keeps_its_name_whatever_the_order_of_its_types() -> None:
    """By another name it would read all again: `a` and `b` are what every version before gave."""
    assert Derivation(2, ["b", "a"]).consumer("insight") == "insight.2-7e18f737"
    assert Derivation(2, ["a", "b"]).consumer("insight") == "insight.2-7e18f737"
    assert Derivation(2, ["a", "b", "c"]).consumer("insight") != "insight.2-7e18f737"


@pytest.mark.parametrize(
    ("consumer", "is_one"),
    [
        ("insight.2-7e18f737", True),
        ("insight.12-7e18f737", True),
        ("insight", False),
        ("insight.2", False),
        ("insight.2-7e18f73", False),
        ("insight.2-7e18f7370", False),
        ("insightx2-7e18f737", False),
        ("my-insight.2-7e18f737", False),
        ("insight.2-7e18f73g", False),
    ],
)
def test_only_derivations_of_a_reader_pass_for_its_own(consumer: str, is_one: bool) -> None:
    assert is_derivation_of("insight", consumer) is is_one
