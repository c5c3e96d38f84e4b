"""Segments and segmentations ↔ messages; no rule, no SQL."""

from collections.abc import Iterator, Mapping

from guanxi.insight.v1 import facts_pb2, segments_pb2

from services.chassis import money
from services.chassis.caller import Caller
from services.chassis.dates import to_date
from services.chassis.store import AnyRow
from services.chassis.timestamps import to_timestamp
from services.insight.facts.messages import to_money
from services.insight.numbers.codes import RfmSegment
from services.insight.segments.model import Segmentation, Totals

__all__ = [
    "customer_segment",
    "for_caller",
    "ran",
    "segment_name",
    "segment_of",
    "segmentation",
    "segments",
]


def segment_name(segment: RfmSegment) -> str:
    """`segments/cant-lose-them`."""
    return f"segments/{segment.name.lower().replace('_', '-')}"


def segment_of(name: str) -> RfmSegment | None:
    """The segment of a name, if there is one."""
    return next((each for each in RfmSegment if each and segment_name(each) == name), None)


def segments(totals: Mapping[int, Totals], currency: str) -> Iterator[segments_pb2.Segment]:
    """All segments in the contract's order, empty ones included."""
    for segment in RfmSegment:
        if not segment:
            continue
        total = totals.get(segment, Totals(0, 0, 0))
        yield segments_pb2.Segment(
            name=segment_name(segment),
            segment=facts_pb2.RfmSegment.ValueType(segment.value),
            customer_count=total.customer_count,
            spend_total=to_money(total.spend_total_minor, currency),
            spend_365d=to_money(total.spend_365d_minor, currency),
        )


def customer_segment(row: AnyRow, currency: str) -> segments_pb2.CustomerSegment:
    """The segment of a row of facts, with its evidence but for the segmentation."""
    return segments_pb2.CustomerSegment(
        name=f"{row.customer}/segment",
        as_of=to_date(row.as_of),
        segment=row.segment,
        value_tier=row.value_tier,
        activity=row.activity,
        customer_class=row.customer_class,
        r_score=row.r_score,
        f_score=row.f_score,
        m_score=row.m_score,
        days_since_order=row.days_since_order,
        purchase_days=row.purchase_days,
        spend_total=to_money(row.spend_total_minor, currency),
        cycles_since_order=row.cycles_since_order,
    )


def segmentation(run: Segmentation | None, currency: str) -> segments_pb2.Segmentation:
    """What a run measured; before the first run, only the name."""
    message = segments_pb2.Segmentation(name="segmentation")
    if run is None:
        return message
    population = run.population
    unit = 10 ** money.exponent(currency)
    message.as_of.CopyFrom(to_date(population.as_of))
    if run.run_time is not None:
        message.run_time.CopyFrom(to_timestamp(run.run_time))
    message.buyer_count = population.buyer_count
    message.customer_count = population.customer_count
    message.recency_cut_points.extend(population.recency_cut_points)
    message.frequency_cut_points.extend(population.frequency_cut_points)
    message.monetary_cut_points.extend(each / unit for each in population.monetary_cut_points)
    for quartile in ("lower_quartile_gap_days", "median_gap_days", "upper_quartile_gap_days"):
        days = getattr(population, quartile)
        if days is not None:
            setattr(message, quartile, days)
    return message


def for_caller(message: segments_pb2.Segmentation, caller: Caller) -> segments_pb2.Segmentation:
    """What a caller is told of it: how many the company has only where they see them all."""
    if not caller.sees_company:
        message.ClearField("buyer_count")
        message.ClearField("customer_count")
    return message


def ran(run: Segmentation, currency: str) -> segments_pb2.SegmentationRan:
    return segments_pb2.SegmentationRan(segmentation=segmentation(run, currency))
