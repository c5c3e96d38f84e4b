"""Asks a feed where its head is now: what a reader heard last may be the length of a poll old."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta

import grpc

from services.chassis.caller import Caller
from services.chassis.clock import Clock
from services.chassis.errors import DomainError
from services.chassis.events.puller import FeedStub
from services.chassis.events.waiting import head_of, waiting_in
from services.chassis.store import Store
from services.chassis.timestamps import from_timestamp
from services.insight.feeds import store
from services.insight.feeds.model import FeedPosition, Place

__all__ = ["FeedPlaces"]

_FRESH = timedelta(seconds=1)
_FEW_EVENTS = 100
_SYSTEM = Caller.system("feeds")
_NOTHING = FeedPosition((0,), ("",), 0)


class FeedPlaces:
    """Knows all feeds."""

    def __init__(self, database: Store, feeds: Mapping[str, FeedStub], clock: Clock) -> None:
        self._store = database
        self._feeds = feeds
        self._clock = clock

    async def of(self, generation: int) -> dict[str, Place]:
        """The place of a generation in every feed."""
        async with self._store.read(caller=_SYSTEM) as tx:
            known = await store.positions(tx, generation)
        read = [known.get(feed, _NOTHING) for feed in self._feeds]
        places = await asyncio.gather(*map(_place, self._feeds.values(), read))
        return dict(zip(self._feeds, places, strict=True))

    async def has_caught_up(self, generation: int) -> bool:
        """Whether every feed answers, and the generation is abreast of it."""
        places = (await self.of(generation)).values()
        return all(place.reachable for place in places) and not self._keeps_waiting(places)

    async def has_a_backlog(self, generation: int) -> bool:
        """Whether the generation is not abreast of a feed that answers."""
        return self._keeps_waiting((await self.of(generation)).values())

    def _keeps_waiting(self, places: Iterable[Place]) -> bool:
        """Where orders never cease, something always waits; but little, and not for long."""
        then = self._clock.now() - _FRESH
        return any(
            place.oldest_waiting is not None
            and (place.oldest_waiting < then or place.head_position - place.position > _FEW_EVENTS)
            for place in places
        )


async def _place(stub: FeedStub, read: FeedPosition) -> Place:
    try:
        head = await head_of(stub)
        waiting = await waiting_in(stub, read.within(head.epoch), head, consumer="insight")
    except (DomainError, grpc.RpcError, OSError):
        applied = min(read.partitions)
        return Place(applied, applied, None, read.parked, reachable=False)
    times = (from_timestamp(each.since, field="event_time") for each in waiting)
    return Place(
        position=min((each.position for each in waiting), default=head.position),
        head_position=head.position,
        oldest_waiting=min(times, default=None),
        parked=read.parked,
        reachable=True,
    )
