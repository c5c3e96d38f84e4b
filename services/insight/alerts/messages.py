"""Alert messages ↔ our own words; no rule, no SQL."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guanxi.insight.v1 import alerts_pb2, rules_pb2

from services.chassis.timestamps import to_timestamp
from services.insight.alerts.model import Alert, Outcome

__all__ = [
    "CHANGES",
    "beginning",
    "change_message",
    "ending_message",
    "opened",
    "outcome_of",
    "resolved",
    "to_message",
    "updated",
]

_Message = alerts_pb2.Alert
_Change = alerts_pb2.WatchAlertsResponse

_Event = alerts_pb2.AlertOpened | alerts_pb2.AlertUpdated | alerts_pb2.AlertResolved

CHANGES: Final[Mapping[str, tuple[type[_Event], _Change.Change.ValueType]]] = MappingProxyType(
    {
        alerts_pb2.AlertOpened.DESCRIPTOR.full_name: (alerts_pb2.AlertOpened, _Change.OPENED),
        alerts_pb2.AlertUpdated.DESCRIPTOR.full_name: (alerts_pb2.AlertUpdated, _Change.UPDATED),
        alerts_pb2.AlertResolved.DESCRIPTOR.full_name: (alerts_pb2.AlertResolved, _Change.RESOLVED),
    }
)
"""The events of the log that watchers are told, by type."""


def to_message(alert: Alert) -> alerts_pb2.Alert:
    """The alert as callers see it."""
    message = _Message(
        name=alert.name,
        rule=alert.rule,
        customer=alert.customer,
        customer_display_name=alert.customer_display_name,
        assignee=alert.assignee,
        severity=rules_pb2.Severity.ValueType(alert.severity.value),
        text_en=alert.text_en,
        text_zh=alert.text_zh,
        evidence=[_Message.Evidence(fact=each.fact, value=each.value) for each in alert.evidence],
        state=_Message.State.Value(alert.state.name),
        note=alert.note,
        create_time=to_timestamp(alert.create_time),
        update_time=to_timestamp(alert.update_time),
        etag=alert.etag,
    )
    if alert.outcome is not None:
        message.outcome = _Message.Outcome.Value(alert.outcome.name)
    if alert.snooze_end_time is not None:
        message.snooze_end_time.CopyFrom(to_timestamp(alert.snooze_end_time))
    if alert.resolve_time is not None:
        message.resolve_time.CopyFrom(to_timestamp(alert.resolve_time))
    return message


def outcome_of(number: alerts_pb2.Alert.Outcome.ValueType) -> Outcome:
    """The outcome a caller states; the contract lets no other number through."""
    return Outcome(_Message.Outcome.Name(number))


def opened(alert: Alert) -> alerts_pb2.AlertOpened:
    return alerts_pb2.AlertOpened(alert=to_message(alert))


def updated(alert: Alert) -> alerts_pb2.AlertUpdated:
    return alerts_pb2.AlertUpdated(alert=to_message(alert))


def resolved(alert: Alert, given_to: str) -> alerts_pb2.AlertResolved:
    """`given_to` is who was given it until then."""
    return alerts_pb2.AlertResolved(alert=to_message(alert), given_to=given_to)


def beginning(resume_token: str) -> alerts_pb2.WatchAlertsResponse:
    """What a watcher is told before anything has happened: where the stream begins."""
    return _Change(resume_token=resume_token)


def change_message(
    event_type: str, payload: bytes, resume_token: str
) -> alerts_pb2.WatchAlertsResponse:
    """What a watcher who sees the alert is told of an event of one of the `CHANGES`."""
    message_type, change = CHANGES[event_type]
    event = message_type.FromString(payload)
    return _Change(resume_token=resume_token, change=change, alert=event.alert)


def ending_message(
    event_type: str, payload: bytes, resume_token: str, subject: str
) -> alerts_pb2.WatchAlertsResponse | None:
    """What a watcher who sees the alert no more is told of an event: that it has ended, and nothing
    of its customer, if it was given to them until then."""
    message_type, change = CHANGES[event_type]
    if message_type is not alerts_pb2.AlertResolved:
        return None
    event = alerts_pb2.AlertResolved.FromString(payload)
    if event.given_to != subject:
        return None
    ended = event.alert
    return _Change(
        resume_token=resume_token,
        change=change,
        alert=_Message(
            name=ended.name,
            rule=ended.rule,
            assignee=subject,
            state=ended.state,
            update_time=ended.update_time,
            resolve_time=ended.resolve_time,
        ),
    )
