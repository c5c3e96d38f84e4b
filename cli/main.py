"""The commands and how their errors read."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from cli.alerts import alerts
from cli.brief import brief
from cli.connection import CommandError, Interrupted
from cli.feeds import app as feeds_app
from cli.imports.command import app as import_app
from cli.segments import segments

_INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it

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
    """Runs a command; what the user can mend is one sentence and exit code 1, and an interruption
    is one with 130."""
    try:
        app()
    except Interrupted as stopped:
        _end(str(stopped), _INTERRUPTED)
    except CommandError as error:
        _end(str(error), 1)
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:  # by Typer, where no command has a word to say
            _end("Stopped.", _INTERRUPTED)
        raise


def _end(sentence: str, code: int) -> NoReturn:
    print(f"guanxi: {sentence}", file=sys.stderr)
    sys.exit(code)
