"""A feed's log that is replaced while generations read it: each finds out for itself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from guanxi.insight.v1 import facts_pb2, feeds_pb2
from sqlalchemy import select

from services.chassis.caller import Caller
from services.chassis.errors import DomainError
from services.insight.engine.generations import Generations
from services.insight.feeds import actions
from services.insight.feeds.model import Rebuild, RebuildState
from services.insight.feeds.places import FeedPlaces
from services.insight.feeds.store import active_generation, rebuilds
from services.insight.sources.customers import CUSTOMERS
from services.insight.sources.registered import DERIVATION
from services.insight.sources.store import RECORDS
from tests.support.insight import TODAY, Insight, confirmed, customer_event, late_buyer, until

CAUGHT_UP = (("guanxi-consistency", "caught-up"),)
SYSTEM = Caller.system("test")
OURS = DERIVATION.consumer("insight")
YESTERDAY = TODAY - timedelta(days=1)


async def test_a_log_replaced_while_two_generations_read_it_is_read_into_a_third(
    insight: Insight,
) -> None:
    """Whichever finds out first: the rebuild that held the old log never comes into use."""
    desk = await insight.desk()
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", YESTERDAY, 7))
    insight.sales.reachable = False
    await desk.feeds.StartRebuild(feeds_pb2.StartRebuildRequest())

    async def both_read() -> bool:
        return await generations_in(insight) == [1, 2]

    await until(both_read)
    insight.customer.replace("second", customer_event("bob"))

    async def given_up() -> bool:
        return [each.state for each in await rebuilds_of(insight)] == [
            RebuildState.FAILED,
            RebuildState.RUNNING,
        ]

    await until(given_up)
    assert set(await desk.all_facts()) == {"ada"}  # until the third has all of it
    insight.sales.reachable = True

    async def in_use() -> bool:
        return (
            set(await desk.all_facts()) == {"ada", "bob"}
            and (await rebuilds_of(insight))[-1].state is RebuildState.DONE
        )

    await until(in_use)
    # Of her there is an order only: the customer service has nobody of that name any more.
    assert (await desk.facts_of("bob")).orders_total == 0
    assert [each.generation for each in await rebuilds_of(insight)] == [2, 3]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["in use first", "rebuilt first"])
async def test_whoever_finds_out_first_one_rebuild_follows(
    insight: Insight, order: tuple[int, int]
) -> None:
    insight.customer.reachable = insight.sales.reachable = False
    database = insight.service.store
    await database.write(lambda tx: actions.start_rebuild(tx, OURS), caller=SYSTEM)
    for generation in order:
        found_out = partial(
            actions.start_over, generation=generation, feed="customer", derivation=OURS
        )
        await database.write(found_out, caller=SYSTEM)
    assert [(each.generation, each.state) for each in await rebuilds_of(insight)] == [
        (2, RebuildState.FAILED),
        (3, RebuildState.RUNNING),
    ]


async def test_an_answer_of_a_log_that_was_replaced_has_not_caught_up(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generation in use reads the new log, too, and knows better than what it says."""
    desk = await insight.desk()
    await insight.knows(customer_event("ada"), customer_event("ada", region="west"))
    has_caught_up, held = FeedPlaces.has_caught_up, True

    async def but_not_yet(self: FeedPlaces, generation: int) -> bool:
        return not held and await has_caught_up(self, generation)

    monkeypatch.setattr(FeedPlaces, "has_caught_up", but_not_yet)
    insight.customer.replace("second", customer_event("ada", region="east"))
    request = facts_pb2.GetCustomerFactsRequest(name="customers/ada/facts")
    with pytest.raises(DomainError, match="being rebuilt") as behind:
        await desk.facts.GetCustomerFacts(request, metadata=CAUGHT_UP, timeout=4)
    assert behind.value.reason == "NOT_CAUGHT_UP"
    held = False
    facts_now = await desk.facts.GetCustomerFacts(request, metadata=CAUGHT_UP)
    assert facts_now.region == "east"


@pytest.mark.parametrize("gone", ["bob", "zoe"], ids=["among others", "behind the last"])
async def test_alerts_of_who_is_known_no_more_end(insight: Insight, gone: str) -> None:
    """The log is a backup's, of before they came."""
    desk = await insight.desk()
    await late_buyer(insight, gone)
    await insight.knows(customer_event("ada"), customer_event("max"))

    async def alerted() -> bool:
        return bool(await desk.open_alerts(f'customer = "customers/{gone}"'))

    async def ended() -> bool:
        return set(await desk.all_facts()) == {"ada", "max"} and not await alerted()

    await until(alerted)
    insight.customer.replace("second", customer_event("ada"), customer_event("max"))
    insight.sales.replace("second", confirmed("o1", "ada", YESTERDAY))
    await until(ended)


async def test_an_answer_that_caught_up_is_never_of_the_log_that_was_replaced(
    insight: Insight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process looks a few times a second only whether another generation is in use."""
    desk = await insight.desk()
    await insight.knows(customer_event("ada"), customer_event("ada", region="west"))

    async def late(generations: Generations) -> int:
        return generations.active

    monkeypatch.setattr(Generations, "refresh", late)
    insight.customer.replace("second", customer_event("ada", region="east"))

    async def switched() -> bool:
        async with insight.service.store.read(caller=SYSTEM) as tx:
            return await active_generation(tx) == 2

    await until(switched)
    request = facts_pb2.GetCustomerFactsRequest(name="customers/ada/facts")
    assert (await desk.facts.GetCustomerFacts(request)).region == "west"
    told = await desk.facts.GetCustomerFacts(request, metadata=CAUGHT_UP, timeout=8)
    assert told.region == "east"


async def rebuilds_of(insight: Insight) -> list[Rebuild]:
    """All that were begun, oldest first."""
    oldest_first = rebuilds.all.order_by(rebuilds.c.generation)
    async with insight.service.store.read(caller=SYSTEM) as tx:
        return [rebuilds.of_row(row) for row in await tx.all(oldest_first)]


async def generations_in(insight: Insight) -> list[int]:
    """Those that have customers."""
    c = RECORDS.table(CUSTOMERS).c
    async with insight.service.store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(c.generation).distinct().order_by(c.generation))
    return [row.generation for row in rows]
