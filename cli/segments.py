"""`guanxi segments`: how many customers are in each segment, and what they are worth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date
from typing import Annotated

import typer
from google.type.date_pb2 import Date
from guanxi.insight.v1 import facts_pb2, segments_pb2
from guanxi.insight.v1.segments_pb2_grpc import SegmentServiceStub
from rich.console import Console
from rich.table import Table

from cli.connection import CommandError, connect, plain_errors
from cli.formats import day, money, words

AsOf = Annotated[
    str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Business day; today if not given.")
]


def segments(as_of: AsOf = "") -> None:
    """Show the segments, their customers and their worth."""
    request = segments_pb2.ListSegmentsRequest(as_of=parse_day(as_of))

    async def main() -> segments_pb2.ListSegmentsResponse:
        async with connect() as connection:
            stub = SegmentServiceStub(connection.channel)
            return await stub.ListSegments(request, metadata=connection.metadata, timeout=60)

    with plain_errors():
        reply = asyncio.run(main())
    model = reply.segmentation
    table = Table(title=f"Segments as of {day(model.as_of)}", title_justify="left")
    for heading in ("segment", "customers", "spend in all", "spend in 365 days"):
        table.add_column(heading, justify="left" if heading == "segment" else "right")
    for segment in reply.segments:
        table.add_row(
            words(facts_pb2.RfmSegment.Name(segment.segment)),
            f"{segment.customer_count:,}",
            money(segment.spend_total),
            money(segment.spend_365d),
        )
    Console().print(table)
    counted = f"{model.buyer_count:,} buyers; " if model.HasField("buyer_count") else ""
    Console().print(
        f"{counted}cut points:"
        f" recency {_points(model.recency_cut_points)} days,"
        f" frequency {_points(model.frequency_cut_points)},"
        f" monetary {_points(model.monetary_cut_points)} {_currency(reply.segments)}"
    )


def parse_day(text: str) -> Date | None:
    """A day like 2026-03-31; None if the text is empty.

    Raises:
        CommandError: it is something else.
    """
    if not text:
        return None
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--as-of {text}: write the day like 2026-03-31.") from None
    return Date(year=value.year, month=value.month, day=value.day)


def _points(values: Iterable[float]) -> str:
    return " / ".join(f"{value:,.10g}" for value in values)


def _currency(segments: Iterable[segments_pb2.Segment]) -> str:
    return next((segment.spend_total.currency_code for segment in segments), "")
