"""Segments and predictions: cut points, members, windows, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from guanxi.insight.v1 import facts_pb2, predictions_pb2, segments_pb2

from services.chassis.errors import DomainError, Kind
from tests.support.insight import TODAY, Desk, Insight, confirmed, customer_event, day, until

LONG_AGO = date(2025, 3, 1)


async def five_buyers(insight: Insight) -> Desk:
    """Customer n bought on n days, the last n·10 days ago, for n·100 a time; and one prospect."""
    await insight.knows(
        *(customer_event(f"c{n}") for n in range(6)),
        *(
            confirmed(f"o{n}-{k}", f"c{n}", TODAY - timedelta(days=10 * (n + k)), 100 * n)
            for n in range(1, 6)
            for k in range(n)
        ),
    )
    desk = await insight.desk()
    await desk.run()
    return desk


async def test_a_run_stores_cut_points_and_scores_everyone(insight: Insight) -> None:
    desk = await five_buyers(insight)
    run = await desk.segments.GetSegmentation(segments_pb2.GetSegmentationRequest())
    assert (run.buyer_count, run.customer_count) == (5, 6)
    assert list(run.frequency_cut_points) == pytest.approx([1.8, 2.6, 3.4, 4.2])
    assert list(run.recency_cut_points) == pytest.approx([18, 26, 34, 42])
    assert list(run.monetary_cut_points) == pytest.approx([340, 700, 1180, 1780])
    assert run.median_gap_days == 10
    facts = await desk.all_facts()
    scores = {name: (each.r_score, each.f_score, each.m_score) for name, each in facts.items()}
    assert scores == {
        "c0": (0, 0, 0),
        "c1": (5, 1, 1),
        "c2": (4, 2, 2),
        "c3": (3, 3, 3),
        "c4": (2, 4, 4),
        "c5": (1, 5, 5),
    }
    assert facts["c0"].segment == facts_pb2.PROSPECTS
    assert facts["c5"].segment == facts_pb2.CANT_LOSE_THEM
    assert facts["c5"].value_tier == facts_pb2.HIGH


async def test_a_run_comes_by_itself_when_buyers_are_a_tenth_more(insight: Insight) -> None:
    desk = await insight.desk()
    await insight.knows(customer_event("ada"), confirmed("o1", "ada", LONG_AGO))

    async def scored() -> bool:
        return bool((await desk.facts_of("ada")).HasField("r_score"))

    await until(scored)


async def test_a_new_business_day_brings_a_run(insight: Insight) -> None:
    desk = await five_buyers(insight)
    insight.clock.move(days=1)

    async def a_day_later() -> bool:
        return (await desk.facts_of("c1")).as_of == day(TODAY + timedelta(days=1))

    await until(a_day_later)
    assert (await desk.facts_of("c1")).days_since_order == 11


async def test_segments_are_counted_with_their_worth(insight: Insight) -> None:
    desk = await five_buyers(insight)
    reply = await desk.segments.ListSegments(segments_pb2.ListSegmentsRequest())
    found = {each.name: each for each in reply.segments}
    assert len(found) == 12
    assert [each.segment for each in reply.segments] == list(range(1, 13))
    assert found["segments/cant-lose-them"].customer_count == 1
    assert found["segments/cant-lose-them"].spend_total.units == 2500
    assert found["segments/lost"].customer_count == 0
    assert found["segments/prospects"].customer_count == 1
    assert reply.segmentation.buyer_count == 5


async def test_counts_are_of_the_customers_in_sight(insight: Insight) -> None:
    await five_buyers(insight)
    rep = await insight.desk("users/eve", role="rep", team="teams/south")
    with pytest.raises(DomainError) as refused:
        await rep.segments.GetCustomerSegment(
            segments_pb2.GetCustomerSegmentRequest(name="customers/c5/segment")
        )
    assert refused.value.kind is Kind.NOT_FOUND
    reply = await rep.segments.ListSegments(segments_pb2.ListSegmentsRequest())
    assert sum(each.customer_count for each in reply.segments) == 0


async def test_a_customers_segment_comes_with_its_evidence(insight: Insight) -> None:
    desk = await five_buyers(insight)
    found = await desk.segments.GetCustomerSegment(
        segments_pb2.GetCustomerSegmentRequest(name="customers/c4/segment")
    )
    assert (found.r_score, found.f_score, found.m_score) == (2, 4, 4)
    assert found.segment == facts_pb2.AT_RISK
    assert found.activity == facts_pb2.DORMANT
    assert found.customer_class == facts_pb2.DORMANT_CUSTOMER
    assert (found.days_since_order, found.purchase_days) == (40, 4)
    assert found.spend_total.units == 1600
    assert found.segmentation.buyer_count == 5


async def test_members_come_most_valuable_first(insight: Insight) -> None:
    desk = await five_buyers(insight)
    await insight.knows(
        customer_event("rich"),
        *(confirmed(f"r{k}", "rich", TODAY - timedelta(days=50 + k), 999) for k in range(5)),
    )
    request = segments_pb2.ListSegmentCustomersRequest(
        parent="segments/cant-lose-them", page_size=1
    )
    names = []
    while True:
        reply = await desk.segments.ListSegmentCustomers(request)
        names += [each.name for each in reply.customers]
        if not reply.next_page_token:
            break
        request.page_token = reply.next_page_token
    assert names == ["customers/rich/segment", "customers/c5/segment"]


async def test_an_unknown_segment_is_not_found(desk: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.segments.ListSegmentCustomers(
            segments_pb2.ListSegmentCustomersRequest(parent="segments/the-best")
        )
    assert refused.value.kind is Kind.NOT_FOUND


async def test_another_day_is_measured_by_its_own_cut_points(insight: Insight) -> None:
    desk = await five_buyers(insight)
    then = day(TODAY - timedelta(days=35))
    run = await desk.segments.GetSegmentation(segments_pb2.GetSegmentationRequest(as_of=then))
    assert run.buyer_count == 3
    assert not run.HasField("run_time")
    reply = await desk.segments.ListSegments(segments_pb2.ListSegmentsRequest(as_of=then))
    assert reply.segmentation == run
    assert sum(each.customer_count for each in reply.segments) == 6
    one = await desk.segments.GetCustomerSegment(
        segments_pb2.GetCustomerSegmentRequest(name="customers/c4/segment", as_of=then)
    )
    assert one.days_since_order == 5
    assert one.segmentation == run


async def test_a_page_token_of_members_belongs_to_its_segment(insight: Insight) -> None:
    desk = await five_buyers(insight)
    await insight.knows(customer_event("x"), customer_event("y"))
    request = segments_pb2.ListSegmentCustomersRequest(parent="segments/prospects", page_size=1)
    request.page_token = (await desk.segments.ListSegmentCustomers(request)).next_page_token
    request.parent = "segments/lost"
    with pytest.raises(DomainError) as refused:
        await desk.segments.ListSegmentCustomers(request)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"


async def monthly_buyer(insight: Insight, customer: str = "ada", last: int = 25) -> None:
    await insight.knows(
        customer_event(customer),
        *(
            confirmed(f"{customer}{k}", customer, TODAY - timedelta(days=last + 30 * k))
            for k in range(6)
        ),
    )


async def test_a_prediction_comes_with_its_evidence(insight: Insight, desk: Desk) -> None:
    await monthly_buyer(insight)
    found = await desk.predictions.GetPrediction(
        predictions_pb2.GetPredictionRequest(name="customers/ada/prediction")
    )
    expected = day(TODAY + timedelta(days=5))
    assert found.predictor == predictions_pb2.Prediction.CYCLE
    assert (found.window_start, found.window_end) == (expected, expected)
    assert found.window_expected == expected
    assert found.gap_count == 5
    assert found.confidence == pytest.approx(5 / 8)
    assert found.cycles_since_order == pytest.approx(25 / 30)


async def test_a_window_of_another_day(insight: Insight, desk: Desk) -> None:
    await monthly_buyer(insight)
    then = TODAY - timedelta(days=30)
    found = await desk.predictions.GetPrediction(
        predictions_pb2.GetPredictionRequest(name="customers/ada/prediction", as_of=day(then))
    )
    assert found.gap_count == 4
    assert found.window_expected == day(TODAY - timedelta(days=25))


async def test_due_customers_come_earliest_first(insight: Insight, desk: Desk) -> None:
    await monthly_buyer(insight, "soon", last=25)
    await monthly_buyer(insight, "now", last=30)
    await monthly_buyer(insight, "later", last=5)
    await monthly_buyer(insight, "missed", last=50)

    async def due(**arguments: object) -> list[str]:
        request = predictions_pb2.ListDueCustomersRequest(**arguments)  # type: ignore[arg-type]  # any
        reply = await desk.predictions.ListDueCustomers(request)
        return [each.name.split("/")[1] for each in reply.predictions]

    assert await due() == ["now", "soon"]
    assert await due(within_days=0) == ["now"]
    assert await due(within_days=30) == ["now", "soon", "later"]
    assert await due(include_overdue=True) == ["missed", "now", "soon"]
    assert await due(as_of=day(TODAY - timedelta(days=20)), within_days=0) == ["missed"]


async def test_due_customers_are_paged(insight: Insight, desk: Desk) -> None:
    await monthly_buyer(insight, "soon", last=25)
    await monthly_buyer(insight, "now", last=30)
    request = predictions_pb2.ListDueCustomersRequest(page_size=1)
    first = await desk.predictions.ListDueCustomers(request)
    request.page_token = first.next_page_token
    second = await desk.predictions.ListDueCustomers(request)
    assert [each.name for each in second.predictions] == ["customers/soon/prediction"]
    assert second.next_page_token == ""
    request.within_days = 3
    with pytest.raises(DomainError) as refused:
        await desk.predictions.ListDueCustomers(request)
    assert refused.value.reason == "PAGE_TOKEN_MISMATCH"


async def test_no_prediction_of_an_unknown_customer(desk: Desk) -> None:
    with pytest.raises(DomainError) as refused:
        await desk.predictions.GetPrediction(
            predictions_pb2.GetPredictionRequest(name="customers/nobody/prediction")
        )
    assert refused.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize("role", ["rep", "manager"])
async def test_how_many_the_company_has_is_told_to_nobody_who_does_not_see_them(
    insight: Insight, role: str
) -> None:
    whole = await five_buyers(insight)
    eve = await insight.desk("users/eve", role=role, team="teams/south")
    await insight.knows(customer_event("hers", owner="users/eve", team="teams/south"))
    segments = await eve.segments.ListSegments(segments_pb2.ListSegmentsRequest())
    one = segments_pb2.GetCustomerSegmentRequest(name="customers/hers/segment")
    for told in (
        await eve.segments.GetSegmentation(segments_pb2.GetSegmentationRequest()),
        segments.segmentation,
        (await eve.segments.GetCustomerSegment(one)).segmentation,
    ):
        assert not told.HasField("customer_count")
        assert not told.HasField("buyer_count")
        assert len(told.monetary_cut_points) == 4
    with pytest.raises(DomainError) as refused:
        await eve.run()
    assert refused.value.kind is Kind.PERMISSION_DENIED
    assert (await whole.run()).customer_count == 7
