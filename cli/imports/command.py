"""`guanxi import orders|customers|touchpoints FILE`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from cli.connection import CommandError, Interrupted, plain_errors
from cli.imports.job import Job, Options
from cli.imports.numbers import Decimals
from cli.imports.refusals import Refusals
from cli.imports.result import Result, SoFar, report
from cli.imports.run import import_customers, import_orders, import_touchpoints
from cli.imports.sources import Form
from cli.imports.values import said_twice

app = typer.Typer(
    no_args_is_help=True,
    help="Import a CSV file, plain or gzipped. Importing it again changes nothing.",
)

_ROWS_REFUSED = 3
_TABS = ("tab", "\\t")


@dataclass(frozen=True, slots=True)
class _Shared:
    """The options of every import, as typer reads them."""

    file: Annotated[Path, typer.Argument(help="CSV file with a header; .gz is read as it is.")]
    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Which column holds a field; repeatable, also for phones, emails and other"
            " lists. FIELD= leaves a field empty.",
        ),
    ] = None
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="TOML file with the same pairs as --map.")
    ] = None
    encoding: Annotated[
        str,
        typer.Option(
            help="Encoding of the file: gb18030, windows-1252. Found by its byte order mark, else"
            " UTF-8."
        ),
    ] = ""
    delimiter: Annotated[
        str, typer.Option(help="What stands between cells: ';', 'tab'. Found out if not given.")
    ] = ""
    header_line: Annotated[
        int,
        typer.Option(
            min=0,
            help="Line that names the columns, counted from 1: 4. Found out if not given, also"
            " below a title.",
        ),
    ] = 0
    time_zone: Annotated[
        str,
        typer.Option(
            help="Zone of times without an offset: Europe/Berlin. The company's if not given."
        ),
    ] = ""
    date_format: Annotated[
        str,
        typer.Option(
            help="How times are written, as strftime has it: '%d.%m.%Y %H:%M'. Like 2026-03-31"
            " 17:05 if not given."
        ),
    ] = ""
    decimal: Annotated[
        Decimals | None,
        typer.Option(help="What stands before decimals: comma, if 7,50 is seven and a half."),
    ] = None
    thousands: Annotated[
        bool,
        typer.Option(
            "--thousands",
            help="Thousands are separated in whole numbers too: 4,180 (or 4.180 with --decimal"
            " comma) is 4180.",
        ),
    ] = False
    keys_with_case: Annotated[
        bool,
        typer.Option(
            "--keys-with-case",
            help="Customers' keys that differ only in case are different customers. Say it in"
            " every import, or in none.",
        ),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and change nothing.")
    ] = False
    wait: Annotated[bool, typer.Option(help="Wait until segments and alerts are up to date.")] = (
        True
    )

    def options(
        self, currency: str = "", *, repeated_rows: bool = False, names_may_differ: bool = False
    ) -> Options:
        """What they mean, with what is said of orders. Raises CommandError."""
        delimiter = "\t" if self.delimiter.lower() in _TABS else self.delimiter
        if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
            raise CommandError(f"--delimiter {self.delimiter}: give one character, or tab.")
        if self.date_format and "%" not in self.date_format:
            raise CommandError(
                f"--date-format {self.date_format}: write it as strftime has it, such as"
                " '%d.%m.%Y %H:%M'."
            )
        if twice := said_twice(self.date_format):
            raise CommandError(f"--date-format {self.date_format}: {twice} is there twice.")
        return Options(
            file=self.file,
            form=Form(self.encoding, delimiter, self.header_line),
            columns=self.map or (),
            mapping=self.mapping,
            time_zone=self.time_zone,
            date_format=self.date_format,
            decimals=self.decimal,
            thousands=self.thousands,
            keys_with_case=self.keys_with_case,
            currency=currency,
            dry_run=self.dry_run,
            wait=self.wait,
            repeated_rows=repeated_rows,
            names_may_differ=names_may_differ,
        )


def _with_shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the shared options in place of its first parameter, and before its own:
    typer reads a signature, and this is the one place that writes it."""

    def call(**given: Any) -> None:
        shared = {each.name: given.pop(each.name) for each in fields(_Shared)}
        command(_Shared(**shared), **given)

    own = list(inspect.signature(command).parameters.values())[1:]
    hints = get_type_hints(_Shared, include_extras=True)
    hints |= get_type_hints(command, include_extras=True)
    shared = inspect.signature(_Shared).parameters.values()
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # what Typer reads; no type has it
        [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name])
            for each in (*shared, *own)
        ]
    )
    call.__annotations__ = {each.name: hints[each.name] for each in (*shared, *own)}
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    return call


@app.command("orders")
@_with_shared_options
def orders(
    shared: _Shared,
    currency: Annotated[
        str,
        typer.Option(
            help="ISO 4217 code of amounts without a currency column: EUR. The company's base"
            " currency if not given."
        ),
    ] = "",
    repeated_rows: Annotated[
        bool,
        typer.Option(
            "--repeated-rows",
            help="Rows of an order that come again elsewhere in the file, alone or with others,"
            " are more of its lines, and not those of a second export.",
        ),
    ] = False,
    names_may_differ: Annotated[
        bool,
        typer.Option(
            "--names-may-differ",
            help="A key is one customer's, however different the names are that come with it, and"
            " also if it is 0.",
        ),
    ] = False,
) -> None:
    """Import order lines: one row a line; rows with the same order become one order.

    Fields: order, order_time, quantity, unit_price (all required), product, description,
    customer, customer_name, region, currency, exchange_rate, original_order, seller.
    What an order has once may be given on its first row only.

    Exits with 0 if everything went in, with 3 if rows were refused, with 1 if nothing was done or
    it stopped: a sentence says why; with 130 if it was interrupted. Run it again.
    """
    options = shared.options(
        currency, repeated_rows=repeated_rows, names_may_differ=names_may_differ
    )
    _run(options, import_orders)


@app.command("customers")
@_with_shared_options
def customers(shared: _Shared) -> None:
    """Import customers, one a row.

    Fields: name, or given_name and family_name (one of them is required), company, customer, kind,
    phones and emails (several separated by ;), industry, region, source, owner, team,
    lifecycle_stage, first_seen_time.

    Exits with 0 if everything went in, with 3 if rows were refused, with 1 if nothing was done or
    it stopped: a sentence says why; with 130 if it was interrupted. Run it again.
    """
    _run(shared.options(), import_customers)


@app.command("touchpoints")
@_with_shared_options
def touchpoints(shared: _Shared) -> None:
    """Import touchpoints, one a row.

    Fields: customer, type, touch_time (all required), touchpoint, channel, channel_detail,
    direction, subject, content, topics and products_of_concern (several separated by ;),
    duration_minutes, outcome, actor.

    Exits with 0 if everything went in, with 3 if rows were refused, with 1 if nothing was done or
    it stopped: a sentence says why; with 130 if it was interrupted. Run it again.
    """
    _run(shared.options(), import_touchpoints)


def _run(
    options: Options, work: Callable[[Options, SoFar], Awaitable[tuple[Job, Result, Refusals]]]
) -> None:
    so_far = SoFar()

    async def main() -> tuple[Job, Result, Refusals]:
        return await work(options, so_far)

    try:
        with plain_errors():
            job, result, refusals = asyncio.run(main())
    except KeyboardInterrupt:
        raise Interrupted(so_far.told(dry_run=options.dry_run)) from None
    report(job, result, refusals)
    if refusals.reasons:
        raise typer.Exit(_ROWS_REFUSED)
