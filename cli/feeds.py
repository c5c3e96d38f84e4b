"""`guanxi feeds`: how far insight has read, parked events, rebuilds."""

from __future__ import annotations

import asyncio
from typing import Annotated

import grpc
import typer
from guanxi.insight.v1 import feeds_pb2
from guanxi.insight.v1.feeds_pb2_grpc import FeedServiceStub
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connection import (
    CommandError,
    Connection,
    connect,
    plain_errors,
    retry_after_seconds,
    status_of,
)

app = typer.Typer(no_args_is_help=True, help="How far insight has read the other services' events.")
_console = Console()
_POLL_SECONDS = 0.2
_CAUGHT_UP_SECONDS = 900.0


@app.command("list")
def list_feeds() -> None:
    """Show position, head and lag of every feed."""

    async def main() -> feeds_pb2.ListFeedsResponse:
        async with connect() as connection:
            return await _list(connection)

    with plain_errors():
        reply = asyncio.run(main())
    table = Table("feed", "position", "head", "lag", "seconds", "reachable", "parked")
    for feed in reply.feeds:
        table.add_row(
            feed.name.removeprefix("feeds/"),
            f"{feed.position:,}",
            f"{feed.head_position:,}",
            f"{feed.lag_positions:,}",
            f"{feed.lag_seconds:.1f}",
            "yes" if feed.reachable else "no",
            f"{feed.parked_count:,}",
        )
    _console.print(table)


@app.command("wait")
def wait() -> None:
    """Return when insight has read everything."""

    async def main() -> None:
        async with connect() as connection:
            await wait_until_caught_up(connection)

    with plain_errors():
        asyncio.run(main())


@app.command("parked")
def parked() -> None:
    """Show the events that could not be applied."""

    async def main() -> feeds_pb2.ListParkedEventsResponse:
        async with connect() as connection:
            stub = FeedServiceStub(connection.channel)
            return await stub.ListParkedEvents(
                feeds_pb2.ListParkedEventsRequest(page_size=1000),
                metadata=connection.metadata,
                timeout=10,
            )

    with plain_errors():
        reply = asyncio.run(main())
    table = Table("name", "feed", "position", "type", "about", "error")
    for event in reply.parked_events:
        table.add_row(
            event.name,
            event.feed,
            str(event.position),
            event.type,
            event.aggregate_id,
            escape(event.error),
        )
    _console.print(table)


@app.command("replay")
def replay(
    name: Annotated[str, typer.Argument(help="parkedEvents/… as shown by `feeds parked`.")],
) -> None:
    """Apply a parked event again, after its cause is mended."""

    async def main() -> None:
        async with connect() as connection:
            await FeedServiceStub(connection.channel).ReplayParkedEvent(
                feeds_pb2.ReplayParkedEventRequest(name=name),
                metadata=connection.metadata,
                timeout=60,
            )

    with plain_errors():
        asyncio.run(main())
    _console.print(f"{name} is applied.")


@app.command("rebuild")
def rebuild() -> None:
    """Rebuild everything that insight derived, from position 0; answers go on meanwhile."""

    async def main() -> feeds_pb2.Rebuild:
        async with connect() as connection:
            stub = FeedServiceStub(connection.channel)
            state = await stub.StartRebuild(
                feeds_pb2.StartRebuildRequest(), metadata=connection.metadata, timeout=30
            )
            while state.state == feeds_pb2.Rebuild.RUNNING:
                await asyncio.sleep(_POLL_SECONDS)
                state = await stub.GetRebuild(
                    feeds_pb2.GetRebuildRequest(), metadata=connection.metadata, timeout=10
                )
            return state

    with plain_errors():
        state = asyncio.run(main())
    if state.state != feeds_pb2.Rebuild.DONE:
        raise CommandError(f"The rebuild failed, the old state is in use: {state.error}")
    _console.print(f"Rebuilt from {state.applied_events:,} events.")


async def wait_until_caught_up(connection: Connection) -> None:
    """Returns when insight has applied every event of every feed. One that is away is waited for.

    Raises:
        CommandError: it has not after 15 minutes.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + _CAUGHT_UP_SECONDS
    while loop.time() < give_up_at:
        if await _has_caught_up(connection):
            return
        await asyncio.sleep(_POLL_SECONDS)
    raise CommandError("Insight has not caught up after 15 minutes; see `guanxi feeds list`.")


async def _has_caught_up(connection: Connection) -> bool:
    try:
        reply = await _list(connection)
    except grpc.aio.AioRpcError as error:
        # The gateway answers, and says that another try is worth it: insight starts again.
        if retry_after_seconds(status_of(error)) is None:
            raise
        return False
    return all(feed.reachable and feed.lag_positions == 0 for feed in reply.feeds)


async def _list(connection: Connection) -> feeds_pb2.ListFeedsResponse:
    stub = FeedServiceStub(connection.channel)
    return await stub.ListFeeds(
        feeds_pb2.ListFeedsRequest(), metadata=connection.metadata, timeout=10
    )
