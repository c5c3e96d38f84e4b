"""Feeds, parked events and rebuilds → messages; no rule, no SQL."""

from collections.abc import Iterable
from datetime import datetime

from guanxi.events.v1.event_feed_pb2 import Event
from guanxi.insight.v1 import feeds_pb2

from services.chassis.store import AnyRow
from services.chassis.timestamps import to_timestamp
from services.insight.feeds.model import Place, Rebuild, SetAside

__all__ = [
    "feed_message",
    "parked_id",
    "parked_message",
    "rebuild_message",
    "set_aside_message",
]

_PARKED = "parkedEvents/"


def feed_message(feed: str, place: Place, now: datetime) -> feeds_pb2.Feed:
    """A feed as it stands."""
    since = place.oldest_waiting
    return feeds_pb2.Feed(
        name=f"feeds/{feed}",
        position=place.position,
        head_position=place.head_position,
        lag_positions=place.head_position - place.position,
        lag_seconds=max(0.0, (now - since).total_seconds()) if since else 0.0,
        reachable=place.reachable,
        parked_count=place.parked,
    )


def parked_id(name: str) -> str:
    """The id in `parkedEvents/{event}`."""
    return name.removeprefix(_PARKED)


def parked_message(row: AnyRow) -> feeds_pb2.ParkedEvent:
    event = Event.FromString(row.event)
    return feeds_pb2.ParkedEvent(
        name=f"{_PARKED}{row.id}",
        feed=f"feeds/{row.feed}",
        position=row.position,
        type=event.type,
        aggregate_id=event.aggregate_id,
        error=row.error,
        park_time=to_timestamp(row.park_time),
    )


def set_aside_message(aside: SetAside) -> feeds_pb2.SetAsideCustomer:
    return feeds_pb2.SetAsideCustomer(
        name=f"setAsideCustomers/{aside.customer.removeprefix('customers/')}",
        customer=aside.customer,
        error=aside.error,
        set_aside_time=to_timestamp(aside.set_aside_time),
    )


def rebuild_message(rebuild: Rebuild | None, places: Iterable[Place] = ()) -> feeds_pb2.Rebuild:
    """A rebuild; while it runs, `places` tell its progress."""
    message = feeds_pb2.Rebuild(name="rebuild")
    if rebuild is None:
        return message
    message.state = feeds_pb2.Rebuild.State.Value(rebuild.state.name)
    message.applied_events, message.total_events = rebuild.applied_events, rebuild.total_events
    for place in places:
        message.applied_events += place.position
        message.total_events += place.head_position
    message.start_time.CopyFrom(to_timestamp(rebuild.start_time))
    if rebuild.end_time is not None:
        message.end_time.CopyFrom(to_timestamp(rebuild.end_time))
    message.error = rebuild.error
    return message
