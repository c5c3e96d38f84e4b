"""What a service does when events of another service arrive: the interface its code fills in, and
which of its failures pass by themselves."""

from collections.abc import Sequence
from typing import Protocol

from guanxi.events.v1.event_feed_pb2 import Event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from services.chassis.errors import DomainError, Kind
from services.chassis.store import WriteTransaction
from services.chassis.store.postgres_errors import schema_differs

__all__ = ["Reaction", "is_passing"]

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
    """Applies events of one feed."""

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
