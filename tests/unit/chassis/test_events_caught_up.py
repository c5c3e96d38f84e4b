"""An answer that has caught up: the service waits for what its producers had committed by then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from guanxi.events.v1.event_feed_pb2 import GetHeadResponse, PullResponse
from sqlalchemy import delete, update

from services.chassis import context
from services.chassis.errors import DomainError, Kind
from services.chassis.events import CaughtUp
from services.chassis.events.caught_up import waits_until
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import Reading, applied_texts, names, reading
from tests.support.notes import SYSTEM, chassis
from tests.support.running import running


@pytest.fixture
async def sales(databases: Databases) -> AsyncIterator[Reading]:
    async with reading(databases) as sales:
        yield sales


def caught_up(sales: Reading) -> CaughtUp:
    return CaughtUp(sales.store, {"sales": sales.stub}, lambda _: "insight")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """As in a request whose caller waits so long."""
    token = context.deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        context.deadline.reset(token)


async def test_what_was_committed_before_the_question_is_applied_before_the_answer(
    sales: Reading,
) -> None:
    async with running(sales.puller(partitions=4).run):
        for number in range(10):
            await sales.write(*names(3 * number, 3 * number + 3))
            with within(10):
                await caught_up(sales).wait()
            assert len(await applied_texts(sales.store)) == 3 * number + 3


async def test_who_names_no_deadline_waits_ten_seconds_and_another_until_just_before_it() -> None:
    loop = asyncio.get_running_loop()
    assert 9.9 < waits_until() - loop.time() <= 10
    with within(2):
        assert 1.8 < waits_until() - loop.time() <= 1.9


async def test_a_partition_that_nothing_waits_in_is_not_waited_for(sales: Reading) -> None:
    async with running(sales.puller(partitions=8, wait_seconds=20).run):
        await sales.until(lambda _: True)
        await sales.write("a")
        with within(10):
            began = time.monotonic()
            await caught_up(sales).wait()
    assert time.monotonic() - began < 5


async def test_a_service_that_does_not_get_there_in_time_says_how_far_it_is(
    sales: Reading,
) -> None:
    await sales.write(*names(0, 5))
    with within(0.4), pytest.raises(DomainError) as late:
        await caught_up(sales).wait()
    assert (late.value.kind, late.value.reason) == (Kind.UNAVAILABLE, "NOT_CAUGHT_UP")
    assert late.value.metadata == {"feed": "sales", "applied": "0", "head": "5"}


async def test_a_producer_that_cannot_be_asked_is_named(sales: Reading) -> None:
    sales.stub.failures.append(DomainError(Kind.UNAVAILABLE, "UNAVAILABLE", "away"))
    with within(5), pytest.raises(DomainError) as away:
        await caught_up(sales).wait()
    assert away.value.reason == "NOT_CAUGHT_UP"
    assert away.value.metadata == {"feed": "sales", "applied": "0"}


class Silent:
    """A producer that takes calls and answers none: they end when their time is over."""

    def __init__(self, head: GetHeadResponse | None = None) -> None:
        self._head = head

    async def GetHead(self, request: Any, *, timeout: float) -> GetHeadResponse:  # noqa: ASYNC109 - gRPC's own parameter
        return self._head or await self._nothing(timeout)

    async def Pull(self, request: Any, *, timeout: float) -> PullResponse:  # noqa: ASYNC109 - gRPC's own parameter
        return await self._nothing(timeout)

    async def _nothing(self, seconds: float) -> NoReturn:
        await asyncio.sleep(seconds)
        raise DomainError(Kind.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "no answer")


@pytest.mark.parametrize("head", [None, GetHeadResponse(epoch="1", head_position=5)])
async def test_a_producer_that_does_not_answer_leaves_time_to_say_so(
    sales: Reading, head: GetHeadResponse | None
) -> None:
    began = time.monotonic()
    waiting = CaughtUp(sales.store, {"sales": Silent(head)}, lambda _: "insight")
    with within(0.6), pytest.raises(DomainError) as late:
        await waiting.wait()
    assert late.value.reason == "NOT_CAUGHT_UP"
    assert time.monotonic() - began < 0.6


async def test_events_that_come_after_the_question_are_not_waited_for(sales: Reading) -> None:
    async with running(sales.puller().run):
        writing = asyncio.create_task(_write_without_end(sales))
        with within(10):
            await caught_up(sales).wait()
        writing.cancel()
        await asyncio.wait([writing])


async def _write_without_end(sales: Reading) -> None:
    number = 0
    while True:
        number += 1
        await sales.write(f"{number:05}")


async def test_what_was_applied_of_a_log_that_was_replaced_is_nothing_of_the_new_one(
    sales: Reading,
) -> None:
    """Restored from a copy and renewed: shorter than what was read, and with another event."""
    await sales.write(*names(0, 9))
    async with running(sales.puller().run):
        await sales.until(lambda found: len(found) == 9)
    await restore(sales, end=2)
    await sales.write("after")
    with within(0.5), pytest.raises(DomainError) as behind:
        await caught_up(sales).wait()
    assert behind.value.metadata == {"feed": "sales", "applied": "0", "head": "3"}
    async with running(sales.puller().run):
        with within(10):
            await caught_up(sales).wait()
        assert sorted(await applied_texts(sales.store)) == ["000", "001", "after"]


async def restore(sales: Reading, *, end: int) -> None:
    log = chassis.event_log

    async def as_it_was(tx: WriteTransaction) -> None:
        await tx.run(delete(log).where(log.c.position > end))
        await tx.run(update(chassis.feed_epoch).values(head_position=end))

    await sales.producer.write(as_it_was, caller=SYSTEM)
    sales.log.head_position = end
    await sales.log.renew_epoch()
