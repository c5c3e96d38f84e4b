"""What a service follows: the events of another, with one reaction that keeps up to date what is
derived of them. A service that rebuilds beside what it serves has pullers of its own making."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from services.chassis.events.caught_up import CaughtUp
from services.chassis.events.derivation import Derivation
from services.chassis.events.parking import replay_all
from services.chassis.events.puller import FeedStub, Puller
from services.chassis.events.reaction import Reaction
from services.chassis.metrics import Metrics
from services.chassis.store import Store, WriteTransaction

__all__ = ["Follower", "Follows"]

# While others import, fewer and larger commits leave the processor to the import.
_EVENTS_AT_ONCE = 2_000


class Follower(Reaction, Protocol):
    """A reaction that can begin anew."""

    async def log_renewed(self, tx: WriteTransaction) -> None:
        """The feed's log begins anew and will tell all of it again.

        What is counted is emptied. What others read meanwhile, and who sees what by it, stays as
        it is: what the log tells, which is all that ever was, is kept beside it.
        """
        ...

    async def log_read(self, tx: WriteTransaction) -> None:
        """The log is read as far as it went: what it told is put in use."""
        ...


@dataclass(frozen=True, slots=True)
class Follows:
    """The service `reader` follows the events of the service `feed`."""

    reader: str
    feed: str
    reaction: Follower
    derivation: Derivation

    def puller(
        self, store: Store, feed: FeedStub, partitions: int, metrics: Metrics | None = None
    ) -> Puller:
        """What reads the events and applies them."""
        return Puller(
            store,
            self.feed,
            feed,
            consumer=self.reader,
            partitions=partitions,
            reaction=self.reaction,
            on_epoch_change=self.reaction.log_renewed,
            on_log_read=self.reaction.log_read,
            metrics=metrics,
            max_events=_EVENTS_AT_ONCE,
            derivation=self.derivation,
        )

    def tasks(
        self, store: Store, feed: FeedStub | None, partitions: int, metrics: Metrics | None = None
    ) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """The background task, where there is a feed to read."""
        return [] if feed is None else [self.puller(store, feed, partitions, metrics).run]

    def caught_up(self, store: Store, feed: FeedStub | None) -> CaughtUp:
        """Waits until the events are applied; without a feed there is nothing to wait for."""
        feeds = {} if feed is None else {self.feed: feed}
        return CaughtUp(store, feeds, lambda _: self.derivation.consumer(self.reader))

    async def replay(self, store: Store) -> None:
        """Applies the parked events again, oldest first; what still fails stays parked."""
        await replay_all(store, self.reaction)
