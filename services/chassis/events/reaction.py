"""What a service does when events of another service arrive: the interface its code fills in, and
which of its failures pass by themselves."""

from collections.abc import Sequence
from typing import Protocol

from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from services.chassis.errors import DomainError, Kind
from services.chassis.store import WriteTransaction
from services.chassis.store.postgres_errors import schema_differs
from services.chassis.store.too_large import is_too_large

__all__ = ["Reaction", "is_passing", "passes_in_time"]

_PASSING = frozenset(
    {
        Kind.ABORTED,
        Kind.CANCELLED,
        Kind.DEADLINE_EXCEEDED,
        Kind.RESOURCE_EXHAUSTED,
        Kind.UNAVAILABLE,
    }
)


class Reaction(Protocol):
    """Applies events of one feed; implemented by a class of this base."""

    def needs_snapshot(self, events: Sequence[Event]) -> bool:
        """Whether these events are applied to what was committed before the first statement.

        Not where they make a reaction `forget` or `erase`: a snapshot hides what others commit
        meanwhile, for whom a statement has waited. Then each statement sees what is committed by
        then, and the reaction locks what it reads and changes (`Records.lock`).
        """
        return True

    async def apply(self, tx: WriteTransaction, events: Sequence[Event]) -> None:
        """Derives what follows from the events, in the transaction that moves the cursor.

        Events come in the order of their log, several aggregates mixed. Whatever is raised, nothing
        of the batch is kept; then a passing failure is tried again, and any other is narrowed down
        to the event that causes it, which is parked. An event may arrive again: after a new epoch,
        and when it is replayed, which may be later than events that followed it.
        """
        ...


def is_passing(error: Exception) -> bool:
    """Whether the same events may succeed later: no fault of theirs, so nothing is parked."""
    if isinstance(error, DomainError):
        return error.kind in _PASSING
    if isinstance(error, DBAPIError) and schema_differs(error):
        return True
    return isinstance(error, OperationalError | InterfaceError | OSError | MemoryError)


def passes_in_time(error: Exception) -> bool:
    """Whether the same work may succeed later by itself: as `is_passing`, but for a statement that
    is too large for its database. That is no fault of any event, and stays until somebody acts."""
    return is_passing(error) and not is_too_large(error)
