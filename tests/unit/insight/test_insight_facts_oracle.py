"""The facts core and an independent computation in Polars agree row by row."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from services.insight.engine.model import FactColumns, compute_facts, population_of, score
from services.insight.segments.model import Population
from tests.support.fact_records import CustomerFacts, records
from tests.support.oracle import (
    Opinion,
    lines_frame,
    read_lines,
    recompute,
    signers_frame,
    touches_frame,
)
from tests.support.retail import Line, retail_lines, signers, touches, write_csv
from tests.support.retail_columns import (
    contact_columns,
    customer_columns,
    order_columns,
    touch_columns,
)

REAL_FILE = Path(__file__).parents[4] / "shared" / "data" / "online_retail.csv.gz"


@dataclass(frozen=True, slots=True)
class Source:
    """Lines to agree on, and the sums they are known to have, in minor units."""

    lines: Callable[[], pl.DataFrame]
    company_net: int | None = None
    identified_net: int | None = None


SOURCES = {
    "a small shop": Source(lambda: lines_frame(retail_lines(seed=1, invoices=120))),
    "regular customers": Source(
        lambda: lines_frame(retail_lines(seed=2, invoices=900, customers=60))
    ),
    "many customers": Source(lambda: lines_frame(retail_lines(seed=3, invoices=2_500))),
}
if REAL_FILE.exists():
    # 9,747,747.93 and 8,300,065.81 but for the four lines at 0.001, each of which rounds to 0.
    SOURCES["a real wholesaler"] = Source(lambda: read_lines(REAL_FILE), 974_774_793, 830_006_581)


@dataclass(frozen=True, slots=True)
class Case:
    """One source computed both ways."""

    customers: list[str]
    facts: FactColumns
    population: Population
    opinion: Opinion


@cache
def computed(source: Source, as_of: date, zone: str = "UTC") -> Case:
    """Both ways, with journeys for every second customer and records for every third."""
    frame = source.lines()
    lines = [Line(*row) for row in frame.with_columns(pl.col(pl.String).fill_null("")).iter_rows()]
    customers = sorted({line.customer_id for line in lines} - {""})
    journeys = touches(7, customers[::2])
    chains = signers(3, customers[::2])
    first_seen = {name: f"2010-{1 + int(name) % 12:02}-05 23:30:00" for name in customers[::3]}
    places = {customer: place for place, customer in enumerate(customers)}
    facts = compute_facts(
        order_columns(lines, places),
        touch_columns(journeys, places),
        contact_columns(chains, places),
        customer_columns(customers, first_seen),
        as_of=as_of,
        zone=ZoneInfo(zone),
        population=None,
    )
    population = population_of([facts])
    opinion = recompute(
        frame,
        touches_frame(journeys),
        signers_frame(chains),
        as_of=as_of,
        zone=zone,
        first_seen=first_seen,
    )
    return Case(customers, score(facts, population), population, opinion)


def differences(case: Case) -> list[str]:
    rows = {row["customer_id"]: row for row in case.opinion.facts.iter_rows(named=True)}
    assert list(rows) == case.customers
    return [
        f"{customer}: {name} is {ours!r}, the oracle says {theirs!r}"
        for customer, record in zip(case.customers, records(case.facts), strict=True)
        for name, ours, theirs in pairs(record, rows[customer])
        if not same(ours, theirs)
    ]


def pairs(record: CustomerFacts, row: dict[str, object]) -> list[tuple[str, object, object]]:
    return [(field.name, getattr(record, field.name), row[field.name]) for field in fields(record)]


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, IntEnum):
        return ours.name == theirs
    if isinstance(ours, datetime) and isinstance(theirs, datetime):
        return ours == theirs.replace(tzinfo=UTC)
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-14)
    return ours == theirs


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
@pytest.mark.parametrize(
    ("as_of", "zone"),
    [
        (date(2011, 12, 10), "UTC"),
        (date(2011, 6, 15), "America/New_York"),
    ],
)
def test_every_fact_of_every_customer_agrees_with_the_oracle(
    source: Source, as_of: date, zone: str
) -> None:
    case = computed(source, as_of, zone)

    assert differences(case) == []
    population, opinion = case.population, case.opinion
    assert population.buyer_count == opinion.buyers
    assert opinion.buyers > 10
    assert [
        population.recency_cut_points,
        population.frequency_cut_points,
        population.monetary_cut_points,
    ] == [
        tuple(float(cut) for cut in opinion.cut_points[column])
        for column in ("days_since_order", "purchase_days", "spend_total_minor")
    ]
    assert [
        population.lower_quartile_gap_days,
        population.median_gap_days,
        population.upper_quartile_gap_days,
    ] == [float(quartile) for quartile in opinion.gap_quartiles]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_what_customers_spent_adds_up_to_what_the_company_sold_to_them(source: Source) -> None:
    case = computed(source, date(2011, 12, 10))

    spent = int(case.facts.orders.spend_total_minor.sum())
    assert spent == case.opinion.identified_net
    assert source.identified_net in (None, spent)
    assert source.company_net in (None, case.opinion.company_net)


def test_before_anything_happened_nobody_has_bought() -> None:
    case = computed(SOURCES["a small shop"], date(2010, 11, 30))

    assert case.population.buyer_count == 0
    assert differences(case) == []


def test_lines_read_from_a_file_are_the_lines_generated(tmp_path: Path) -> None:
    lines = list(retail_lines(seed=4, invoices=150))
    read = read_lines(write_csv(lines, tmp_path / "lines.csv.gz"))

    assert read.equals(lines_frame(lines))


def test_the_generated_lines_have_every_quirk_of_the_real_ones() -> None:
    lines = list(retail_lines(seed=5, invoices=150))
    countries: dict[str, set[str]] = {}
    times: dict[str, set[str]] = {}
    for line in lines:
        countries.setdefault(line.customer_id, set()).add(line.country)
        times.setdefault(line.invoice, set()).add(line.invoice_time)
    countries.pop("")

    assert len(set(lines)) < len(lines)
    assert any(line.invoice.startswith("C") and line.quantity < 0 for line in lines)
    assert any(line.invoice.startswith("A") and line.unit_price[0] == "-" for line in lines)
    assert any(line.quantity < 0 and line.unit_price == "0.0" for line in lines)
    assert any(line.customer_id == "" for line in lines)
    assert any(len(line.unit_price.partition(".")[2]) == 3 for line in lines)
    assert any(len(places) > 1 for places in countries.values())
    assert any(len(found) > 1 for found in times.values())
    assert any(" " in line.stock_code for line in lines)
    assert any(line.stock_code != line.stock_code.upper() for line in lines)
    assert lines == list(retail_lines(seed=5, invoices=150))
