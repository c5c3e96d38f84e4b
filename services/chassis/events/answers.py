"""What of a feed's answer a reader may apply: nothing of one that leads nowhere, and nothing past
an event whose payload is withheld although the reader would know it."""

from collections.abc import Collection, Sequence

from guanxi.events.v1.event_feed_pb2 import Event, PullResponse

from services.chassis.background import PeerFailed

__all__ = ["readable"]


def readable(
    response: PullResponse, *, after: int, types: Collection[str] | None
) -> tuple[Sequence[Event], int]:
    """The events to apply, and up to which position they are all there is.

    `types` are those the reader knows, None for all. Raises PeerFailed where the answer can't be
    used, and another one may be: from a newer replica, or after its operator has seen to it.
    """
    _expect_onward(response, after)
    for index, event in enumerate(response.events):
        if not event.withheld or (types is not None and event.type not in types):
            continue
        if index == 0:
            # Passed, it would be lost to this reader for good.
            raise PeerFailed(
                f"event {event.position} is withheld: the replica that answers doesn't know the "
                f"type {event.type}, a newer one has to"
            )
        return response.events[:index], event.position - 1
    return response.events, response.through_position


def _expect_onward(response: PullResponse, after: int) -> None:
    """Raises PeerFailed for an answer that leads nowhere.

    A feed that is asked beyond its end has looked again before it says so: events that were read
    are gone, and only its operator knows whether they come back.
    """
    if response.head_position < after:
        raise PeerFailed(
            f"{after} events were read, and the feed has {response.head_position}: where its store "
            "was restored, its epoch has to be renewed (renew-epoch)"
        )
    through, events = response.through_position, response.events
    if through < after or (
        events and not after < events[0].position <= events[-1].position <= through
    ):
        raise PeerFailed(f"asked for events after {after}, the feed answers with others")
