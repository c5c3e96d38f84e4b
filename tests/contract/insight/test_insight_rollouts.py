"""While versions change and clocks differ, everyone's facts end as the day and the version that is
left have them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.store.migrate import migrate
from services.insight import main
from services.insight.engine import sweep
from services.insight.engine.edition import edition
from services.insight.segments.store import segmentations
from tests.support.insight import (
    TODAY,
    Desk,
    Insight,
    WrittenFeed,
    confirmed,
    customer_event,
    insight_reading,
    replicas,
    until,
)
from tests.support.services import RunningService

TWELVE = [f"c{number:02}" for number in range(12)]
TOMORROW = TODAY + timedelta(days=1)
SYSTEM = Caller.system("tests")


@pytest.fixture
def editions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first process that starts is of the old edition, the next one of the new."""
    names = iter(["old", "new"])
    monkeypatch.setattr(main, "edition", lambda _: next(names))
    monkeypatch.setattr(sweep, "_LOOK_AGAIN_SECONDS", 0.1)


async def editions_of(service: RunningService) -> list[str]:
    """By whom tomorrow's run was made, once it is done."""
    async with service.store.read(caller=SYSTEM) as tx:
        c = segmentations.c
        found = select(c.edition).where(c.as_of == TOMORROW, c.end_time.is_not(None))
        return [row.edition for row in await tx.all(found)]


def done_by(service: RunningService, edition: str) -> Any:
    async def so() -> bool:
        return await editions_of(service) == [edition]

    return so


async def test_the_version_that_is_left_has_the_last_word(
    postgres_url: str, editions: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(postgres_url, "services.insight")
    async with AsyncExitStack() as stack:
        rollout = await stack.enter_async_context(AsyncExitStack())
        old = await rollout.enter_async_context(insight_reading(postgres_url, {}))
        new = await stack.enter_async_context(insight_reading(postgres_url, {}))
        new.clock.move(days=1)
        await until(done_by(new, "new"))
        old.clock.move(days=1)
        await until(done_by(new, "old"))
        await rollout.aclose()
        new.clock.move(minutes=16)
        await until(done_by(new, "new"))


async def test_versions_beside_each_other_do_not_undo_at_once_what_the_other_does(
    postgres_url: str, editions: None
) -> None:
    await migrate(postgres_url, "services.insight")
    async with replicas(postgres_url) as (old, new):
        new.clock.move(days=1)
        await until(done_by(new.service, "new"))
        old.clock.move(days=1)
        await until(done_by(new.service, "old"))
        await asyncio.sleep(1)
        assert await editions_of(new.service) == ["old"]


async def test_a_day_that_was_left_by_a_run_for_the_day_before_comes_back(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica whose clock is behind was asked for a run."""
    monkeypatch.setattr(sweep, "_LOOK_AGAIN_SECONDS", 0.1)
    await migrate(postgres_url, "services.insight")
    async with replicas(postgres_url) as (ahead, behind):
        ahead.clock.move(days=1)
        await until(lambda: is_in_force(ahead, TOMORROW))
        told = await (await behind.desk()).run()
        assert told.as_of.day == TODAY.day
        ahead.clock.move(minutes=16)
        await until(lambda: is_in_force(ahead, TOMORROW))


async def test_who_was_left_at_yesterday_by_a_clock_that_is_behind_comes_to_today(
    postgres_url: str,
) -> None:
    await migrate(postgres_url, "services.insight")
    feeds = WrittenFeed(), WrittenFeed()
    async with AsyncExitStack() as stack:
        ahead = await stack.enter_async_context(insight_reading(postgres_url, {}))
        service = await stack.enter_async_context(
            insight_reading(postgres_url, {"customer": feeds[0], "sales": feeds[1]})
        )
        behind = Insight(service, *feeds, service.clock)
        desk = await behind.desk()
        await behind.knows(
            *(customer_event(name) for name in TWELVE),
            *(confirmed(f"o-{name}", name, TODAY - timedelta(days=3)) for name in TWELVE),
        )
        ahead.clock.move(days=1)
        await until(done_by(ahead, edition(ZoneInfo("UTC"))))
        await behind.knows(confirmed("new", "c01", TODAY - timedelta(days=2)))
        assert await days_since_order(desk) == dict.fromkeys(TWELVE, 4) | {"c01": 2}
        behind.clock.move(days=1)
        await until(lambda: all_are_of(desk, TOMORROW))
        assert await days_since_order(desk) == dict.fromkeys(TWELVE, 4) | {"c01": 3}


async def days_since_order(desk: Desk) -> dict[str, int]:
    return {name: facts.days_since_order for name, facts in (await desk.all_facts()).items()}


async def all_are_of(desk: Desk, on: date) -> bool:
    return {each.as_of.day for each in (await desk.all_facts()).values()} == {on.day}


async def is_in_force(insight: Insight, day: Any) -> bool:
    async with insight.service.store.read(caller=SYSTEM) as tx:
        c = segmentations.c
        row = await tx.first(select(c.as_of).order_by(c.run_time.desc()).limit(1))
        return row is not None and row.as_of == day
