"""Reads a file in the tests as an import does, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from guanxi.customer.v1.touchpoints_pb2 import LogTouchpointRequest

from cli.imports import customers, orders, touchpoints
from cli.imports.columns import Columns, parse_assignments
from cli.imports.numbers import Decimals, Numbers
from cli.imports.orders import PendingOrder
from cli.imports.persons import expect_whole_names, with_employers
from cli.imports.reading import ANY_SECONDS, Reading, Style, looks_like_row
from cli.imports.refusals import Refusals
from cli.imports.sources import Form, Source, open_source
from cli.imports.survey import FIELDS, Survey, survey
from cli.imports.values import Times

_PLAIN = Form()
_ORDERS = Columns(FIELDS, {})
_STYLE = Style(Times(ZoneInfo("UTC")), Numbers())
WITH_CASE = replace(_STYLE, keys_with_case=True)


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with this content."""
    path.write_bytes(text.encode(encoding))
    return path


def opened(path: Path, form: Form = _PLAIN, columns: Columns = _ORDERS) -> Source:
    """The file, its header found."""
    return open_source(path, form, columns.known)


def surveyed(
    path: Path,
    *,
    refusals: Refusals | None = None,
    form: Form = _PLAIN,
    zone: str = "UTC",
    decimals: Decimals | None = None,
    thousands: bool = False,
    currency: str = "GBP",
    keys_with_case: bool = False,
    possible_seconds: range = ANY_SECONDS,
    repeated_rows: bool = False,
    names_may_differ: bool = False,
) -> tuple[Survey, Reading, Source]:
    """A file of order lines after its first reading."""
    source = opened(path, form)
    numbers = Numbers(decimals, thousands, mostly_point=source.delimiter == ",")
    style = Style(Times(ZoneInfo(zone)), numbers, currency, keys_with_case, possible_seconds)
    columns = _ORDERS.locate(source.header)
    source = replace(source, is_row=partial(looks_like_row, columns, style))
    reading = Reading(columns, style)
    noted = Refusals() if refusals is None else refusals
    found = survey(
        source, reading, noted, repeated_rows=repeated_rows, names_may_differ=names_may_differ
    )
    return found, reading, source


def collected(
    path: Path,
    *,
    form: Form = _PLAIN,
    decimals: Decimals | None = None,
    thousands: bool = False,
    currency: str = "GBP",
    keys_with_case: bool = False,
    refused: dict[str, str] | None = None,
    repeated_rows: bool = False,
    names_may_differ: bool = False,
) -> tuple[list[PendingOrder], Refusals]:
    """The orders of a file that would be sent, and what is refused."""
    refusals = Refusals()
    found, reading, source = surveyed(
        path,
        refusals=refusals,
        form=form,
        decimals=decimals,
        thousands=thousands,
        currency=currency,
        keys_with_case=keys_with_case,
        repeated_rows=repeated_rows,
        names_may_differ=names_may_differ,
    )
    collector = orders.Collector(reading, found, refusals=refusals, refused=refused or {})
    return list(collector.collect(source.rows())), refusals


def customers_of(
    path: Path, *, style: Style = _STYLE, assignments: Sequence[str] = ()
) -> tuple[list[customers.NewCustomer], Refusals]:
    """The customers of a file that would be sent, and what is refused or left out."""
    columns = Columns(customers.FIELDS, parse_assignments(assignments, None))
    source = opened(path, columns=columns)
    refusals = Refusals()
    located = with_employers(columns.locate(source.header), columns.chosen, source.header)
    expect_whole_names(located, source.header, source.rows())
    collector = customers.Collector(located, style, refusals=refusals)
    return collector.collect(source.rows(refusals.add_misfit)), refusals


def touchpoints_of(
    path: Path, *, style: Style = _STYLE
) -> tuple[list[LogTouchpointRequest], Refusals]:
    """The touchpoints of a file that would be sent, and what is refused."""
    columns = Columns(touchpoints.FIELDS, {})
    source = opened(path, columns=columns)
    refusals = Refusals()
    collector = touchpoints.Collector(columns.locate(source.header), style, refusals=refusals)
    numbered = collector.collect(source.rows(refusals.add_misfit))
    return [request for _, request in numbered], refusals


def touchpoint_ids(path: Path) -> list[str]:
    """The ids of the touchpoints of a file that has no fault."""
    found, refusals = touchpoints_of(path)
    assert not refusals.reasons
    return [request.touchpoint_id for request in found]
