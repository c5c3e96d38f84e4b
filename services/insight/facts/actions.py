"""Computes facts from their sources and writes them; reactions, runs and as-of answers share it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.chassis.store import AnyRow, WriteTransaction
from services.insight.facts import store
from services.insight.facts.model import FactColumns, compute_facts
from services.insight.facts.records import CustomerFacts, records
from services.insight.segments.model import Population
from services.insight.sources.selection import Selection
from services.insight.sources.store import Sources, load

__all__ = ["Day", "compute", "fact_rows", "refresh"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Day:
    """The business day that facts are computed for, and the zone that days are counted in."""

    date: date
    zone: ZoneInfo


async def refresh(
    tx: WriteTransaction, generation: int, who: Selection, day: Day, population: Population | None
) -> None:
    """Brings the facts of the selected customers up to date; those of deleted ones go."""
    sources = await load(tx, generation, who)
    rows = fact_rows(generation, sources, compute(sources, day, population))
    await store.save(tx, rows)
    gone = [row.customer for row in sources.customers if row.deleted]
    if gone:
        await store.remove(tx, generation, gone)


def compute(sources: Sources, day: Day, population: Population | None) -> FactColumns:
    """The facts of all customers of the sources, the deleted among them."""
    return compute_facts(
        sources.orders,
        sources.touches,
        sources.columns,
        as_of=day.date,
        zone=day.zone,
        population=population,
    )


def fact_rows(generation: int, sources: Sources, computed: FactColumns) -> list[dict[str, Any]]:
    """Rows of the facts table for the customers that are not deleted."""
    rows = []
    for source, values in zip(sources.customers, records(computed), strict=True):
        if not source.deleted:
            row = dict(zip(_COMPUTED, _values(values), strict=True))
            row.update(_from_record(source))
            row["generation"] = generation
            row["as_of"] = computed.as_of
            rows.append(row)
    return rows


# A record's fields are columns of the same name; the last purchase day is told by others.
_COMPUTED: Final = tuple(
    field.name for field in fields(CustomerFacts) if field.name in store.facts.columns
)
_CODES: Final = frozenset({"segment", "value_tier", "activity", "customer_class"})
_CHANNELS: Final = frozenset({"first_touch_channel", "last_touch_channel"})
_read: Final = attrgetter(*_COMPUTED)
_code_places: Final = tuple(_COMPUTED.index(name) for name in _COMPUTED if name in _CODES)
_channel_places: Final = tuple(_COMPUTED.index(name) for name in _COMPUTED if name in _CHANNELS)
_predictor_place: Final = _COMPUTED.index("predictor")


def _values(record: CustomerFacts) -> Sequence[Any]:
    values = list(_read(record))
    for place in _code_places:
        values[place] = int(values[place]) or None
    for place in _channel_places:
        values[place] = values[place].name if values[place] else ""
    values[_predictor_place] = int(values[_predictor_place])
    return values


def _from_record(source: AnyRow) -> Mapping[str, Any]:
    return {
        "customer": source.customer,
        "display_name": source.display_name,
        "kind": source.kind,
        "industry": source.industry,
        "region": source.region,
        "source": source.source,
        "owner": source.owner,
        "team": source.team,
        "lifecycle_stage": source.lifecycle_stage,
        "tags": (),
        "next_follow_up_time": None
        if source.next_follow_up_us is None
        else _EPOCH + timedelta(microseconds=source.next_follow_up_us),
    }
