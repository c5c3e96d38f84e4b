"""Alerts as they change: insight's own event log, as far as the caller may see the alerts in it."""

from collections.abc import AsyncIterator
from typing import Final

from guanxi.insight.v1 import alerts_pb2

from services.chassis.caller import Caller
from services.chassis.errors import invalid
from services.chassis.events.log import EventLog, Stretch
from services.chassis.store import Store
from services.insight.alerts import store
from services.insight.alerts.messages import (
    TYPES,
    Told,
    beginning,
    change_message,
    parting_message,
    read_event,
)

__all__ = ["watch"]

_EVENTS_AT_ONCE: Final = 200
_LOOK_SECONDS: Final = 30.0


async def watch(
    database: Store, log: EventLog, resume_token: str, *, assigned_to_me: bool
) -> AsyncIterator[alerts_pb2.WatchAlertsResponse]:
    """First where it begins, then what happens to alerts in the caller's sight, after the token's
    event or from now on.

    An alert that has left the caller's sight since is not told any more, but that it has, or has
    ended, to whoever saw it until then. Ends only when it is cancelled.
    Raises INVALID_ARGUMENT, RESUME_TOKEN_INVALID.
    """
    after = await _position(log, resume_token)
    yield beginning(_token(log, after))
    with log.watch(partition=0, partition_count=1) as changed:
        while True:
            stretch = await log.stretch(
                partition=0, partition_count=1, after=after, max_events=_EVENTS_AT_ONCE
            )
            for change in await _in_sight(database, log, stretch, assigned_to_me=assigned_to_me):
                yield change
            after = stretch.through_position
            if not stretch.rows:
                await changed.changed(_LOOK_SECONDS)


async def _in_sight(
    database: Store, log: EventLog, stretch: Stretch, *, assigned_to_me: bool
) -> list[alerts_pb2.WatchAlertsResponse]:
    told = [
        (read_event(row.type, row.payload), _token(log, row.position))
        for row in stretch.rows
        if row.type in TYPES
    ]
    if not told:
        return []
    async with database.read() as tx:
        seen = await store.in_sight(tx, [each.alert.name for each, _ in told])
    caller = tx.caller
    changes = (
        _change(each, token, caller, seen=each.alert.name in seen)
        for each, token in told
        if not assigned_to_me or each.concerns(caller.subject)
    )
    return [change for change in changes if change is not None]


def _change(
    told: Told, token: str, caller: Caller, *, seen: bool
) -> alerts_pb2.WatchAlertsResponse | None:
    """What the caller is told, who sees the alert by now or doesn't; None for nothing."""
    saw = store.saw(caller, told.seen_by)
    if seen:
        return None if saw and told.is_as_it_was else change_message(told, token)
    return parting_message(told, token, caller.subject) if saw else None


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
