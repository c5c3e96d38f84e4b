"""The commands and how their errors read."""

from __future__ import annotations

import sys

import typer

from cli.alerts import alerts
from cli.brief import brief
from cli.connection import CommandError
from cli.feeds import app as feeds_app
from cli.imports.command import app as import_app
from cli.segments import segments

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Guanxi from the command line: imports, briefs, alerts, segments.",
)
app.add_typer(import_app, name="import")
app.add_typer(feeds_app, name="feeds")
app.command()(brief)
app.command()(alerts)
app.command()(segments)


def main() -> None:
    """Runs a command; what the user can mend is one sentence and exit code 1."""
    try:
        app()
    except CommandError as error:
        print(f"guanxi: {error}", file=sys.stderr)
        sys.exit(1)
