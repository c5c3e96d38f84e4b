"""A feed without a network, and a reaction that keeps what it was given, for tests of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from guanxi.events.v1.event_feed_pb2 import Event, PullRequest, PullResponse
from sqlalchemy import Column, Integer, Table, Text, delete, insert, select

from services.chassis.errors import DomainError
from services.chassis.events import EventFeed
from services.chassis.store import Store, WriteTransaction
from tests.support.notes import SYSTEM, NoteAdded, emit, metadata

applied = Table(
    "applied",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("text", Text, nullable=False),
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
        return await self.feed.Pull(request, context)


@dataclass(slots=True)
class KeepingReaction:
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


def _row(event: Event) -> dict[str, Any]:
    text = NoteAdded.FromString(event.payload).text
    return {"position": event.position, "note": event.aggregate_id, "text": text}
