"""A log that begins anew: what a mirror keeps stays until the log is read, and goes then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy import delete, update

from services.chassis.events import Derivation, Puller
from services.chassis.store import WriteTransaction
from tests.support.databases import Databases
from tests.support.feeds import KeepingReaction, Reading, applied, applied_texts, names, reading
from tests.support.notes import SYSTEM
from tests.support.running import eventually, running


@pytest.fixture
async def sales(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reading]:
    monkeypatch.setattr("services.chassis.events.puller._STAND_BY_SECONDS", 0.01)
    async with reading(databases) as sales:
        yield sales


class Mirror(KeepingReaction):
    """Keeps the newest text of each note; says when it was told that the log is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        self.renewed = 0
        self.may_apply = asyncio.Event()
        self.may_apply.set()

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        await self.may_apply.wait()
        told = [event.aggregate_id for event in events]
        await tx.run(delete(applied).where(applied.c.note.in_(told)))
        await super().apply(tx, events)

    async def log_renewed(self, tx: WriteTransaction) -> None:
        self.renewed += 1
        await tx.run(update(applied).values(position=0))

    async def log_read(self, tx: WriteTransaction) -> None:
        self.read += 1
        await tx.run(delete(applied).where(applied.c.position == 0))


def puller(sales: Reading, mirror: Mirror, **options: Any) -> Puller:
    return sales.puller(
        wait_seconds=0.1,
        reaction=mirror,
        on_epoch_change=mirror.log_renewed,
        on_log_read=mirror.log_read,
        **options,
    )


async def lose(sales: Reading, *texts: str) -> None:
    """The producer is restored from a copy in which these were not yet."""
    log = sales.producer.tables.event_log
    gone = log.c.aggregateid.in_([f"notes/{text}" for text in texts])
    await sales.producer.write(lambda tx: tx.run(delete(log).where(gone)), caller=SYSTEM)
    await sales.log.renew_epoch()


async def test_what_is_kept_stays_until_the_new_log_is_read_and_goes_if_it_isnt_told_again(
    sales: Reading,
) -> None:
    mirror = Mirror()
    await sales.write(*names(0, 20))
    async with running(puller(sales, mirror, max_events=3).run):
        await sales.until(lambda found: len(found) == 20)
        await eventually(lambda: mirror.read == 1)
        mirror.may_apply.clear()
        await lose(sales, "007", "011")
        await asyncio.sleep(0.2)
        assert sorted(await applied_texts(sales.store)) == names(0, 20)
        assert mirror.read == 1
        mirror.may_apply.set()
        texts = await sales.until(lambda found: len(found) == 18)
    assert sorted(texts) == [text for text in names(0, 20) if text not in ("007", "011")]


async def test_whoever_dies_before_the_end_leaves_what_goes_to_the_next(sales: Reading) -> None:
    mirror = Mirror()
    await sales.write(*names(0, 20))
    async with running(puller(sales, mirror).run):
        await sales.until(lambda found: len(found) == 20)
        await eventually(lambda: mirror.read == 1)
        mirror.may_apply.clear()
        await lose(sales, "007")
        await asyncio.sleep(0.2)
    assert sorted(await applied_texts(sales.store)) == names(0, 20)
    async with running(puller(sales, Mirror()).run):
        await sales.until(lambda found: len(found) == 19)


async def test_what_one_version_has_read_anew_the_other_begins_no_second_time(
    sales: Reading,
) -> None:
    """Two versions fill one table: what it kept of the log before is told apart once."""
    old, new = Mirror(), Mirror()
    # Half of the connections, so that the other isn't kept waiting for one.
    of_old: dict[str, Any] = {"derivation": Derivation(1, {"a"}), "partitions": 2}
    of_new: dict[str, Any] = {"derivation": Derivation(2, {"a"}), "partitions": 2}
    await sales.write(*names(0, 20))
    async with running(puller(sales, old, **of_old).run):
        async with running(puller(sales, new, **of_new).run):
            await eventually(lambda: old.read == new.read == 1)
        await lose(sales, "007")
        await sales.until(lambda found: len(found) == 19)
    new.may_apply.clear()
    async with (
        running(puller(sales, new, **of_new).run),
        running(puller(sales, old, **of_old).run),
    ):
        await asyncio.sleep(0.5)
        left = [text for text in names(0, 20) if text != "007"]
        assert sorted(await applied_texts(sales.store)) == left
        new.may_apply.set()
        await eventually(lambda: new.read == 2)
    assert (old.renewed, new.renewed) == (1, 0)
    assert sorted(await applied_texts(sales.store)) == left


async def test_a_version_that_comes_while_a_new_log_is_read_takes_away_what_that_doesnt_tell_of(
    sales: Reading,
) -> None:
    """An upgrade: the version before it never comes to the end."""
    old, new = Mirror(), Mirror()
    of_old: dict[str, Any] = {"derivation": Derivation(1, {"a"}), "max_events": 3}
    await sales.write(*names(0, 20))
    async with running(puller(sales, old, **of_old).run):
        await sales.until(lambda found: len(found) == 20)
        await eventually(lambda: old.read == 1)
        old.may_apply.clear()
        await lose(sales, "007", "011")
        await eventually(lambda: old.renewed == 1)
        await asyncio.sleep(0.2)  # until it is committed
    async with running(puller(sales, new, derivation=Derivation(2, {"a"})).run):
        await sales.until(lambda found: len(found) == 18)
    assert new.renewed == 0


async def test_a_version_that_begins_with_another_log_begins_anew(sales: Reading) -> None:
    """The version before it has never heard of this log: its positions are of another."""
    mirror = Mirror()
    await sales.write(*names(0, 20))
    async with running(puller(sales, mirror, derivation=Derivation(1, {"a"})).run):
        await sales.until(lambda found: len(found) == 20)
    await lose(sales, "007")
    async with running(puller(sales, mirror, derivation=Derivation(2, {"a"})).run):
        await sales.until(lambda found: len(found) == 19)
