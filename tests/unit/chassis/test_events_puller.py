"""The puller: every event applied once, whatever fails, is killed or runs beside it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from guanxi.events.v1.event_feed_pb2 import (
    Event,
    GetHeadRequest,
    GetHeadResponse,
    PullRequest,
    PullResponse,
)
from sqlalchemy import select, update

from services.chassis.background import Background
from services.chassis.errors import DomainError, Kind, StartRefused
from services.chassis.events import Derivation, Lag, Puller
from services.chassis.metrics import Metrics
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import KeepingReaction, Reading, applied_texts, names, reading
from tests.support.notes import SYSTEM, chassis, count, opened
from tests.support.running import eventually, running


@pytest.fixture
async def sales(databases: Databases) -> AsyncIterator[Reading]:
    async with reading(databases) as sales:
        yield sales


async def test_every_event_is_applied_once_and_each_notes_in_order(sales: Reading) -> None:
    await sales.write(*names(0, 50))
    async with running(sales.puller(max_events=7).run):
        for text in names(50, 80):
            await sales.write(text, note="notes/same")
        texts = await sales.until(lambda found: len(found) >= 80)
    assert sorted(texts) == names(0, 80)
    assert [text for text in texts if text >= "050"] == names(50, 80)


async def test_a_puller_stopped_anywhere_goes_on_where_it_was(sales: Reading) -> None:
    await sales.write(*names(0, 100))
    for pause in (0.0, 0.01, 0.02, 0.03, 0.05, 0.08):
        async with running(sales.puller(max_events=3).run):
            await asyncio.sleep(pause)
    async with running(sales.puller().run):
        texts = await sales.until(lambda found: len(found) >= 100)
    assert sorted(texts) == names(0, 100)


async def test_two_replicas_apply_every_event_once(
    sales: Reading, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.events.puller._STAND_BY_SECONDS", 0.01)
    async with AsyncExitStack() as stack:
        second = sales.store  # an SQLite file has one process; there it is one task more
        if databases.engine == "postgresql":
            second = await stack.enter_async_context(opened(sales.reader_url, create=False))
        replicas = [sales.puller(store=each, max_events=3) for each in (sales.store, second)]
        await sales.write(*names(0, 60))
        async with running(*(replica.run for replica in replicas)):
            for text in names(60, 120):
                await sales.write(text)
            texts = await sales.until(lambda found: len(found) >= 120)
    assert sorted(texts) == names(0, 120)


async def test_a_passing_failure_is_tried_again_and_parks_nothing(sales: Reading) -> None:
    sales.reaction.failures.append(DomainError(Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "away"))
    sales.stub.failures += [DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "away"), OSError("reset")]
    await sales.write(*names(0, 5))
    async with running(sales.puller().run):
        texts = await sales.until(lambda found: len(found) >= 5)
    assert sorted(texts) == names(0, 5)
    assert await count(sales.store, chassis.parked_events) == 0


async def test_partitions_can_be_multiplied_without_losing_or_repeating_events(
    sales: Reading,
) -> None:
    await sales.write(*names(0, 40))
    async with running(sales.puller(partitions=2, max_events=3).run):
        await sales.until(lambda found: len(found) >= 10)
    async with running(sales.puller(partitions=8).run):
        await sales.write(*names(40, 60))
        texts = await sales.until(lambda found: len(found) >= 60)
    assert sorted(texts) == names(0, 60)
    with pytest.raises(StartRefused, match="in 8 partitions; their number can be multiplied"):
        await sales.puller(partitions=4).run()


async def test_a_restored_producer_is_read_from_the_beginning_after_forgetting_once(
    sales: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.events.puller._STAND_BY_SECONDS", 0.01)
    await sales.write(*names(0, 20))
    async with running(sales.puller().run):
        await sales.until(lambda found: len(found) == 20)
        await sales.log.renew_epoch()
        await sales.write(*names(20, 25))
        texts = await sales.until(lambda found: len(found) == 25)
    assert sorted(texts) == names(0, 25)
    async with sales.store.read(caller=SYSTEM) as tx:
        epochs = await tx.all(select(chassis.feed_cursors.c.epoch).distinct())
    assert [row.epoch for row in epochs] == [sales.log.epoch]


async def test_a_log_that_became_shorter_is_not_read_and_the_reader_says_so(
    sales: Reading, databases: Databases
) -> None:
    """As after a restore from a copy, when nobody renewed the epoch: who knows what is right?"""
    metrics, background = Metrics(), Background()
    await sales.write(*names(0, 9))
    async with running(sales.puller(partitions=1).run):
        await sales.until(lambda found: len(found) == 9)
    async with reading(databases) as copy:
        the_same = update(chassis.feed_epoch).values(epoch=sales.log.epoch)
        await copy.producer.write(lambda tx: tx.run(the_same), caller=SYSTEM)
        await eventually(lambda: copy.log.epoch == sales.log.epoch)
        await copy.write(*names(100, 103))
        options = {"store": sales.store, "partitions": 1, "wait_seconds": 0.1, "metrics": metrics}
        with background.watching():
            async with running(copy.puller(**options).run):
                await eventually(lambda: bool(background.complaints()))
                (complaint,) = background.complaints()
        assert "9 events were read, and the feed has 3" in complaint
        assert "renew-epoch" in complaint
        assert sorted(await applied_texts(sales.store)) == names(0, 9)
    labels = {"feed": "sales", "partition": "0"}
    beyond = metrics.registry.get_sample_value("guanxi_event_beyond_head_positions", labels)
    assert beyond == 6


@dataclass(slots=True)
class SpinningFeed:
    """Answers at once, whatever it is asked, and with the answers by turns."""

    answers: Sequence[PullResponse]
    calls: int = 0
    waits: set[float] = field(default_factory=set)

    async def Pull(
        self,
        request: PullRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> PullResponse:
        self.calls += 1
        self.waits.add(request.wait.ToTimedelta().total_seconds())
        return self.answers[self.calls % len(self.answers)]

    async def GetHead(self, request: GetHeadRequest) -> GetHeadResponse:
        raise NotImplementedError


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([PullResponse(epoch="a")], id="nothing, without a wait"),
        pytest.param([PullResponse(epoch="a", head_position=9)], id="nothing, and there is more"),
        pytest.param([PullResponse(epoch="a"), PullResponse(epoch="b")], id="two logs by turns"),
        pytest.param(
            [PullResponse(epoch="a", events=[Event(position=0)], head_position=9)],
            id="events that were read",
        ),
    ],
)
async def test_no_feed_makes_a_reader_go_round_without_a_pause(
    databases: Databases, answers: Sequence[PullResponse]
) -> None:
    feed = SpinningFeed(answers)
    async with opened(databases.new()) as store:
        reaction = KeepingReaction()
        puller = Puller(
            store,
            "sales",
            feed,
            consumer="insight",
            partitions=1,
            reaction=reaction,
            on_epoch_change=reaction.forget,
            wait_seconds=1.25,
        )
        async with running(puller.run):
            await eventually(lambda: feed.calls > 0)
            await asyncio.sleep(0.5)
    assert feed.calls <= 52
    assert feed.waits == {1.25}


async def test_two_generations_read_the_same_feed_side_by_side(sales: Reading) -> None:
    await sales.write(*names(0, 10))
    async with running(sales.puller().run):
        await sales.until(lambda found: len(found) == 10)
        async with running(sales.puller(consumer="insight.2").run):
            texts = await sales.until(lambda found: len(found) == 20)
    assert sorted(texts) == sorted(names(0, 10) * 2)


async def test_a_new_version_of_what_is_derived_reads_everything_again_by_itself(
    sales: Reading,
) -> None:
    await sales.write(*names(0, 10))
    async with running(sales.puller(derivation=Derivation(1, {"a"})).run):
        await sales.until(lambda found: len(found) == 10)
    async with running(sales.puller(derivation=Derivation(2, {"a"})).run):
        await sales.until(lambda found: len(found) == 20)


async def test_a_reader_that_learns_a_type_is_told_of_its_events_of_old(sales: Reading) -> None:
    await sales.write(*names(0, 10))
    before, after = Derivation(1, {"a", "b"}), Derivation(1, {"a", "b", "c"})
    async with running(sales.puller(derivation=before).run):
        await sales.until(lambda found: len(found) == 10)
    async with running(sales.puller(derivation=after).run):
        await sales.until(lambda found: len(found) == 20)
    async with running(sales.puller(derivation=Derivation(1, {"b", "a"})).run):
        await sales.write("last")
        texts = await sales.until(lambda found: "last" in found)
    assert len(texts) == 21, "the one that is rolled back goes on where it was"


async def test_lag_is_unknown_then_what_is_missing_then_nothing(sales: Reading) -> None:
    metrics = Metrics()
    seen: list[int] = []

    class Observed(KeepingReaction):
        async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
            lag = reader.lag()
            assert lag is not None
            assert lag.seconds > 0
            seen.append(lag.positions)
            await KeepingReaction.apply(self, tx, events)

    reader = sales.puller(reaction=Observed(), partitions=1, max_events=4, metrics=metrics)
    assert reader.lag() is None
    await sales.write(*names(0, 10))
    async with running(reader.run):
        await sales.until(lambda found: len(found) == 10)
        await eventually(lambda: reader.lag() == Lag(positions=0, seconds=0))
    assert seen == [10, 6, 2]
    labels = {"feed": "sales", "partition": "0"}
    assert metrics.registry.get_sample_value("guanxi_event_lag_positions", labels) == 0
