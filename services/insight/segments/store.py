"""Stored segmentations: cut points and population values, by generation and business day.

The newest run of a generation is in force; of a day, only its last run is kept: with when it was
done with everyone, and in which edition, that is, by what code.
"""

from datetime import date
from typing import Any, Final

from sqlalchemy import (
    Column,
    Date,
    Double,
    Integer,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    delete,
    func,
    select,
    update,
)

from services.chassis.lists.listing import Listing, Page
from services.chassis.lists.paging import Query
from services.chassis.store import (
    AnyRow,
    Json,
    Name,
    ReadTransaction,
    Shared,
    UtcTime,
    WriteTransaction,
    upsert,
)
from services.chassis.store.wide_sum import wide_sum, wide_total
from services.insight.facts.store import facts, of_generation
from services.insight.metadata import metadata
from services.insight.numbers.codes import RfmSegment
from services.insight.segments.model import Made, Population, Segmentation, Totals

__all__ = [
    "finish",
    "is_done",
    "latest",
    "made",
    "of_day",
    "page_of_segment",
    "remove",
    "save",
    "segmentations",
    "totals",
]

segmentations = Table(
    "segmentations",
    metadata,
    Column("generation", Integer, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("run_time", UtcTime, nullable=False),
    Column("end_time", UtcTime),
    Column("edition", Name, nullable=False),
    Column("customer_count", Integer, nullable=False),
    Column("buyer_count", Integer, nullable=False),
    Column("recency_cut_points", Json, nullable=False),
    Column("frequency_cut_points", Json, nullable=False),
    Column("monetary_cut_points", Json, nullable=False),
    Column("lower_quartile_gap_days", Double),
    Column("median_gap_days", Double),
    Column("upper_quartile_gap_days", Double),
    PrimaryKeyConstraint("generation", "as_of"),
    info={"sight": Shared()},
)


_OF_GENERATION: Final = select(segmentations).where(
    segmentations.c.generation == bindparam("generation")
)
_LATEST: Final = _OF_GENERATION.order_by(segmentations.c.run_time.desc()).limit(1)
_OF_DAY: Final = _OF_GENERATION.where(segmentations.c.as_of == bindparam("day"))
_DONE: Final = select(segmentations.c.end_time).where(
    segmentations.c.generation == bindparam("generation"),
    segmentations.c.as_of == bindparam("day"),
    segmentations.c.edition == bindparam("by"),
)
_FINISH: Final = (
    update(segmentations)
    .where(
        segmentations.c.generation == bindparam("of"),
        segmentations.c.run_time == bindparam("begun"),
    )
    .values(end_time=bindparam("ended"))
)
_TOTALS: Final = (
    select(
        facts.c.segment,
        func.count().label("customer_count"),
        *wide_sum(facts.c.spend_total_minor, "spend_total_minor"),
        *wide_sum(facts.c.spend_365d_minor, "spend_365d_minor"),
    )
    .where(of_generation, facts.c.segment.is_not(None))
    .group_by(facts.c.segment)
)
_MEMBERS: Final = Query(
    fields={},
    order={"spend_total": facts.c.spend_total_minor},
    default_order="spend_total desc",
    tie_breaker=facts.c.customer,
)
_POPULATION: Final = (
    "customer_count",
    "buyer_count",
    "recency_cut_points",
    "frequency_cut_points",
    "monetary_cut_points",
    "lower_quartile_gap_days",
    "median_gap_days",
    "upper_quartile_gap_days",
)


async def latest(tx: ReadTransaction, generation: int) -> Segmentation | None:
    """The run in force; None before the first."""
    row = await tx.first(_LATEST, {"generation": generation})
    return None if row is None else _segmentation(row)


async def of_day(tx: ReadTransaction, generation: int, day: date) -> Segmentation | None:
    """The last run of a business day, if there was one."""
    row = await tx.first(_OF_DAY, {"generation": generation, "day": day})
    return None if row is None else _segmentation(row)


async def is_done(tx: ReadTransaction, generation: int, day: date, edition: str) -> bool:
    """Whether the last run of a day is done with everyone, and was made in an edition."""
    parameters = {"generation": generation, "day": day, "by": edition}
    return await tx.scalar(_DONE, parameters) is not None


async def made(tx: ReadTransaction, generation: int) -> Made | None:
    """How the run in force was made; None before the first."""
    row = await tx.first(_LATEST, {"generation": generation})
    if row is None:
        return None
    return Made(row.as_of, row.run_time, row.edition, done=row.end_time is not None)


async def finish(tx: WriteTransaction, generation: int, run: Segmentation) -> None:
    """Says that a run is done with everyone; where another one has taken its place, nothing."""
    parameters = {"of": generation, "begun": run.run_time, "ended": tx.now}
    await tx.run(_FINISH, parameters)


async def save(tx: WriteTransaction, generation: int, run: Segmentation, edition: str) -> None:
    """Puts a segmentation in force, from which its run is yet to score everyone."""
    population = run.population
    row: dict[str, Any] = {name: getattr(population, name) for name in _POPULATION}
    row |= {"generation": generation, "as_of": population.as_of, "run_time": run.run_time}
    row |= {"end_time": None, "edition": edition}
    await tx.run(upsert(tx.dialect, segmentations, key=("generation", "as_of")), row)


async def remove(tx: WriteTransaction, generation: int) -> None:
    """Removes what the runs of a generation have stored."""
    await tx.run(delete(segmentations).where(segmentations.c.generation == generation))


async def page_of_segment(
    tx: ReadTransaction,
    generation: int,
    segment: RfmSegment,
    listing: Listing,
) -> Page[AnyRow]:
    """A page of a segment's customers, the most valuable first. Raises INVALID_ARGUMENT."""
    members = select(facts).where(
        facts.c.generation == generation, facts.c.segment == segment.value
    )
    found = _MEMBERS.page(members, listing)
    return found.cut(await tx.all(found.statement))


async def totals(tx: ReadTransaction, generation: int) -> dict[int, Totals]:
    """Number of customers in sight and their worth, by the segment's number."""
    rows = await tx.all(_TOTALS, {"generation": generation})
    return {
        row.segment: Totals(
            row.customer_count,
            wide_total(row, "spend_total_minor"),
            wide_total(row, "spend_365d_minor"),
        )
        for row in rows
    }


def _segmentation(row: AnyRow) -> Segmentation:
    return Segmentation(
        Population(
            as_of=row.as_of,
            customer_count=row.customer_count,
            buyer_count=row.buyer_count,
            recency_cut_points=tuple(row.recency_cut_points),
            frequency_cut_points=tuple(row.frequency_cut_points),
            monetary_cut_points=tuple(row.monetary_cut_points),
            lower_quartile_gap_days=row.lower_quartile_gap_days,
            median_gap_days=row.median_gap_days,
            upper_quartile_gap_days=row.upper_quartile_gap_days,
        ),
        row.run_time,
    )
