"""`guanxi import orders|customers|touchpoints FILE`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cli.connection import CommandError, plain_errors
from cli.imports.columns import parse_assignments
from cli.imports.refusals import Refusals
from cli.imports.result import Result, report
from cli.imports.run import Job, import_customers, import_orders, import_touchpoints
from cli.imports.sources import open_source

app = typer.Typer(
    no_args_is_help=True,
    help="Import a CSV file, plain or gzipped. Importing it again changes nothing.",
)

File = Annotated[Path, typer.Argument(help="CSV file with a header; .gz is read as it is.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds a field; repeatable."),
]
Mapping = Annotated[
    Path | None, typer.Option("--mapping", help="TOML file with the same pairs as --map.")
]
Zone = Annotated[str, typer.Option("--time-zone", help="Zone of times without an offset.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Encoding of the file.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything and change nothing.")]
Wait = Annotated[bool, typer.Option(help="Wait until segments and alerts are up to date.")]
Currency = Annotated[
    str, typer.Option("--currency", help="ISO 4217 code of amounts without a currency column.")
]


@app.command("orders")
def orders(
    file: File,
    currency: Currency = "USD",
    columns: Map = None,
    mapping: Mapping = None,
    time_zone: Zone = "UTC",
    encoding: Encoding = "utf-8-sig",
    dry_run: DryRun = False,
    wait: Wait = True,
) -> None:
    """Import order lines: one row a line; rows with the same order become one order.

    Fields: order, order_time, quantity, unit_price (all required), product, description,
    customer, customer_name, region, currency, exchange_rate, original_order, owner.
    """
    job = _job(file, columns, mapping, time_zone, encoding, dry_run, wait, currency)
    _run(job, import_orders)


@app.command("customers")
def customers(
    file: File,
    columns: Map = None,
    mapping: Mapping = None,
    time_zone: Zone = "UTC",
    encoding: Encoding = "utf-8-sig",
    dry_run: DryRun = False,
    wait: Wait = True,
) -> None:
    """Import customers, one a row.

    Fields: name (required), customer, kind, phones and emails (several separated by ;),
    industry, region, source, owner, team, lifecycle_stage, first_seen_time.
    """
    job = _job(file, columns, mapping, time_zone, encoding, dry_run, wait)
    _run(job, import_customers)


@app.command("touchpoints")
def touchpoints(
    file: File,
    columns: Map = None,
    mapping: Mapping = None,
    time_zone: Zone = "UTC",
    encoding: Encoding = "utf-8-sig",
    dry_run: DryRun = False,
    wait: Wait = True,
) -> None:
    """Import touchpoints, one a row.

    Fields: customer, type, touch_time (all required), touchpoint, channel, channel_detail,
    direction, subject, content, topics and products_of_concern (several separated by ;),
    duration_minutes, outcome, actor.
    """
    job = _job(file, columns, mapping, time_zone, encoding, dry_run, wait)
    _run(job, import_touchpoints)


def _job(
    file: Path,
    columns: list[str] | None,
    mapping: Path | None,
    time_zone: str,
    encoding: str,
    dry_run: bool,
    wait: bool,
    currency: str = "",
) -> Job:
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise CommandError(
            f"--time-zone {time_zone}: no such zone; try Europe/London or UTC."
        ) from None
    source = open_source(file, encoding)
    chosen = parse_assignments(columns or [], mapping)
    return Job(source, chosen, zone, currency, dry_run, wait)


def _run(job: Job, work: Callable[[Job], Awaitable[tuple[Result, Refusals]]]) -> None:
    async def main() -> tuple[Result, Refusals]:
        return await work(job)

    with plain_errors():
        result, refusals = asyncio.run(main())
    report(result, refusals, job.source, job.refused_path)
    if refusals.reasons:
        raise typer.Exit(3)
