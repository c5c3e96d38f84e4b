"""`guanxi alerts`: whom to call and why; with --watch as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import grpc
import typer
from guanxi.insight.v1 import alerts_pb2, rules_pb2
from guanxi.insight.v1.alerts_pb2_grpc import AlertServiceStub
from rich.console import Console

from cli.connection import Connection, connect, plain_errors

_console = Console()
_RECONNECT_SECONDS = 1.0
_STYLES = {rules_pb2.CRITICAL: "bold red", rules_pb2.WARNING: "yellow", rules_pb2.NOTICE: ""}


def alerts(
    watch: Annotated[bool, typer.Option("--watch", help="Go on with what happens next.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only those assigned to you.")] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="Show at most this many open alerts.")
    ] = 50,
) -> None:
    """Show open alerts, the most severe first."""

    async def main() -> None:
        async with connect() as connection:
            if watch:
                await _show_and_watch(connection, limit, mine)
            else:
                await _show_open(connection, limit, mine)

    with plain_errors():
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            _console.print("Stopped watching.")


async def _show_open(connection: Connection, limit: int, mine: bool) -> list[alerts_pb2.Alert]:
    reply = await AlertServiceStub(connection.channel).ListAlerts(
        alerts_pb2.ListAlertsRequest(
            filter="state = OPEN OR state = ACKNOWLEDGED", page_size=limit, assigned_to_me=mine
        ),
        metadata=connection.metadata,
        timeout=10,
    )
    for alert in reply.alerts:
        _print(alert)
    if not reply.alerts:
        _console.print("No open alerts.")
    if reply.next_page_token:
        _console.print(f"… and more; these are the first {len(reply.alerts)}.")
    return list(reply.alerts)


async def _show_and_watch(connection: Connection, limit: int, mine: bool) -> None:
    """The stream is open before the list is asked for, so that nothing is lost between them; what
    both have is shown once."""
    shown: dict[str, int] | None = None
    async for message in _changes(connection, mine):
        if shown is None:
            alerts = await _show_open(connection, limit, mine)
            shown = {alert.name: alert.update_time.ToNanoseconds() for alert in alerts}
        if not message.HasField("alert"):
            continue  # where the stream begins
        change = alerts_pb2.WatchAlertsResponse.Change.Name(message.change).lower()
        if not message.alert.text_en:
            _print_parting(message.alert, change.replace("_", " "))
        elif message.alert.update_time.ToNanoseconds() > shown.get(message.alert.name, -1):
            _print(message.alert, change)


async def _changes(
    connection: Connection, mine: bool
) -> AsyncIterator[alerts_pb2.WatchAlertsResponse]:
    """Follows the stream and, when it breaks, goes on where it stopped."""
    request = alerts_pb2.WatchAlertsRequest(assigned_to_me=mine)
    stub = AlertServiceStub(connection.channel)
    while True:
        try:
            async for message in stub.WatchAlerts(request, metadata=connection.metadata):
                request.resume_token = message.resume_token
                yield message
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or not request.resume_token:
                raise
        await asyncio.sleep(_RECONNECT_SECONDS)


def _print(alert: alerts_pb2.Alert, change: str = "") -> None:
    severity = rules_pb2.Severity.Name(alert.severity)
    _console.print(
        f"{change:<9}{severity:<8} {alert.customer_display_name or alert.customer}"
        f" ({alert.customer}): {alert.text_en}",
        style=_STYLES.get(alert.severity, ""),
        highlight=False,
        markup=False,
    )
    _console.print(
        f"         {alert.rule}, {alert.assignee or 'nobody'}, {alert.name}", style="dim"
    )


def _print_parting(alert: alerts_pb2.Alert, change: str) -> None:
    """Of an alert that the caller sees no more they are told which one it was, and nothing else."""
    _console.print(f"{change}: {alert.rule}, {alert.name}", style="dim", highlight=False)
