"""A feed without a network, and a reaction that keeps what it was given, for tests of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from guanxi.events.v1.event_feed_pb2 import (
    Event,
    GetHeadRequest,
    GetHeadResponse,
    PullRequest,
    PullResponse,
)
from sqlalchemy import Column, Integer, Table, Text, delete, insert, select

from services.chassis.caller import Caller, acting_as
from services.chassis.errors import DomainError
from services.chassis.events import EventFeed, EventLog, Puller, Reaction, Sequencer
from services.chassis.store import Shared, Store, WriteTransaction
from tests.support.databases import Databases
from tests.support.notes import SYSTEM, NoteAdded, chassis, emit, metadata, opened
from tests.support.running import running

applied = Table(
    "applied",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("text", Text, nullable=False),
    info={"sight": Shared()},
)


@dataclass(frozen=True, slots=True)
class CallContext:
    """As much of gRPC's context as the feed looks at."""

    seconds: float | None = None

    def time_remaining(self) -> float | None:
        return self.seconds


@dataclass(slots=True)
class DirectFeed:
    """Calls the feed in the same process; `failures` are raised first, one a call."""

    feed: EventFeed
    failures: list[Exception] = field(default_factory=list)
    calls: list[PullRequest] = field(default_factory=list)

    async def Pull(
        self,
        request: PullRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> PullResponse:
        self.calls.append(request)
        if self.failures:
            raise self.failures.pop()
        context: Any = CallContext(timeout)
        with acting_as(Caller(f"services/{request.consumer}")):
            return await self.feed.Pull(request, context)

    async def GetHead(
        self,
        request: GetHeadRequest,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - gRPC's own parameter
    ) -> GetHeadResponse:
        if self.failures:
            raise self.failures.pop()
        return await self.feed.GetHead(request, None)


@dataclass(slots=True)
class KeepingReaction(Reaction):
    """Keeps a row for each event; an event whose text is in `poison` fails its whole batch."""

    poison: set[str] = field(default_factory=set)
    failures: list[DomainError] = field(default_factory=list)

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        rows = [_row(event) for event in events]
        await tx.run_many(insert(applied), rows)
        if self.failures:
            raise self.failures.pop()
        for row in rows:
            if row["text"] in self.poison:
                raise ValueError(f"can't apply {row['text']}")

    async def forget(self, tx: WriteTransaction) -> None:
        await tx.run(delete(applied))


async def write_events(store: Store, *texts: str, note: str = "") -> None:
    """Commits one event for each text, about the note, or about a note named like the text."""

    async def work(tx: WriteTransaction) -> None:
        for text in texts:
            emit(tx, note or f"notes/{text}", text)

    await store.write(work, caller=SYSTEM)


async def applied_texts(store: Store) -> list[str]:
    """The texts of all applied events, in the order they were applied."""
    async with store.read(caller=SYSTEM) as tx:
        return [row.text for row in await tx.all(select(applied).order_by(applied.c.number))]


async def kept_positions(store: Store) -> list[int]:
    """Where the events stand that a producer's log still has, in order of writing."""
    log = chassis.event_log
    async with store.read(caller=SYSTEM) as tx:
        rows = await tx.all(select(log.c.position).order_by(log.c.sequence))
    return [row.position for row in rows]


def names(first: int, last: int) -> list[str]:
    """Texts for events, in order: `007`."""
    return [f"{number:03}" for number in range(first, last)]


@dataclass(slots=True)
class Reading:
    """A producer with a sequenced log, and a reader with a store of its own."""

    producer: Store
    log: EventLog
    store: Store
    stub: DirectFeed
    reaction: KeepingReaction
    producer_url: str
    reader_url: str

    def puller(self, **options: Any) -> Puller:
        """A puller for the reader, not running yet."""
        chosen = {
            "consumer": "insight",
            "partitions": 4,
            "wait_seconds": 0.5,
            "reaction": self.reaction,
            "on_epoch_change": self.reaction.forget,
            **options,
        }
        return Puller(chosen.pop("store", self.store), "sales", self.stub, **chosen)

    async def write(self, *texts: str, note: str = "") -> None:
        await write_events(self.producer, *texts, note=note)

    async def until(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """Waits for what has been applied to be as expected; returns it."""
        # Rows have no event to wait for, hence the poll.
        async with asyncio.timeout(15):
            while not holds(texts := await applied_texts(self.store)):  # noqa: ASYNC110 - it has no event of its own
                await asyncio.sleep(0.01)
        return texts


@asynccontextmanager
async def reading(databases: Databases) -> AsyncIterator[Reading]:
    """A producer and a reader in databases of their own, the producer's sequencer running."""
    producer_url, reader_url = databases.new(), databases.new()
    async with opened(producer_url) as producer, opened(reader_url) as store:
        log = await EventLog.open(producer)
        async with running(Sequencer(log).run):
            stub = DirectFeed(EventFeed(log))
            yield Reading(producer, log, store, stub, KeepingReaction(), producer_url, reader_url)


def _row(event: Event) -> dict[str, Any]:
    text = NoteAdded.FromString(event.payload).text
    return {"position": event.position, "note": event.aggregate_id, "text": text}
