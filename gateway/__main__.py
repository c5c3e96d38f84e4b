"""`python -m gateway serve` runs the gateway; `python -m gateway keys …` makes and revokes keys."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway import main as gateway
from gateway.settings import GatewaySettings
from gateway.signin.keys import KeysError, create_key, read_keys, revoke_key
from services.chassis.process.server import run
from services.chassis.settings import SettingsError

app = typer.Typer(help="The gateway of the suite.", no_args_is_help=True, add_completion=False)
keys = typer.Typer(help="API keys: who may call, as whom.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@app.command()
def serve() -> None:
    """Serve REST, gRPC and event streams until SIGTERM or Ctrl-C."""
    sys.exit(run(gateway.serve))


@keys.command()
def create(
    subject: Annotated[str, typer.Argument(help="Whose key it is: users/ann")],
    role: Annotated[list[str], typer.Option(help="A role of services/roles.toml; repeatable.")],
    team: Annotated[list[str] | None, typer.Option(help="teams/north; repeatable.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Only these permissions: sales.orders.read, sales.*.*; repeatable."),
    ] = None,
    days: Annotated[int | None, typer.Option(help="Expires after so many days.", min=1)] = None,
) -> None:
    """Make a key and print it. It is shown once: only its hash is kept."""
    now = datetime.now(UTC)
    made = create_key(
        _settings().api_keys_file,
        subject,
        roles=role,
        teams=team or (),
        scopes=scope,
        expire_time=None if days is None else now + timedelta(days=days),
        now=now,
    )
    typer.echo(made)


@keys.command("list")
def list_keys() -> None:
    """List all keys, without their secrets."""
    table = Table(
        Column("id", no_wrap=True),
        Column("subject", no_wrap=True),
        "roles",
        "teams",
        "scopes",
        "created",
        "expires",
        "state",
    )
    now = datetime.now(UTC)
    for key in read_keys(_settings().api_keys_file):
        state = "live" if key.live_at(now) else "revoked" if key.revoke_time else "expired"
        table.add_row(
            key.id,
            key.subject,
            ", ".join(key.roles),
            ", ".join(key.teams),
            "all" if key.scopes is None else ", ".join(key.scopes),
            key.create_time[:19],
            (key.expire_time or "never")[:19],
            state,
        )
    Console().print(table)


@keys.command()
def revoke(identifier: Annotated[str, typer.Argument(help="The id, as `list` shows it.")]) -> None:
    """Make a key worthless; running gateways notice within a second."""
    revoke_key(_settings().api_keys_file, identifier, datetime.now(UTC))
    typer.echo(f"revoked {identifier}")


def _settings() -> GatewaySettings:
    return GatewaySettings.load()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; what stops it is said in a sentence."""
    try:
        app(args=None if arguments is None else list(arguments))
    except (KeysError, SettingsError) as error:
        typer.echo(error, err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
