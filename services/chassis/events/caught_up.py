"""Waits until this service has applied what its producers had committed when it was asked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, select

from services.chassis import context
from services.chassis.caller import Caller
from services.chassis.errors import DomainError, Kind
from services.chassis.events.puller import FeedStub
from services.chassis.events.waiting import head_of, waiting_in
from services.chassis.store import Store

__all__ = ["CaughtUp"]

_LONGEST_SECONDS: Final = 10.0
_SPARE_SECONDS: Final = 0.1  # for the answer itself
_FIRST_PAUSE_SECONDS: Final = 0.005
_LONGEST_PAUSE_SECONDS: Final = 0.1
_SYSTEM: Final = Caller.system("caught-up")


class CaughtUp:
    """Knows the feeds of one service, and under which name its cursors on a feed are kept."""

    def __init__(
        self, store: Store, feeds: Mapping[str, FeedStub], consumer_of: Callable[[str], str]
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._consumer_of = consumer_of
        cursors = store.tables.feed_cursors
        self._positions = (
            select(cursors.c.position)
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
        remaining = context.remaining_seconds()
        seconds = _LONGEST_SECONDS if remaining is None else remaining - _SPARE_SECONDS
        until = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(*(self._wait_for(feed, until) for feed in self._feeds))

    async def _wait_for(self, feed: str, until: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            head = await head_of(self._feeds[feed])
        except (DomainError, OSError) as error:
            raise _not_caught_up(feed, min(await self._read(feed)), None) from error
        pause = _FIRST_PAUSE_SECONDS
        while True:
            positions = await self._read(feed)
            if await self._is_applied(feed, positions, head):
                return
            if loop.time() + pause >= until:
                raise _not_caught_up(feed, min(positions), head)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _read(self, feed: str) -> Sequence[int]:
        """How far each partition is applied, by whichever replica."""
        named = {"reader": self._consumer_of(feed), "producer": feed}
        async with self._store.read(caller=_SYSTEM) as tx:
            rows = await tx.all(self._positions, named)
        return [row.position for row in rows] or [0]

    async def _is_applied(self, feed: str, positions: Sequence[int], head: int) -> bool:
        try:
            return not await waiting_in(self._feeds[feed], positions, head, consumer="caught-up")
        except (DomainError, OSError):
            return False


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
