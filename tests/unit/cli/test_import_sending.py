"""What is sent in batches: two kinds at the same time, which end together; and an end before the
end, which says how far it got."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    BatchCreateOrdersResponse,
    CreateOrderRequest,
)

from cli.connection import CommandError
from cli.imports import sending
from cli.imports.sending import cut, send_batches, side_by_side
from services.chassis.errors import DomainError, Kind
from services.chassis.status import to_status


async def test_both_results_come_back_in_their_places() -> None:
    met = asyncio.Barrier(2)

    async def one() -> int:
        await met.wait()
        return 1

    async def other() -> str:
        await met.wait()
        return "two"

    assert await side_by_side(one(), other()) == (1, "two")


async def test_where_one_fails_the_other_is_ended_and_the_sentence_is_told() -> None:
    ended = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def refused() -> None:
        raise CommandError("The gateway says no.")

    with pytest.raises(CommandError, match="says no"):
        await side_by_side(endless(), refused())
    assert ended.is_set()


def error(code: grpc.StatusCode, text: str) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), text)


async def stopped(failure: grpc.aio.AioRpcError, *, dry_run: bool = False) -> str:
    """The sentence of an import whose third batch fails."""
    answered = 0

    async def call(request: Any, **_: Any) -> BatchCreateOrdersResponse:
        nonlocal answered
        answered += 1
        if answered > 2:
            raise failure
        return BatchCreateOrdersResponse()

    def batch(some: Any) -> BatchCreateOrdersRequest:
        return BatchCreateOrdersRequest(requests=some, validate_only=dry_run)

    with pytest.raises(CommandError) as ended:
        await send_batches(call, cut([CreateOrderRequest()] * 5_000, batch), ())
    return str(ended.value)


async def test_an_import_whose_gateway_goes_says_what_is_in_and_to_run_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "_GIVE_UP_SECONDS", -1.0)
    gone = error(
        grpc.StatusCode.UNAVAILABLE,
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:50050",
    )
    sentence = await stopped(gone)
    assert sentence.startswith("No gateway answers gRPC at ")
    assert sentence.endswith(
        "At least 2,000 new orders had gone in. Run it again: what is there already is left as it "
        "is."
    )
    assert "last error" not in sentence


async def test_a_batch_that_is_refused_says_what_is_in() -> None:
    refused = error(grpc.StatusCode.PERMISSION_DENIED, "this takes sales.orders.import.")
    assert (await stopped(refused)).startswith(
        "this takes sales.orders.import. At least 2,000 new orders had gone in."
    )
    assert await stopped(refused, dry_run=True) == "this takes sales.orders.import."


async def test_what_is_refused_is_told_by_its_place_among_all_that_was_sent() -> None:
    def statuses(first: str) -> dict[int, status_pb2.Status]:
        if first != "1000":
            return {}
        there = DomainError(
            Kind.ALREADY_EXISTS, "EXISTS", "it exists", metadata={"resource": "orders/1015"}
        )
        same = DomainError(Kind.ALREADY_EXISTS, "EXISTS", "it", metadata={"unchanged": "true"})
        bad = DomainError(Kind.INVALID_ARGUMENT, "BAD", "it is bad")
        return {
            at: to_status(error, domain="sales")
            for at, error in enumerate((bad, same, there), start=13)
        }

    async def call(request: Any, **_: Any) -> BatchCreateOrdersResponse:
        failed = statuses(request.requests[0].order_id)
        return BatchCreateOrdersResponse(failed_requests=failed)

    items = [CreateOrderRequest(order_id=str(number)) for number in range(2_500)]
    done: list[int] = []
    tally = await send_batches(
        call, cut(items, lambda some: BatchCreateOrdersRequest(requests=some)), (), done.append
    )
    assert {at: status.message for at, status in tally.refused.items()} == {1_013: "it is bad"}
    assert tally.changed_elsewhere == {1_015: "orders/1015"}
    assert (tally.unchanged, tally.created) == (1, 2_497)
    assert sorted(done) == [500, 1_000, 1_000]


@pytest.mark.parametrize(
    ("told", "pauses"),
    [(None, [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]), (2.5, [2.5] * 7)],
    ids=["it doubles its pause up to five seconds", "or waits as long as it is told"],
)
async def test_a_batch_that_cannot_be_taken_now_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, told: float | None, pauses: list[float]
) -> None:
    slept: list[float] = []
    ids: set[str] = set()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def call(request: Any, **_: Any) -> BatchCreateOrdersResponse:
        ids.add(request.request_id)
        if len(slept) < len(pauses):
            raise error(grpc.StatusCode.RESOURCE_EXHAUSTED, "slower")
        return BatchCreateOrdersResponse()

    monkeypatch.setattr(sending, "retry_after_seconds", lambda status: told)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    batches = cut([CreateOrderRequest()], lambda some: BatchCreateOrdersRequest(requests=some))
    tally = await send_batches(call, batches, ())
    assert slept == pauses
    assert (tally.created, len(ids)) == (1, 1), "the same request, so that it is done once"


async def test_each_batch_has_two_minutes_and_two_are_under_way_at_a_time() -> None:
    under_way, most = 0, 0
    seconds: list[float] = []

    async def call(request: Any, **options: Any) -> BatchCreateOrdersResponse:
        nonlocal under_way, most
        seconds.append(options["timeout"])
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return BatchCreateOrdersResponse()

    batches = cut(
        [CreateOrderRequest()] * 5_001, lambda some: BatchCreateOrdersRequest(requests=some)
    )
    await send_batches(call, batches, ())
    assert (most, seconds) == (2, [120.0] * 6)


@pytest.mark.parametrize(
    ("code", "calls"),
    [
        (grpc.StatusCode.UNAVAILABLE, 62),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 62),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 62),
        (grpc.StatusCode.ABORTED, 62),
        (grpc.StatusCode.INTERNAL, 1),
        (grpc.StatusCode.PERMISSION_DENIED, 1),
    ],
)
async def test_a_gateway_that_may_come_back_is_asked_for_a_minute_and_any_other_once(
    monkeypatch: pytest.MonkeyPatch, code: grpc.StatusCode, calls: int
) -> None:
    now, called = 0.0, 0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def call(request: Any, **_: Any) -> BatchCreateOrdersResponse:
        nonlocal called
        called += 1
        raise error(code, "not now")

    monkeypatch.setattr(sending, "retry_after_seconds", lambda status: 1.0)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    batches = cut([CreateOrderRequest()], lambda some: BatchCreateOrdersRequest(requests=some))
    with pytest.raises(CommandError):
        await send_batches(call, batches, ())
    assert called == calls
