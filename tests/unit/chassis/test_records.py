"""Records: rows come back as the models they were, and only to who may see them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, MetaData, Table, bindparam

from services.chassis.errors import DomainError, Kind
from services.chassis.ids import Uuid7Ids
from services.chassis.lists.listing import Listing
from services.chassis.lists.paging import Query
from services.chassis.records import Records
from services.chassis.store import (
    Name,
    Names,
    Owned,
    Store,
    UtcTime,
    WriteTransaction,
    new_metadata,
)
from tests.support.notes import ANN, SYSTEM, StoppedClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Size(NamedTuple):
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    owner: str
    title: str
    size: Size | None
    tags: tuple[str, ...]
    make_time: datetime
    fingerprint: bytes
    frame: Size
    likes: tuple[str, ...] = ()


def columns() -> list[Column[object]]:
    return [
        Column("name", Name, primary_key=True),
        Column("owner", Name, nullable=False),
        Column("title", sa.Text, nullable=False),
        Column("size_width", sa.Integer),
        Column("size_height", sa.Integer),
        Column("tags", Names, nullable=False),
        Column("make_time", UtcTime, nullable=False),
        Column("fingerprint", sa.LargeBinary, nullable=False),
        Column("frame_width", sa.Integer, nullable=False),
        Column("frame_height", sa.Integer, nullable=False),
    ]


metadata = new_metadata()
table = Table("pictures", metadata, *columns(), info={"sight": Owned("owner")})
pictures = Records(
    table,
    Picture,
    Query.of(table, filter=("title", "tags"), order=("title",), default_order="title"),
)


def picture(number: int, owner: str = ANN.subject) -> Picture:
    size = Size(number, 2 * number) if number % 2 else None
    name = f"pictures/{number}"
    return Picture(name, owner, f"No. {number}", size, ("a", "b"), NOW, b"f", Size(1, 2))


HERS = [picture(1), picture(2), picture(3)]
BOBS = picture(4, "users/bob")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(
        database_url, metadata=metadata, clock=StoppedClock(), ids=Uuid7Ids(), pool_size=2
    )
    await opened.create_tables()
    await opened.write(lambda tx: pictures.insert(tx, [*HERS, BOBS]), caller=SYSTEM)
    yield opened
    await opened.close()


async def test_what_was_written_is_read_field_by_field(store: Store) -> None:
    async with store.read(caller=ANN) as tx:
        assert [await pictures.get(tx, each.name) for each in HERS] == HERS
        assert await pictures.many(tx, ["pictures/3", "pictures/1"]) == [HERS[2], HERS[0]]


async def test_who_may_not_see_one_does_not_find_it(store: Store) -> None:
    async with store.read(caller=ANN) as tx:
        assert await pictures.find(tx, [BOBS.name, HERS[0].name]) == {HERS[0].name: HERS[0]}
        for read in (pictures.get(tx, BOBS.name), pictures.many(tx, [HERS[0].name, BOBS.name])):
            with pytest.raises(DomainError) as error:
                await read
            assert error.value.metadata["resource"] == BOBS.name
        assert await pictures.known(tx, [BOBS.name, "pictures/9"]) == {BOBS.name: None}


async def test_changed_ones_are_written_whole_and_others_are_left_alone(store: Store) -> None:
    first = replace(HERS[0], title="Sunset", size=None, tags=())
    second = replace(HERS[1], size=Size(7, 8))
    foreign = replace(BOBS, title="Mine")
    await store.write(lambda tx: pictures.save(tx, first, second, foreign), caller=ANN)
    await store.write(pictures.save, caller=ANN)
    async with store.read(caller=SYSTEM) as tx:
        found = await pictures.find(tx, [each.name for each in [*HERS, BOBS]])
    assert found == {each.name: each for each in (first, second, HERS[2], BOBS)}


async def test_one_that_is_locked_is_read_as_whoever_has_changed_it_leaves_it(store: Store) -> None:
    changed = replace(HERS[0], title="Sunset")
    holds, go_on = asyncio.Event(), asyncio.Event()

    async def change(tx: WriteTransaction) -> None:
        await pictures.save(tx, changed)
        holds.set()
        await go_on.wait()

    async def lock(tx: WriteTransaction) -> Picture:
        return await pictures.lock(tx, HERS[0].name)

    changing = asyncio.create_task(store.write(change, caller=SYSTEM))
    await holds.wait()
    locking = asyncio.create_task(store.write(lock, caller=ANN, snapshot=False))
    await asyncio.sleep(0.1)  # until it waits for the row
    assert not locking.done()
    go_on.set()
    await changing
    assert await locking == changed
    with pytest.raises(DomainError) as unseen:
        await store.write(lambda tx: pictures.lock(tx, BOBS.name), caller=ANN)
    assert unseen.value.kind is Kind.NOT_FOUND


async def test_a_page_holds_models_and_leads_to_the_next(store: Store) -> None:
    async with store.read(caller=ANN) as tx:
        first = await pictures.page(tx, Listing(page_size=2))
        second = await pictures.page(tx, Listing(page_size=2, page_token=first.next_page_token))
    assert (first.rows, second.rows, second.next_page_token) == (HERS[:2], HERS[2:], "")


async def test_a_page_can_be_limited_and_cut_shorter_than_was_asked_for(store: Store) -> None:
    later = pictures.all.where(pictures.c.name > "pictures/1")
    async with store.read(caller=ANN) as tx:
        page = await pictures.page(tx, Listing(), among=later, fitting=lambda found: len(found) - 1)
        rest = Listing(page_token=page.next_page_token)
        assert (await pictures.page(tx, rest, among=later)).rows == [HERS[2]]
    assert page.rows == [HERS[1]]


async def test_a_statement_of_the_slice_gives_models_too(store: Store) -> None:
    large = pictures.all.where(pictures.c.size_width >= bindparam("least"))
    async with store.read(caller=ANN) as tx:
        assert await pictures.select(tx, large, least=2) == [HERS[2]]


@pytest.mark.parametrize(
    "change",
    [
        lambda all: [*all[:2], *all[3:]],  # a field without a column
        lambda all: [all[1], all[0], *all[2:]],  # in another order
        lambda all: [*all, Column("price", sa.Integer)],  # a column without a field
    ],
)
def test_a_table_that_is_not_its_model_is_refused_when_it_is_declared(change: object) -> None:
    assert callable(change)
    other = Table("pictures", MetaData(), *change(columns()))
    with pytest.raises(TypeError, match="pictures has the columns"):
        Records(other, Picture)
