"""Who is of another day, and for whom one is computed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from guanxi.customer.v1 import customers_pb2
from guanxi.insight.v1 import facts_pb2, predictions_pb2, segments_pb2
from guanxi.sales.v1 import orders_pb2

from services.chassis.errors import DomainError, Kind
from services.insight.asof.store import OtherDays
from tests.support.insight import confirmed, customer_event, day, touch
from tests.support.other_days import CUSTOMERS, OTHER, THEN, Counted

REQUESTS: dict[str, Any] = {
    "facts": facts_pb2.GetCustomerFactsRequest,
    "segment": segments_pb2.GetCustomerSegmentRequest,
    "prediction": predictions_pb2.GetPredictionRequest,
}


async def test_nothing_is_computed_for_who_is_not_in_sight_or_not_at_all(buyers: Counted) -> None:
    rep = await buyers.insight.desk("users/eve", role="rep", team="teams/south")
    await buyers.insight.knows(customer_event("gone", customers_pb2.CustomerDeleted))
    for ask, customer in ((rep, "c3"), (await buyers.desk(), "no-such"), (rep, "gone")):
        for name, call in (
            ("facts", ask.facts.GetCustomerFacts),
            ("segment", ask.segments.GetCustomerSegment),
            ("prediction", ask.predictions.GetPrediction),
        ):
            with pytest.raises(DomainError) as unseen:
                await call(REQUESTS[name](name=f"customers/{customer}/{name}", as_of=day(THEN)))
            assert unseen.value.kind is Kind.NOT_FOUND
            assert unseen.value.metadata["resource"] == f"customers/{customer}/{name}"
    assert buyers.computed() == 0


async def test_what_callers_who_have_gone_asked_for_is_there_for_the_next(
    buyers: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a day that takes longer than anybody waits would be computed again and again."""
    compute, go = OtherDays._compute, asyncio.Event()

    async def slow(self: OtherDays, *arguments: Any) -> Any:
        computed = await compute(self, *arguments)
        await go.wait()
        return computed

    monkeypatch.setattr(OtherDays, "_compute", slow)
    desk, request = await buyers.desk(), facts_pb2.ListCustomerFactsRequest(as_of=day(THEN))
    for _ in range(3):
        with pytest.raises(DomainError) as late:
            await desk.facts.ListCustomerFacts(request, timeout=0.3)
        assert late.value.kind is Kind.DEADLINE_EXCEEDED
    go.set()
    assert len(await buyers.then()) == CUSTOMERS
    assert buyers.computed() == CUSTOMERS


async def test_a_day_knows_nobody_who_was_met_after_it(buyers: Counted) -> None:
    """However they are known now: by their record, by an order or by a touchpoint."""
    after = THEN + timedelta(days=1)
    await buyers.insight.knows(
        customer_event("new", first_seen=after),
        customer_event("imported", first_seen=after),
        customer_event("called", first_seen=after),
        customer_event("that-day", first_seen=THEN),
        touch("t1", "called", THEN, "CALL"),
        confirmed("o-imported", "imported", THEN - timedelta(days=9)),
        confirmed("o-unrecorded", "unrecorded", after),
    )
    met = {*(f"c{n}" for n in range(1, CUSTOMERS + 1)), "imported", "called", "that-day"}
    assert set(await buyers.then()) == met
    assert set(await buyers.then(after)) == {*met, "new", "unrecorded"}

    desk = await buyers.desk()
    assert (await desk.facts_of("called", THEN)).contacts_90d == 1
    for name in ("new", "unrecorded"):
        with pytest.raises(DomainError) as unmet:
            await desk.facts_of(name, THEN)
        assert unmet.value.kind is Kind.NOT_FOUND
    found = await desk.segments.ListSegments(segments_pb2.ListSegmentsRequest(as_of=day(THEN)))
    assert found.segmentation.customer_count == len(met)
    assert sum(each.customer_count for each in found.segments) == len(met)
    prospects = await desk.segments.ListSegmentCustomers(
        segments_pb2.ListSegmentCustomersRequest(parent="segments/prospects", as_of=day(THEN))
    )
    assert {each.name for each in prospects.customers} == {
        "customers/called/segment",
        "customers/that-day/segment",
    }


async def test_who_turns_out_to_have_been_met_joins_a_day_that_is_kept(buyers: Counted) -> None:
    await buyers.insight.knows(customer_event("new", first_seen=OTHER))
    assert "new" not in await buyers.then()
    await buyers.insight.knows(confirmed("early", "new", THEN))
    assert (await buyers.then())["new"].orders_total == 1
    await buyers.insight.knows(confirmed("early", "new", THEN, event=orders_pb2.OrderCancelled))
    assert "new" not in await buyers.then()
