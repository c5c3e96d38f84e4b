"""A kind of record is one value: what is made up here is kept, replaced, found and cleared as the
service's own are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from guanxi.customer.v1 import customers_pb2
from guanxi.events.v1.event_feed_pb2 import Event

from services.chassis.caller import Caller
from services.chassis.clock import SystemClock
from services.chassis.ids import Uuid7Ids
from services.chassis.store import Store, new_metadata
from services.insight.sources.orders import ORDERS
from services.insight.sources.registered import SOURCES
from services.insight.sources.source import Key, Readers, Source
from services.insight.sources.store import EVERYONE, Few, KeptRecords, Records
from tests.support.databases import Databases
from tests.support.insight import TODAY, confirmed
from tests.support.written_feed import told

SYSTEM = Caller.system("test")


@dataclass(frozen=True, slots=True)
class Visit:
    name: Key
    customer: Key
    position: int
    minutes: int
    note: str | None
    took_place: bool


def visit_of(event: Event, currency: str) -> Visit:
    told: Mapping[str, Any] = dict(Struct.FromString(event.payload).items())
    return Visit(
        str(told["name"]),
        str(told["customer"]),
        event.position,
        int(told["minutes"]),
        None,
        bool(told["took_place"]),
    )


def minutes_of(rows: Sequence[Any], place: Mapping[str, int]) -> list[tuple[int, int]]:
    """Minutes by the customer's place."""
    return sorted((place[row.customer], row.minutes) for row in rows)


VISITS = Source(
    name="visits",
    record=Visit,
    readers={"made.up.VisitPaid": visit_of},
    needs=("customer", "minutes"),
    columns=minutes_of,
    counts="took_place",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of all sources, the made-up one among them."""

    store: Store
    records: Records

    async def apply(self, *events: Event, generation: int = 1) -> list[str]:
        """Whose facts may differ."""
        changes = Readers((*SOURCES, VISITS)).read(events, "GBP")
        async with self.store.read(caller=SYSTEM) as tx:
            touched = await self.records.touched_by(tx, generation, changes)
        await self.store.write(lambda tx: self.records.keep(tx, generation, changes), caller=SYSTEM)
        return touched

    async def of(self, *customers: str, generation: int = 1) -> KeptRecords:
        who = Few([f"customers/{each}" for each in customers]) if customers else EVERYONE
        async with self.store.read(caller=SYSTEM) as tx:
            return await self.records.load(tx, generation, who)

    async def minutes(self, *customers: str, generation: int = 1) -> list[tuple[int, int]]:
        return (await self.of(*customers, generation=generation)).of(VISITS)


@pytest.fixture
async def kept(databases: Databases) -> AsyncIterator[Kept]:
    metadata = new_metadata()
    records = Records((*SOURCES, VISITS), metadata)
    store = await Store.open(
        databases.new(), metadata=metadata, clock=SystemClock(), ids=Uuid7Ids()
    )
    await store.create_tables()
    yield Kept(store, records)
    await store.close()


def visit(
    position: int, name: str, customer: str, minutes: int, *, took_place: bool = True
) -> Event:
    told = Struct()
    told.update(
        {
            "name": f"visits/{name}",
            "customer": f"customers/{customer}" if customer else "",
            "minutes": minutes,
            "took_place": took_place,
        }
    )
    return Event(position=position, type="made.up.VisitPaid", payload=told.SerializeToString())


async def test_a_new_kind_of_record_is_kept_for_its_customer(kept: Kept) -> None:
    assert await kept.apply(visit(1, "v1", "ada", 30), visit(2, "v2", "bob", 45)) == [
        "customers/ada",
        "customers/bob",
    ]
    assert await kept.minutes() == [(0, 30), (1, 45)]
    assert await kept.minutes("bob") == [(0, 45)]


async def test_a_customer_known_from_it_alone_has_a_place_and_no_name(kept: Kept) -> None:
    await kept.apply(visit(1, "v1", "ada", 30))
    (row,) = (await kept.of()).customers
    assert (row.customer, row.recorded, row.display_name) == ("customers/ada", False, "")

    ada = customers_pb2.Customer(name="customers/ada", display_name="Ada")
    await kept.apply(told(customers_pb2.CustomerCreated(customer=ada), 2))
    await kept.apply(visit(3, "v2", "ada", 5))
    (row,) = (await kept.of()).customers
    assert (row.recorded, row.display_name) == (True, "Ada")


async def test_the_newest_is_kept_whichever_comes_last(kept: Kept) -> None:
    await kept.apply(visit(4, "v1", "ada", 30), visit(6, "v1", "ada", 35))
    await kept.apply(visit(5, "v1", "ada", 99))
    assert await kept.minutes() == [(0, 35)]
    await kept.apply(visit(7, "v1", "ada", 40))
    assert await kept.minutes() == [(0, 40)]


async def test_a_record_that_moves_touches_both_customers(kept: Kept) -> None:
    await kept.apply(visit(1, "v1", "ada", 30))
    assert await kept.apply(visit(2, "v1", "bob", 30)) == ["customers/ada", "customers/bob"]
    assert await kept.minutes("ada") == []
    assert await kept.minutes("bob") == [(0, 30)]


async def test_what_does_not_count_is_kept_and_left_out(kept: Kept) -> None:
    await kept.apply(visit(3, "v1", "ada", 30, took_place=False))
    await kept.apply(visit(2, "v1", "ada", 30))
    assert await kept.minutes("ada") == []


async def test_records_of_a_deleted_customer_come_back_with_them(kept: Kept) -> None:
    await kept.apply(visit(1, "v1", "ada", 30))
    ada = customers_pb2.Customer(name="customers/ada")
    gone = customers_pb2.Customer(name="customers/ada")
    gone.delete_time.GetCurrentTime()
    await kept.apply(told(customers_pb2.CustomerDeleted(customer=gone), 2))
    assert [row.deleted for row in (await kept.of()).customers] == [True]
    await kept.apply(told(customers_pb2.CustomerUndeleted(customer=ada), 3))
    assert [row.deleted for row in (await kept.of()).customers] == [False]
    assert await kept.minutes("ada") == [(0, 30)]


async def test_a_generation_is_cleared_of_it_and_no_other(kept: Kept) -> None:
    for generation in (1, 2):
        await kept.apply(
            visit(1, "v1", "ada", 30),
            visit(2, "v2", "bob", 45),
            visit(3, "v3", "", 5),
            generation=generation,
        )
    await kept.store.write(
        lambda tx: kept.records.remove_until(tx, 1, "customers/ada"), caller=SYSTEM
    )
    assert await kept.minutes() == [(0, 45)]
    await kept.store.write(
        lambda tx: kept.records.remove_until(tx, 1, "customers/bob"), caller=SYSTEM
    )
    assert await kept.minutes() == []
    assert await kept.minutes(generation=2) == [(0, 30), (1, 45)]


def test_sources_may_read_the_same_event() -> None:
    """Orders and what else there is in an order's event, say."""
    seconds = Source(
        name="seconds",
        record=Visit,
        readers={"guanxi.sales.v1.OrderConfirmed": lambda event, _: SECOND},
        needs=("customer",),
        columns=minutes_of,
    )
    order = confirmed("o1", "ada", TODAY)
    changes = Readers((*SOURCES, seconds)).read([told(order, 1)], "GBP")
    assert list(changes.of(ORDERS)) == ["orders/o1"]
    assert changes.of(seconds) == {"visits/v9": SECOND}
    assert changes.customers() == {"customers/ada", "customers/zoe"}


SECOND = Visit("visits/v9", "customers/zoe", 1, 0, None, took_place=True)
