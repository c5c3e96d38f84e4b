"""What insight keeps up to date, event by event, equals what an independent computation finds."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from guanxi.customer.v1 import contacts_pb2, touchpoints_pb2
from guanxi.insight.v1 import feeds_pb2
from guanxi.sales.v1 import orders_pb2
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.money import parts
from services.chassis.store import AnyRow
from services.insight.facts.store import facts
from tests.support.databases import Databases
from tests.support.insight import Insight, WrittenFeed, insight_reading, until
from tests.support.oracle import lines_frame, recompute, signers_frame, touches_frame
from tests.support.retail import Line, Signer, Touch, retail_lines, signers, touches
from tests.support.retail_columns import instant_us, order_columns
from tests.support.services import migrated_database

AS_OF = date(2011, 12, 10)
SETTINGS: dict[str, Any] = {
    "business_date": AS_OF,
    "time_zone": "America/New_York",
    "batch_events": 97,
}
# The oracle is asked about facts that come from orders, touchpoints, contacts and the population.
COMPARED = [column for column in facts.columns if column.name not in ("generation", "as_of")]


async def test_after_an_interrupted_import_and_after_a_rebuild_every_fact_is_the_oracles(
    databases: Databases,
) -> None:
    lines = list(retail_lines(seed=11, invoices=500, customers=60))
    customers = sorted({line.customer_id for line in lines} - {""})
    journeys = touches(7, customers[::2])
    chains = signers(3, customers[::3])
    opinion = recompute(
        lines_frame(lines),
        touches_frame(journeys),
        signers_frame(chains),
        as_of=AS_OF,
        zone="America/New_York",
        first_seen={},
    )
    expected = {row["customer_id"]: row for row in opinion.facts.iter_rows(named=True)}
    url = await migrated_database(databases, "insight")
    feeds = {"customer": WrittenFeed(), "sales": WrittenFeed()}
    sales = shuffled(orders(lines, customers))
    journey = map(logged, range(len(journeys)), journeys)
    feeds["customer"].write(*shuffled([*journey, *map(met, range(len(chains)), chains)]))
    feeds["customer"].write(
        *(left(number, one) for number, one in enumerate(chains) if not one.active)
    )

    async with insight_reading(url, feeds, **SETTINGS):
        feeds["sales"].write(*sales[: len(sales) // 2])
        await asyncio.sleep(0.3)  # it ends in the middle of what it does
    feeds["sales"].write(*sales[len(sales) // 2 :])
    async with insight_reading(url, feeds, **SETTINGS) as service:
        insight = Insight(service, feeds["customer"], feeds["sales"], service.clock)
        await insight.caught_up()
        desk = await insight.desk()
        await desk.run()
        assert differences(await stored(insight), expected) == []

        await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

        async def rebuilt() -> bool:
            found = await desk.feeds.GetRebuild(feeds_pb2.GetRebuildRequest())
            return found.state == feeds_pb2.Rebuild.DONE

        await until(rebuilt)
        assert differences(await stored(insight, generation=2), expected) == []


def orders(lines: list[Line], customers: list[str]) -> Iterator[Message]:
    """Confirmed orders, every tenth twice, and some that were cancelled again."""
    columns = order_columns(lines, {name: place for place, name in enumerate(customers)})
    for number, (place, time_us, net) in enumerate(
        zip(columns.customer, columns.time_us, columns.net_minor, strict=True)
    ):
        customer = customers[place] if place >= 0 else ""
        yield order_event(f"o{number}", customer, int(time_us), int(net))
        if number % 10 == 0:
            yield order_event(f"o{number}", customer, int(time_us), int(net))


def order_event(order: str, customer: str, time_us: int, net: int) -> Message:
    return orders_pb2.OrderConfirmed(
        order=orders_pb2.Order(
            name=f"orders/{order}",
            customer=f"customers/{customer}" if customer else "",
            state=orders_pb2.Order.CONFIRMED,
            order_time=moment(time_us),
            base_net_amount=Money(**parts(net, "GBP")),
        )
    )


def logged(number: int, touch: Touch) -> Message:
    kind = touchpoints_pb2.Touchpoint
    return touchpoints_pb2.TouchpointLogged(
        touchpoint=kind(
            name=f"customers/{touch.customer_id}/touchpoints/t{number}",
            type=kind.Type.Value(touch.type),
            channel=kind.Channel.Value(touch.channel),
            touch_time=moment(instant_us(touch.touch_time)),
            topics=[kind.Topic.Value(topic) for topic in touch.topics.split()],
        )
    )


def met(number: int, signer: Signer) -> Message:
    return contacts_pb2.ContactCreated(contact=contact(number, signer, active=True))


def left(number: int, signer: Signer) -> Message:
    return contacts_pb2.ContactDeactivated(contact=contact(number, signer, active=False))


def contact(number: int, signer: Signer, *, active: bool) -> contacts_pb2.Contact:
    return contacts_pb2.Contact(
        name=f"customers/{signer.customer_id}/contacts/c{number}",
        approval_order=signer.approval_order,
        active=active,
    )


def moment(time_us: int) -> Timestamp:
    return Timestamp(seconds=time_us // 1_000_000, nanos=time_us % 1_000_000 * 1_000)


def shuffled(messages: Any) -> list[Message]:
    """In no order of time, as late arrivals are."""
    found = list(messages)
    Random(3).shuffle(found)
    return found


async def stored(insight: Insight, generation: int = 1) -> dict[str, AnyRow]:
    async with insight.service.store.read(caller=Caller.system("test")) as tx:
        rows = await tx.all(select(facts).where(facts.c.generation == generation))
    return {row.customer.removeprefix("customers/"): row for row in rows}


def differences(rows: dict[str, AnyRow], expected: dict[str, dict[str, Any]]) -> list[str]:
    assert sorted(rows) == sorted(expected)
    return [
        f"{customer}: {column.name} is {row._mapping[column]!r}, the oracle says {theirs!r}"
        for customer, row in rows.items()
        for column in COMPARED
        if column.name in expected[customer]
        for theirs in (expected[customer][column.name],)
        if not same(row._mapping[column], theirs, column.info.get("values"))
    ]


def same(ours: Any, theirs: Any, values: Any) -> bool:
    if values is not None:
        return bool(values(ours or 0).name == theirs)
    if theirs == "CHANNEL_UNSPECIFIED":
        return bool(ours == "")
    if isinstance(ours, datetime):
        return bool(ours == theirs.replace(tzinfo=UTC))
    if isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=1e-14)
    if isinstance(ours, int) and isinstance(theirs, str):
        return True  # the predictor, which the oracle names and the row numbers
    return bool(ours == theirs)
