"""Waits until this service has applied what its producers had committed when it was asked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, select

from services.chassis import context
from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.events.puller import FeedStub
from services.chassis.events.waiting import Head, head_of, waiting_in
from services.chassis.store import AnyRow, Store

__all__ = ["CaughtUp", "waits_until"]

_LONGEST_SECONDS: Final = 10.0
_SPARE_SECONDS: Final = 0.1  # for the answer itself
_FIRST_PAUSE_SECONDS: Final = 0.005
_LONGEST_PAUSE_SECONDS: Final = 0.1
_SYSTEM: Final = Caller.system("caught-up")


def waits_until() -> float:
    """Until when, by the loop's clock, a read may wait and still be answered in time."""
    remaining = context.remaining_seconds()
    seconds = _LONGEST_SECONDS if remaining is None else remaining - _SPARE_SECONDS
    return asyncio.get_running_loop().time() + seconds


class CaughtUp:
    """Knows the feeds of one service, and under which name its cursors on a feed are kept."""

    def __init__(
        self, store: Store, feeds: Mapping[str, FeedStub], consumer_of: Callable[[str], str]
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._consumer_of = consumer_of
        cursors = store.tables.feed_cursors
        self._cursors = (
            select(cursors.c.position, cursors.c.epoch)
            .where(
                cursors.c.consumer == bindparam("reader"), cursors.c.feed == bindparam("producer")
            )
            .order_by(cursors.c.partition)
        )

    async def wait(self) -> None:
        """Returns once every feed is applied up to where it ends now.

        Raises UNAVAILABLE (NOT_CAUGHT_UP) where that takes longer than the caller waits, or a
        producer can't be asked; the metadata says of which feed how much is applied.
        """
        until = waits_until()
        await asyncio.gather(*(self._wait_for(feed, until) for feed in self._feeds))

    async def _wait_for(self, feed: str, until: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            head = await head_of(self._feeds[feed], within_seconds=until - loop.time())
        except (DomainError, OSError) as error:
            applied = min((row.position for row in await self._read(feed)), default=0)
            raise _not_caught_up(feed, applied, None) from error
        pause = _FIRST_PAUSE_SECONDS
        while True:
            positions = _positions(await self._read(feed), head)
            if await self._is_applied(feed, positions, head, until):
                return
            if loop.time() + pause >= until:
                raise _not_caught_up(feed, min(positions), head.position)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _read(self, feed: str) -> Sequence[AnyRow]:
        """The cursors of all partitions, whichever replica moves them."""
        named = {"reader": self._consumer_of(feed), "producer": feed}
        async with self._store.read(caller=_SYSTEM) as tx:
            return await tx.all(self._cursors, named)

    async def _is_applied(
        self, feed: str, positions: Sequence[int], head: Head, until: float
    ) -> bool:
        left = until - asyncio.get_running_loop().time()
        try:
            return not await waiting_in(
                self._feeds[feed], positions, head, consumer="caught-up", within_seconds=left
            )
        except (DomainError, OSError):
            return False


def _positions(cursors: Sequence[AnyRow], head: Head) -> Sequence[int]:
    """How far each partition is applied of the log that has this head."""
    return [row.position if row.epoch == head.epoch else 0 for row in cursors] or [0]


def _not_caught_up(feed: str, applied: int, head: int | None) -> DomainError:
    known = {"feed": feed, "applied": str(applied)}
    if head is None:
        text = f"the {feed} service can't be asked how far its events go"
    else:
        text = f"{applied} of {head} events of {feed} are applied"
        known["head"] = str(head)
    return DomainError(
        Kind.UNAVAILABLE, "NOT_CAUGHT_UP", text, metadata=known, retry_after_seconds=1.0
    )
