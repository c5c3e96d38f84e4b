"""Statements that come with parameters run on the driver itself: on both engines they answer what
SQLAlchemy would answer, and nothing else differs either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Table, bindparam, func, insert, literal, select
from sqlalchemy.exc import DBAPIError

from services.chassis.ids import Uuid7Ids
from services.chassis.store import (
    Choice,
    Json,
    Name,
    Names,
    Rank,
    Several,
    Shared,
    Store,
    UtcTime,
    chassis_tables,
    new_metadata,
)
from tests.support.notes import SYSTEM, StoppedClock, opened

TELEPHONE = "+44 20 7946 0123"


class Shade(StrEnum):
    LIGHT = "LIGHT"
    DARK = "DARK"


class Depth(IntEnum):
    SHALLOW = 1
    DEEP = 9


class Mark(NamedTuple):
    place: str
    text: str


metadata = new_metadata()
chassis_tables(metadata)
things = Table(
    "things",
    metadata,
    Column("name", Name, primary_key=True),
    Column("shade", Choice(Shade)),
    Column("shades", Names(Shade)),
    Column("depth", Rank(Depth)),
    Column("marks", Several(Mark)),
    Column("labels", Names),
    Column("extra", Json),
    Column("moment", UtcTime),
    Column("day", sa.Date),
    Column("active", sa.Boolean),
    Column("number", BigInteger),
    Column("share", sa.Double),
    Column("message", sa.LargeBinary),
    Column("text", sa.Text),
    info={"sight": Shared()},
)
FULL: dict[str, Any] = {
    "name": "things/full",
    "shade": Shade.DARK,
    "shades": (Shade.LIGHT, Shade.DARK),
    "depth": Depth.DEEP,
    "marks": (Mark("top", "关系"), Mark("edge", "")),
    "labels": ("VIP", "关系"),
    "extra": {"a": [1, None, "x"]},
    "moment": datetime(2011, 12, 9, 12, 50, 59, 999_999, tzinfo=UTC),
    "day": date(2012, 2, 29),
    "active": True,
    "number": 2**62,
    "share": 0.1,
    "message": b"\x00\xff",
    "text": "Ärger",
}
EMPTY: dict[str, Any] = dict.fromkeys(FULL) | {"name": "things/empty"}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(
        database_url, metadata=metadata, clock=StoppedClock(), ids=Uuid7Ids(), pool_size=1
    )
    await store.create_tables()
    await store.write(lambda tx: tx.run_many(insert(things), [FULL, EMPTY]), caller=SYSTEM)
    yield store
    await store.close()


@pytest.mark.parametrize("row", [FULL, EMPTY], ids=["full", "empty"])
async def test_every_type_comes_back_as_it_went_in(store: Store, row: dict[str, Any]) -> None:
    by_key = select(things).where(things.c.name == bindparam("key"))
    async with store.read(caller=SYSTEM) as tx:
        composed = await tx.first(select(things).where(things.c.name == row["name"]))
        prepared = await tx.first(by_key, {"key": row["name"]})
        [listed] = await tx.all(by_key, {"key": row["name"]})
    assert prepared == composed == listed == tuple(row.values())
    assert prepared is not None
    assert [type(each) for each in prepared] == [type(each) for each in row.values()]


@pytest.mark.parametrize("column", [*FULL], ids=str)
async def test_every_type_can_be_looked_for(store: Store, column: str) -> None:
    same = select(things.c.name).where(things.c[column] == bindparam("wanted"))
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(same, {"wanted": FULL[column]}) == "things/full"


async def test_a_row_is_read_by_place_name_and_column(store: Store) -> None:
    total = select(things.c.name, func.count().label("total")).group_by(things.c.name)
    async with store.read(caller=SYSTEM) as tx:
        row = (
            await tx.all(total.where(things.c.name == bindparam("key")), {"key": "things/full"})
        )[0]
    assert (row[0], row.name, row._mapping[things.c.name]) == ("things/full",) * 3
    assert row.total == 1


async def test_what_is_not_there_is_none(store: Store) -> None:
    number = select(things.c.number).where(things.c.name == bindparam("key"))
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.first(number, {"key": "things/none"}) is None
        assert await tx.scalar(number, {"key": "things/none"}) is None
        assert await tx.scalar(number, {"key": "things/empty"}) is None
        assert await tx.all(number, {"key": "things/none"}) == []


async def test_values_written_into_the_statement_stay_in_it(store: Store) -> None:
    counted = select(func.count()).where(
        things.c.number == literal(2**62), things.c.name != bindparam("key")
    )
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(counted.limit(1), {"key": "things/none"}) == 1


async def test_a_parameter_that_is_not_given_is_an_error(store: Store) -> None:
    by_key = select(things).where(things.c.name == bindparam("key"))
    async with store.read(caller=SYSTEM) as tx:
        with pytest.raises(KeyError, match="key"):
            await tx.first(by_key, {"name": "things/full"})


async def test_a_list_of_parameters_may_have_any_length(store: Store) -> None:
    among = (
        select(things.c.name)
        .where(things.c.name.in_(bindparam("keys", expanding=True)))
        .order_by(things.c.name)
    )
    async with store.read(caller=SYSTEM) as tx:
        for keys in ([], ["things/full"], ["things/empty", "things/full"]):
            assert [row.name for row in await tx.all(among, {"keys": keys})] == keys


async def test_a_read_sees_what_was_committed_since_the_last_one(store: Store) -> None:
    text = select(things.c.text).where(things.c.name == bindparam("key"))
    async with store.read(caller=SYSTEM) as tx:
        assert await tx.scalar(text, {"key": "things/full"}) == "Ärger"
        change = sa.update(things).values(text="Freude")
        await store.write(lambda writer: writer.run(change), caller=SYSTEM)
        assert await tx.scalar(text, {"key": "things/full"}) == "Freude"


SLEEP = select(func.pg_sleep(bindparam("seconds", type_=sa.Double))).where(
    bindparam("key", type_=sa.Text) != ""
)
BACKEND = select(func.pg_backend_pid()).where(bindparam("key", type_=sa.Text) != "")


async def test_a_cancelled_read_gives_its_place_back(postgres_url: str) -> None:
    async with opened(postgres_url, pool_size=1) as store, store.read(caller=SYSTEM) as tx:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(tx.first(SLEEP, {"seconds": 60.0, "key": "x"}), 0.2)
        assert await asyncio.wait_for(tx.scalar(BACKEND, {"key": "x"}), 5) > 0


async def test_a_connection_that_was_lost_while_idle_is_replaced(postgres_url: str) -> None:
    async with opened(postgres_url, pool_size=1) as store, store.read(caller=SYSTEM) as tx:
        before = await tx.scalar(BACKEND, {"key": "x"})
        outside = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
        await outside.execute("SELECT pg_terminate_backend($1)", before)
        await outside.close()
        assert await tx.scalar(BACKEND, {"key": "x"}) not in (None, before)


async def test_a_read_whose_connection_is_lost_in_the_middle_is_asked_again(
    postgres_url: str,
) -> None:
    outside = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    async with opened(postgres_url, pool_size=1) as store, store.read(caller=SYSTEM) as tx:
        before = await tx.scalar(BACKEND, {"key": "x"})
        asking = asyncio.create_task(tx.first(SLEEP, {"seconds": 0.5, "key": "x"}))
        at_work = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1"
        while not await outside.fetchval(at_work, before):  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.01)
        await outside.execute("SELECT pg_terminate_backend($1)", before)
        assert await asking is not None
        assert await tx.scalar(BACKEND, {"key": "x"}) not in (None, before)
    await outside.close()


async def test_a_value_the_driver_can_not_send_is_not_told(postgres_url: str) -> None:
    by_number = select(literal(1)).where(bindparam("number", type_=BigInteger) == 1)
    async with opened(postgres_url) as store, store.read(caller=SYSTEM) as tx:
        with pytest.raises(DBAPIError) as refused:
            await tx.scalar(by_number, {"number": TELEPHONE})
        assert "query argument $2" in str(refused.value)
        assert TELEPHONE not in str(refused.value)
        assert TELEPHONE not in str(refused.value.__cause__)
        assert await tx.scalar(by_number, {"number": 1}) == 1
