"""Alerts as they change: insight's own event log, as far as the caller may see the alerts in it."""

from collections.abc import AsyncIterator
from typing import Final

from guanxi.insight.v1 import alerts_pb2

from services.chassis.errors import invalid
from services.chassis.events.log import EventLog, Stretch
from services.chassis.store import Store
from services.insight.alerts import store
from services.insight.alerts.messages import CHANGES, beginning, change_message, ending_message

__all__ = ["watch"]

_EVENTS_AT_ONCE: Final = 200
_LOOK_SECONDS: Final = 30.0


async def watch(
    database: Store, log: EventLog, resume_token: str
) -> AsyncIterator[alerts_pb2.WatchAlertsResponse]:
    """First where it begins, then what happens to alerts in the caller's sight, after the token's
    event or from now on.

    An alert that has left the caller's sight since is not told any more, but for its end to whom it
    was given until then. Ends only when it is cancelled.
    Raises INVALID_ARGUMENT, RESUME_TOKEN_INVALID.
    """
    after = await _position(log, resume_token)
    yield beginning(_token(log, after))
    with log.watch(partition=0, partition_count=1) as changed:
        while True:
            stretch = await log.stretch(
                partition=0, partition_count=1, after=after, max_events=_EVENTS_AT_ONCE
            )
            for change in await _in_sight(database, log, stretch):
                yield change
            after = stretch.through_position
            if not stretch.rows:
                await changed.changed(_LOOK_SECONDS)


async def _in_sight(
    database: Store, log: EventLog, stretch: Stretch
) -> list[alerts_pb2.WatchAlertsResponse]:
    told = [row for row in stretch.rows if row.type in CHANGES]
    if not told:
        return []
    async with database.read() as tx:
        seen = await store.in_sight(tx, [row.aggregateid for row in told])
    changes = (
        change_message(row.type, row.payload, _token(log, row.position))
        if row.aggregateid in seen
        else ending_message(row.type, row.payload, _token(log, row.position), tx.caller.subject)
        for row in told
    )
    return [change for change in changes if change is not None]


def _token(log: EventLog, position: int) -> str:
    return f"{log.epoch}.{position}"


async def _position(log: EventLog, resume_token: str) -> int:
    """The position to go on after. A token of a log that was replaced begins with what is new."""
    if not resume_token:
        return log.head_position
    epoch, _, position = resume_token.rpartition(".")
    if not epoch or not position.isdecimal():
        raise invalid("resume_token", "RESUME_TOKEN_INVALID", "this is no token of a watch")
    if epoch != log.epoch:
        return log.head_position
    if int(position) > log.head_position:
        # Another replica may have been ahead of this one.
        await log.refresh()
    return min(int(position), log.head_position)
