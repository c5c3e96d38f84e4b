"""Replaying all that is parked, which failures pass by themselves, and what is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from structlog.testing import capture_logs

from services.chassis.errors import DomainError, Kind
from services.chassis.events import list_parked
from services.chassis.events.cursors import Cursors
from services.chassis.events.parking import forget_parked, forget_parked_of, park, replay_all
from services.chassis.events.reaction import is_passing, passes_in_time
from services.chassis.store import Store, WriteTransaction
from tests.support.feeds import KeepingReaction, applied_texts
from tests.support.notes import SYSTEM, NoteAdded, opened

WHY = ValueError("it could not be applied")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


async def set_aside(store: Store, *texts: str, error: Exception = WHY, **of: str) -> None:
    """Parks an event for each text, whose position is the text's number."""
    named = {"consumer": "insight", "feed": "sales", "epoch": "e", **of}

    async def work(tx: WriteTransaction) -> None:
        for text in texts:
            payload = NoteAdded(name=f"notes/{text}", text=text).SerializeToString()
            event = Event(position=int(text), payload=payload, type="tests.NoteAdded")
            await park(tx, store.tables, event, error, **named)

    await store.write(work, caller=SYSTEM)


async def parked(store: Store) -> list[tuple[str, str, str]]:
    async with store.read(caller=SYSTEM) as tx:
        found = await list_parked(tx, store.tables)
    texts = (NoteAdded.FromString(each.event.payload).text for each in found)
    return [(each.feed, each.epoch, text) for each, text in zip(found, texts, strict=True)]


async def has_read(store: Store, feed: str, epoch: str) -> None:
    """The reader has read the log of this epoch."""
    cursors = Cursors(store.tables, consumer="insight", feed=feed, partition_count=1)

    async def work(tx: WriteTransaction) -> None:
        await cursors.prepare(tx)
        await cursors.move(tx, await cursors.load(tx, 0), position=9, epoch=epoch)

    await store.write(work, caller=SYSTEM)


async def test_all_are_applied_oldest_first_and_what_still_fails_stays(store: Store) -> None:
    await set_aside(store, "3", "1", "2")
    reaction = KeepingReaction(poison={"1"})
    with capture_logs() as logs:
        await replay_all(store, reaction)
    assert await applied_texts(store) == ["3", "2"]
    assert await parked(store) == [("sales", "e", "1")]
    assert [each["event"] for each in logs] == [
        "applied",
        "still can't be applied",
        "applied",
        "replayed",
    ]
    assert (logs[1]["log_level"], logs[1]["error"]) == ("error", "can't apply 1")
    assert logs[0]["type"] == "tests.NoteAdded"
    assert (logs[-1]["applied"], logs[-1]["still_parked"]) == (2, 1)


async def test_an_event_of_a_log_that_was_not_read_yet_is_applied(store: Store) -> None:
    await set_aside(store, "1")
    await has_read(store, "customer", "another")
    await replay_all(store, KeepingReaction())
    assert await applied_texts(store) == ["1"]


async def test_an_event_of_a_log_that_was_read_since_is_not(store: Store) -> None:
    await set_aside(store, "1", epoch="before")
    await has_read(store, "sales", "now")
    await replay_all(store, KeepingReaction())
    assert await parked(store) == [("sales", "before", "1")]


class ForgettingReaction(KeepingReaction):
    """Says of an event whether it needs a snapshot, and keeps whether it had one."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshots: list[bool] = []

    def needs_snapshot(self, events: Sequence[Event]) -> bool:
        return [event.position for event in events] != [2]

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        self.snapshots.append(tx.snapshot)


async def test_a_replayed_event_has_a_snapshot_unless_its_reaction_does_without(
    store: Store,
) -> None:
    await set_aside(store, "1", "2")
    reaction = ForgettingReaction()
    await replay_all(store, reaction)
    assert reaction.snapshots == [True, False]


async def test_a_long_error_is_kept_as_far_as_2000_characters(store: Store) -> None:
    await set_aside(store, "1", error=ValueError("x" * 5_000))
    async with store.read(caller=SYSTEM) as tx:
        (each,) = await list_parked(tx, store.tables)
    assert each.error == f"ValueError: {'x' * 5_000}"[:2_000]


async def test_an_event_that_is_parked_again_is_parked_once_and_others_stay(store: Store) -> None:
    await set_aside(store, "1", "2")
    await set_aside(store, "1", feed="customer")
    await set_aside(store, "1", epoch="another")
    await set_aside(store, "1", consumer="insight.2")
    await set_aside(store, "1")
    assert sorted(await parked(store)) == [
        ("customer", "e", "1"),
        ("sales", "another", "1"),
        ("sales", "e", "1"),
        ("sales", "e", "1"),
        ("sales", "e", "2"),
    ]


async def test_what_was_parked_of_other_epochs_goes_and_of_other_feeds_and_readers_stays(
    store: Store,
) -> None:
    await set_aside(store, "1", epoch="before")
    await set_aside(store, "2", epoch="now")
    await set_aside(store, "3", epoch="before", feed="customer")
    await set_aside(store, "4", epoch="before", consumer="insight.2")
    await store.write(
        lambda tx: forget_parked(
            tx, store.tables, consumer="insight", feed="sales", other_than="now"
        ),
        caller=SYSTEM,
    )
    assert [text for *_, text in await parked(store)] == ["2", "3", "4"]


async def test_parked_events_of_a_resource_are_forgotten_and_counted(store: Store) -> None:
    await set_aside(store, "1", "2", "12")
    gone = await store.write(
        lambda tx: forget_parked_of(tx, store.tables, ["notes/1", "notes/2"]), caller=SYSTEM
    )
    assert gone == 2
    assert [text for *_, text in await parked(store)] == ["12"]


def from_database(kind: type[Any]) -> Exception:
    error: Exception = kind("select 1", {}, Exception("as the driver says"))
    return error


@pytest.mark.parametrize(
    "error",
    [
        *(
            DomainError(kind, "REASON", "passes")
            for kind in (
                Kind.ABORTED,
                Kind.CANCELLED,
                Kind.DEADLINE_EXCEEDED,
                Kind.RESOURCE_EXHAUSTED,
                Kind.UNAVAILABLE,
            )
        ),
        from_database(OperationalError),
        from_database(InterfaceError),
        ConnectionResetError("reset"),
        TimeoutError("late"),
        MemoryError(),
    ],
)
def test_what_passes_by_itself_is_no_fault_of_the_event(error: Exception) -> None:
    assert is_passing(error)
    assert passes_in_time(error)


@pytest.mark.parametrize(
    "error",
    [
        *(
            DomainError(kind, "REASON", "stays")
            for kind in (
                Kind.NOT_FOUND,
                Kind.INVALID_ARGUMENT,
                Kind.FAILED_PRECONDITION,
                Kind.ALREADY_EXISTS,
                Kind.PERMISSION_DENIED,
            )
        ),
        from_database(ProgrammingError),
        ValueError("of the event"),
        KeyError("of the event"),
    ],
)
def test_what_would_fail_again_is_laid_to_the_event(error: Exception) -> None:
    assert not is_passing(error)
    assert not passes_in_time(error)
