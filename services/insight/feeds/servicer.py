"""Transport room of feeds: message ↔ model, one transaction per call. No rule, no SQL."""

from collections.abc import Callable
from typing import Any

from guanxi.insight.v1 import feeds_pb2, feeds_pb2_grpc

from services.chassis.caller import Caller
from services.chassis.clock import Clock
from services.chassis.events.parking import replay
from services.chassis.events.reaction import Reaction
from services.chassis.lists.listing import Listing
from services.chassis.store import Store, WriteTransaction
from services.insight.feeds import actions, store
from services.insight.feeds.messages import (
    feed_message,
    parked_id,
    parked_message,
    rebuild_message,
    set_aside_message,
)
from services.insight.feeds.model import Rebuild
from services.insight.feeds.places import FeedPlaces

__all__ = ["FeedServicer"]

_SYSTEM = Caller.system("feeds")


class FeedServicer(feeds_pb2_grpc.FeedServiceServicer):
    """Serves guanxi.insight.v1.FeedService."""

    def __init__(
        self,
        database: Store,
        places: FeedPlaces,
        clock: Clock,
        *,
        derivation: str,
        reaction_of: Callable[[int], Reaction],
    ) -> None:
        """`reaction_of` makes what applies events to a generation, by `derivation`."""
        self._store = database
        self._places = places
        self._derivation = derivation
        self._reaction_of = reaction_of
        self._clock = clock

    async def ListFeeds(
        self, request: feeds_pb2.ListFeedsRequest, context: Any
    ) -> feeds_pb2.ListFeedsResponse:
        places = await self._places.of(await self._active())
        now = self._clock.now()
        return feeds_pb2.ListFeedsResponse(
            feeds=[feed_message(feed, place, now) for feed, place in places.items()]
        )

    async def ListParkedEvents(
        self, request: feeds_pb2.ListParkedEventsRequest, context: Any
    ) -> feeds_pb2.ListParkedEventsResponse:
        async with self._store.read(caller=_SYSTEM) as tx:
            generation = await store.active_generation(tx)
            page = await store.page_of_parked(tx, generation, Listing.of(request))
        sent = await page.sent(parked_message)
        return feeds_pb2.ListParkedEventsResponse(
            parked_events=sent.messages, next_page_token=sent.next_page_token
        )

    async def ReplayParkedEvent(
        self, request: feeds_pb2.ReplayParkedEventRequest, context: Any
    ) -> feeds_pb2.ReplayParkedEventResponse:
        event = parked_id(request.name)
        async with self._store.read(caller=_SYSTEM) as tx:
            generation = await actions.expect_replayable(tx, event, self._derivation)
        await replay(self._store, self._reaction_of(generation), event)
        return feeds_pb2.ReplayParkedEventResponse()

    async def ListSetAsideCustomers(
        self, request: feeds_pb2.ListSetAsideCustomersRequest, context: Any
    ) -> feeds_pb2.ListSetAsideCustomersResponse:
        async with self._store.read(caller=_SYSTEM) as tx:
            generation = await store.active_generation(tx)
            page = await store.page_of_aside(tx, generation, Listing.of(request))
        sent = await page.sent(set_aside_message)
        return feeds_pb2.ListSetAsideCustomersResponse(
            set_aside_customers=sent.messages, next_page_token=sent.next_page_token
        )

    async def StartRebuild(
        self, request: feeds_pb2.StartRebuildRequest, context: Any
    ) -> feeds_pb2.Rebuild:
        async def work(tx: WriteTransaction) -> Rebuild:
            return await actions.ask_for_rebuild(tx, self._derivation)

        return rebuild_message(await self._store.write(work, caller=_SYSTEM))

    async def GetRebuild(
        self, request: feeds_pb2.GetRebuildRequest, context: Any
    ) -> feeds_pb2.Rebuild:
        async with self._store.read(caller=_SYSTEM) as tx:
            rebuild = await store.last_rebuild(tx)
        if rebuild is None or not rebuild.running:
            return rebuild_message(rebuild)
        places = await self._places.of(rebuild.generation)
        return rebuild_message(rebuild, places.values())

    async def _active(self) -> int:
        async with self._store.read(caller=_SYSTEM) as tx:
            return await store.active_generation(tx)
