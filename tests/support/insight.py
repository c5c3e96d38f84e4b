"""The insight service with two feeds that a test writes, and the desks of those who call it.

Over 300 lines because all tests of insight begin here: one place for what they stand on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from guanxi.customer.v1 import customers_pb2, touchpoints_pb2
from guanxi.insight.v1 import (
    alerts_pb2,
    alerts_pb2_grpc,
    facts_pb2,
    facts_pb2_grpc,
    feeds_pb2,
    feeds_pb2_grpc,
    predictions_pb2_grpc,
    rules_pb2_grpc,
    runs_pb2,
    runs_pb2_grpc,
    segments_pb2,
    segments_pb2_grpc,
)
from guanxi.sales.v1 import orders_pb2

from services.chassis.client import Channel
from services.chassis.metrics import Metrics
from services.chassis.money import parts
from services.chassis.people.told import PeopleStub
from services.insight.rules.texts import FactTexts
from tests.support.services import AdjustableClock, RunningService, running_service
from tests.support.written_feed import WrittenFeed, full_name

__all__ = [
    "TODAY",
    "Desk",
    "Insight",
    "WrittenFeed",
    "confirmed",
    "customer_event",
    "day",
    "instant",
    "late_buyer",
    "poisoned",
    "replicas",
    "running_insight",
    "touch",
]

TODAY = date(2026, 3, 2)
"""The business day of the harness's clock."""

_SETTLED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Desk:
    """What one colleague works with."""

    channel: Channel
    facts: facts_pb2_grpc.FactServiceStub
    segments: segments_pb2_grpc.SegmentServiceStub
    predictions: predictions_pb2_grpc.PredictionServiceStub
    rules: rules_pb2_grpc.RuleServiceStub
    runs: runs_pb2_grpc.RunServiceStub
    alerts: alerts_pb2_grpc.AlertServiceStub
    feeds: feeds_pb2_grpc.FeedServiceStub

    async def facts_of(self, customer: str, as_of: date | None = None) -> facts_pb2.CustomerFacts:
        return await self.facts.GetCustomerFacts(
            facts_pb2.GetCustomerFactsRequest(
                name=f"customers/{customer}/facts", as_of=day(as_of) if as_of else None
            )
        )

    async def all_facts(self, **arguments: Any) -> dict[str, facts_pb2.CustomerFacts]:
        """The facts of everyone in sight, by customer id."""
        request = facts_pb2.ListCustomerFactsRequest(page_size=1000, **arguments)
        reply = await self.facts.ListCustomerFacts(request)
        return {each.name.split("/")[1]: each for each in reply.customer_facts}

    async def open_alerts(self, filter: str = "") -> list[alerts_pb2.Alert]:
        reply = await self.alerts.ListAlerts(
            alerts_pb2.ListAlertsRequest(
                page_size=1000,
                filter=f"{filter} AND state = OPEN" if filter else "state = OPEN",
            )
        )
        return list(reply.alerts)

    async def rules_followed(self) -> None:
        """Waits until every change of the rules has taken effect."""

        async def so() -> bool:
            waiting = runs_pb2.ListRunsRequest(filter="NOT state = DONE")
            return not (await self.runs.ListRuns(waiting)).runs

        await until(so)

    async def run(self) -> segments_pb2.Segmentation:
        return await self.segments.RunSegmentation(segments_pb2.RunSegmentationRequest())


@dataclass(slots=True)
class Insight:
    """The service, its two feeds and its callers."""

    service: RunningService
    customer: WrittenFeed
    sales: WrittenFeed
    clock: AdjustableClock
    _desks: dict[tuple[str, str, str], Desk] = field(default_factory=dict)

    async def desk(
        self, subject: str = "users/ann", *, role: str = "admin", team: str = "teams/north"
    ) -> Desk:
        key = (subject, role, team)
        if key not in self._desks:
            channel = await self.service.channel(subject, role=role, team=team)
            self._desks[key] = Desk(
                channel,
                facts_pb2_grpc.FactServiceStub(channel),
                segments_pb2_grpc.SegmentServiceStub(channel),
                predictions_pb2_grpc.PredictionServiceStub(channel),
                rules_pb2_grpc.RuleServiceStub(channel),
                runs_pb2_grpc.RunServiceStub(channel),
                alerts_pb2_grpc.AlertServiceStub(channel),
                feeds_pb2_grpc.FeedServiceStub(channel),
            )
        return self._desks[key]

    async def knows(self, *messages: Message) -> None:
        """Writes events into the feeds they belong to, and waits until they are applied.

        What the customer service says comes first, and each service's events arrive together.
        """
        for feed, package in ((self.customer, "guanxi.customer."), (self.sales, "guanxi.sales.")):
            feed.write(*(each for each in messages if full_name(each).startswith(package)))
            await self.caught_up()

    async def caught_up(self) -> None:
        """Waits until every event is applied or parked."""
        desk = await self.desk()

        async def is_so() -> bool:
            reply = await desk.feeds.ListFeeds(feeds_pb2.ListFeedsRequest())
            return all(each.reachable and not each.lag_positions for each in reply.feeds)

        await until(is_so)


async def until(holds: Callable[[], Any]) -> None:
    """Waits for what an awaited question asks."""
    async with asyncio.timeout(_SETTLED_SECONDS):
        # Rows have no event to wait for, hence the poll.
        while not await holds():  # noqa: ASYNC110 - it has no event of its own
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running_insight(url: str, **settings: Any) -> AsyncIterator[Insight]:
    """Insight on a database that has its tables, reading two feeds that begin empty."""
    customer, sales = WrittenFeed(), WrittenFeed()
    async with insight_reading(url, {"customer": customer, "sales": sales}, **settings) as service:
        yield Insight(service, customer, sales, service.clock)


@asynccontextmanager
async def replicas(url: str, count: int = 2, **settings: Any) -> AsyncIterator[list[Insight]]:
    """So many processes on one database, reading the same feeds."""
    feeds = WrittenFeed(), WrittenFeed()
    chosen = {"feed_partitions": 2, **settings}
    async with AsyncExitStack() as stack:
        running = []
        for _ in range(count):
            service = await stack.enter_async_context(
                insight_reading(url, {"customer": feeds[0], "sales": feeds[1]}, **chosen)
            )
            running.append(Insight(service, *feeds, service.clock))
        yield running


@asynccontextmanager
async def insight_reading(
    url: str,
    feeds: Mapping[str, WrittenFeed],
    *,
    metrics: Metrics | None = None,
    people: PeopleStub | None = None,
    **settings: Any,
) -> AsyncIterator[RunningService]:
    """Insight on a database that has its tables, reading these feeds."""
    given = {"feeds": feeds, "metrics": metrics, "people": people}
    chosen = {"idle_seconds": 0.05, "base_currency": "GBP", **settings}
    async with running_service("insight", url, given=given, **chosen) as service:
        yield service


def customer_event(
    customer: str,
    event: type[Any] = customers_pb2.CustomerCreated,
    *,
    owner: str = "users/ann",
    team: str = "teams/north",
    first_seen: date = date(2025, 1, 1),
    **fields: Any,
) -> Any:
    """The event of a customer, by default that it was created."""
    if event is customers_pb2.CustomerDeleted:
        fields.setdefault("delete_time", instant(TODAY))
    return event(
        customer=customers_pb2.Customer(
            name=f"customers/{customer}",
            kind=fields.pop("kind", customers_pb2.Customer.ORGANIZATION),
            display_name=fields.pop("display_name", customer.title()),
            owner=owner,
            team=team,
            first_seen_time=instant(first_seen),
            create_time=instant(first_seen),
            **fields,
        )
    )


def confirmed(
    order: str,
    customer: str,
    on: date,
    pounds: float = 100,
    *,
    event: type[Any] = orders_pb2.OrderConfirmed,
    hour: int = 12,
    **fields: Any,
) -> Any:
    """The event of an order, by default that it was confirmed."""
    cancelled = event is orders_pb2.OrderCancelled
    state = orders_pb2.Order.CANCELLED if cancelled else orders_pb2.Order.CONFIRMED
    return event(
        order=orders_pb2.Order(
            name=f"orders/{order}",
            customer=f"customers/{customer}" if customer else "",
            state=state,
            order_time=instant(on, hour),
            currency_code="GBP",
            base_net_amount=Money(**parts(round(pounds * 100), "GBP")),
            **fields,
        )
    )


def touch(
    touchpoint: str, customer: str, on: date, type: str, *topics: str, channel: str = "PHONE"
) -> touchpoints_pb2.TouchpointLogged:
    """The event that a touchpoint was logged."""
    kind = touchpoints_pb2.Touchpoint
    return touchpoints_pb2.TouchpointLogged(
        touchpoint=kind(
            name=f"customers/{customer}/touchpoints/{touchpoint}",
            type=kind.Type.Value(type),
            channel=kind.Channel.Value(channel),
            touch_time=instant(on),
            topics=[kind.Topic.Value(topic) for topic in topics],
        )
    )


def instant(on: date, hour: int = 12) -> Timestamp:
    """An hour of a day, UTC."""
    moment = Timestamp()
    moment.FromDatetime(datetime(on.year, on.month, on.day, hour, tzinfo=UTC))
    return moment


def day(on: date) -> Date:
    return Date(year=on.year, month=on.month, day=on.day)


async def late_buyer(insight: Insight, customer: str = "ada", **fields: Any) -> None:
    """Ordered every 30 days, and has not for 100."""
    await insight.knows(
        customer_event(customer, **fields),
        *(
            confirmed(f"{customer}{k}", customer, TODAY - timedelta(days=100 + 30 * k))
            for k in range(7)
        ),
    )


def poisoned(monkeypatch: pytest.MonkeyPatch, *customers: str) -> None:
    """Texts about some customers can't be written."""
    names = {f"customers/{customer}" for customer in customers}
    fill = FactTexts.fill

    def failing(self: FactTexts, text: str, row: Mapping[Any, Any]) -> str:
        if row["customer"] in names:
            raise OverflowError("date value out of range")
        return fill(self, text, row)

    monkeypatch.setattr(FactTexts, "fill", failing)
