"""How far a reader says it is behind: positions, seconds, and what the feed has no more."""

from __future__ import annotations

from datetime import timedelta

from guanxi.events.v1.event_feed_pb2 import Event, PullResponse

from services.chassis.events.lag import FeedLag, Lag, PartitionLag
from services.chassis.metrics import Metrics
from services.chassis.timestamps import to_timestamp
from tests.support.notes import StoppedClock


def answer(clock: StoppedClock, *, head: int, ages: tuple[int, ...] = ()) -> PullResponse:
    """A feed that ends at `head`, with events that are so many seconds old."""
    events = [Event(event_time=to_timestamp(clock.now() - timedelta(seconds=age))) for age in ages]
    return PullResponse(head_position=head, events=events)


def partition(clock: StoppedClock, *, head: int, after: int, ages: tuple[int, ...]) -> PartitionLag:
    lag = PartitionLag(clock)
    lag.heard(answer(clock, head=head, ages=ages), after=after)
    return lag


def test_before_the_feed_answers_nothing_is_known() -> None:
    lag = PartitionLag(StoppedClock())
    assert not lag.known
    assert (lag.positions, lag.beyond_head, lag.seconds) == (0, 0, 0)
    lag.applied(5)
    assert not lag.known
    assert (lag.positions, lag.beyond_head) == (0, 0)


def test_it_lags_by_what_is_not_applied_and_by_the_age_of_the_oldest_of_that() -> None:
    clock = StoppedClock()
    lag = partition(clock, head=10, after=4, ages=(30, 5))
    assert lag.known
    assert (lag.positions, lag.seconds, lag.beyond_head) == (6, 30, 0)
    clock.advance(timedelta(seconds=12))
    assert lag.seconds == 42
    lag.applied(7)
    assert (lag.positions, lag.seconds) == (3, 42)


def test_it_lags_by_nothing_once_all_is_applied() -> None:
    lag = partition(StoppedClock(), head=10, after=4, ages=(30,))
    lag.applied(10)
    assert (lag.positions, lag.seconds, lag.beyond_head) == (0, 0, 0)


def test_positions_that_the_feed_has_no_more_are_counted_and_are_no_lag() -> None:
    lag = partition(StoppedClock(), head=3, after=9, ages=())
    assert (lag.positions, lag.beyond_head) == (0, 6)


def test_an_event_from_a_clock_that_is_ahead_is_no_negative_age() -> None:
    assert partition(StoppedClock(), head=1, after=0, ages=(-60,)).seconds == 0


def test_an_empty_answer_leaves_the_age_of_what_waits() -> None:
    clock = StoppedClock()
    lag = partition(clock, head=10, after=4, ages=(30,))
    lag.heard(answer(clock, head=12), after=4)
    assert (lag.positions, lag.seconds) == (8, 30)


def test_a_feed_is_as_late_as_its_latest_partition_and_unknown_until_all_are_known() -> None:
    clock = StoppedClock()
    feed = FeedLag("sales", 2, clock)
    assert feed.lag() is None
    feed.partitions[0].heard(answer(clock, head=10, ages=(5,)), after=0)
    assert feed.lag() is None
    feed.partitions[1].heard(answer(clock, head=10, ages=(90,)), after=8)
    assert feed.lag() == Lag(positions=10, seconds=90)


def test_each_partition_is_shown_as_it_is_now() -> None:
    clock, metrics = StoppedClock(), Metrics()
    feed = FeedLag("sales", 2, clock, metrics)
    feed.partitions[0].heard(answer(clock, head=10, ages=(5,)), after=3)
    feed.partitions[1].heard(answer(clock, head=10), after=12)

    def shown(name: str, number: int) -> float | None:
        labels = {"feed": "sales", "partition": str(number)}
        return metrics.registry.get_sample_value(f"guanxi_event_{name}", labels)

    assert [shown("lag_positions", number) for number in (0, 1)] == [7, 0]
    assert [shown("lag_seconds", number) for number in (0, 1)] == [5, 0]
    assert [shown("beyond_head_positions", number) for number in (0, 1)] == [0, 2]
    feed.partitions[0].applied(10)
    assert (shown("lag_positions", 0), shown("lag_seconds", 0)) == (0, 0)
