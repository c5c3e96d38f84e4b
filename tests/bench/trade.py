"""A suite with so many customers, each with one order of last year, as `latency` needs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from guanxi.insight.v1.feeds_pb2 import ListFeedsRequest
from guanxi.insight.v1.feeds_pb2_grpc import FeedServiceStub
from guanxi.insight.v1.rules_pb2 import NOTICE, CreateRuleRequest, Rule
from guanxi.insight.v1.rules_pb2_grpc import RuleServiceStub
from guanxi.insight.v1.runs_pb2 import ListRunsRequest
from guanxi.insight.v1.runs_pb2_grpc import RunServiceStub
from guanxi.insight.v1.segments_pb2 import RunSegmentationRequest
from guanxi.insight.v1.segments_pb2_grpc import SegmentServiceStub
from guanxi.sales.v1.orders_pb2 import (
    BatchCreateOrdersRequest,
    CreateOrderRequest,
    Order,
    OrderLine,
)
from guanxi.sales.v1.orders_pb2_grpc import OrderServiceStub

from tests.bench import customers
from tests.bench.callers import api_key
from tests.support.suite import Suite

Metadata = tuple[tuple[str, str], ...]

_BATCH = 1_000
_DAY_SECONDS = 86_400
_CAUGHT_UP_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Door:
    """An open channel to the gateway, and the metadata that signs the caller in."""

    channel: grpc.aio.Channel
    metadata: Metadata


def door(suite: Suite) -> Door:
    """Opens a channel to a suite's gateway; must be called on a running loop."""
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{suite.ports['grpc']}")
    return Door(channel, (("authorization", api_key(suite)),))


async def fill(suite: Suite, count: int, rules: int) -> None:
    """Makes the customers, their orders, and rules: one whose alert opens with a customer's second
    order and resolves with the third, one that opens with the third, and so on. Returns when
    insight has caught up and the rules hold for everyone."""
    await customers.fill(suite.ports["grpc"], api_key(suite), count)
    opened = door(suite)
    async with opened.channel:
        orders = OrderServiceStub(opened.channel)
        for batch in _batches(count):
            reply = await orders.BatchCreateOrders(batch, metadata=opened.metadata, timeout=60)
            assert not reply.failed_requests, reply.failed_requests
        await _caught_up(opened)
        await SegmentServiceStub(opened.channel).RunSegmentation(
            RunSegmentationRequest(), metadata=opened.metadata, timeout=120
        )
        for number in range(2, 2 + rules):
            await _create_rule(opened, number)
        await _rules_followed(opened)


def order(number: int, order_id: str, order_time: Timestamp | None = None) -> CreateOrderRequest:
    """An order of two lines by `customers/bench-<number>`."""
    price = Money(currency_code="USD", units=20 + number % 80, nanos=500_000_000)
    lines = [OrderLine(description=text, quantity=2, unit_price=price) for text in ("Cup", "Jug")]
    return CreateOrderRequest(
        order_id=order_id,
        confirm=True,
        order=Order(
            customer=f"customers/bench-{number}",
            currency_code="USD",
            order_time=order_time,
            lines=lines,
        ),
    )


def _batches(count: int) -> Iterator[BatchCreateOrdersRequest]:
    now = int(time.time())
    for first in range(0, count, _BATCH):
        yield BatchCreateOrdersRequest(
            requests=[
                order(
                    number,
                    f"old-{number}",
                    Timestamp(seconds=now - (30 + number % 700) * _DAY_SECONDS),
                )
                for number in range(first, min(first + _BATCH, count))
            ]
        )


async def _create_rule(opened: Door, number: int) -> None:
    rule = Rule(
        kind=Rule.ALERT,
        display_name=f"order number {number}",
        filter=f"orders_total = {number}",
        enabled=True,
        severity=NOTICE,
        text_en="{orders_total} orders",
        text_zh="{orders_total} orders",
        assignee="owner",
    )
    await RuleServiceStub(opened.channel).CreateRule(
        CreateRuleRequest(rule_id=rule_id(number), rule=rule), metadata=opened.metadata, timeout=120
    )


def rule_id(number: int) -> str:
    """The rule whose alert opens with a customer's order of this number, counted from 1."""
    return f"bench-order-{number}"


async def _rules_followed(opened: Door) -> None:
    stub = RunServiceStub(opened.channel)
    waiting = ListRunsRequest(filter="NOT state = DONE")
    async with asyncio.timeout(_CAUGHT_UP_SECONDS):
        while True:
            reply = await stub.ListRuns(waiting, metadata=opened.metadata, timeout=10)
            if not reply.runs:
                return
            await asyncio.sleep(0.2)


async def _caught_up(opened: Door) -> None:
    stub = FeedServiceStub(opened.channel)
    async with asyncio.timeout(_CAUGHT_UP_SECONDS):
        while True:
            reply = await stub.ListFeeds(ListFeedsRequest(), metadata=opened.metadata, timeout=10)
            if all(feed.reachable and feed.lag_positions == 0 for feed in reply.feeds):
                return
            await asyncio.sleep(0.2)
