"""Alert messages ↔ our own words; no rule, no SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from guanxi.insight.v1 import alerts_pb2, rules_pb2

from services.chassis.timestamps import to_timestamp
from services.insight.alerts.model import Alert, Outcome, SeenBy

__all__ = [
    "TYPES",
    "Told",
    "beginning",
    "change_message",
    "handed_over",
    "opened",
    "outcome_of",
    "parting_message",
    "read_event",
    "resolved",
    "to_message",
    "updated",
]

_Message = alerts_pb2.Alert
_Change = alerts_pb2.WatchAlertsResponse

_EVENTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        message.DESCRIPTOR.full_name: message
        for message in (
            alerts_pb2.AlertOpened,
            alerts_pb2.AlertUpdated,
            alerts_pb2.AlertHandedOver,
            alerts_pb2.AlertResolved,
        )
    }
)
TYPES: Final = frozenset(_EVENTS)
"""The events of the log that watchers are told."""


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


def updated(before: Alert, after: Alert) -> alerts_pb2.AlertUpdated:
    return alerts_pb2.AlertUpdated(
        alert=to_message(after),
        given_to=before.given_to if before.given_to != after.given_to else "",
        previous_assignee=before.assignee if before.assignee != after.assignee else "",
    )


def handed_over(before: Alert) -> alerts_pb2.AlertHandedOver:
    return alerts_pb2.AlertHandedOver(
        alert=to_message(before), previous_owner=before.owner, previous_team=before.team
    )


def resolved(before: Alert, after: Alert) -> alerts_pb2.AlertResolved:
    return alerts_pb2.AlertResolved(alert=to_message(after), given_to=before.given_to)


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of an alert: how it is, and how it was."""

    change: _Change.Change.ValueType
    alert: alerts_pb2.Alert
    seen_by: SeenBy = field(default_factory=SeenBy)
    """By whom it was seen until then, as far as that has changed."""
    previous_assignee: str = ""
    is_as_it_was: bool = False
    """Whether nothing has changed but by whom it is seen."""

    def concerns(self, subject: str) -> bool:
        """Whether they should act, or should have until then."""
        return subject in (self.alert.assignee, self.previous_assignee, self.seen_by.given_to)


def read_event(event_type: str, payload: bytes) -> Told:
    """What an event of one of the `TYPES` says."""
    event = _EVENTS[event_type].FromString(payload)
    match event:
        case alerts_pb2.AlertUpdated():
            whom = SeenBy(given_to=event.given_to)
            return Told(_Change.UPDATED, event.alert, whom, event.previous_assignee)
        case alerts_pb2.AlertHandedOver():
            whom = SeenBy(event.previous_owner, event.previous_team)
            return Told(_Change.UPDATED, event.alert, whom, is_as_it_was=True)
        case alerts_pb2.AlertResolved():
            return Told(_Change.RESOLVED, event.alert, SeenBy(given_to=event.given_to))
        case _:
            return Told(_Change.OPENED, event.alert)


def beginning(resume_token: str) -> alerts_pb2.WatchAlertsResponse:
    """What a watcher is told before anything has happened: where the stream begins."""
    return _Change(resume_token=resume_token)


def change_message(told: Told, resume_token: str) -> alerts_pb2.WatchAlertsResponse:
    """What a watcher who sees the alert is told."""
    return _Change(resume_token=resume_token, change=told.change, alert=told.alert)


def parting_message(told: Told, resume_token: str, subject: str) -> alerts_pb2.WatchAlertsResponse:
    """What a watcher who saw the alert until then is told, and nothing of its customer."""
    alert = _Message(
        name=told.alert.name,
        rule=told.alert.rule,
        assignee=subject if told.concerns(subject) else "",
    )
    if told.change != _Change.RESOLVED:
        return _Change(resume_token=resume_token, change=_Change.OUT_OF_SIGHT, alert=alert)
    alert.state = told.alert.state
    alert.update_time.CopyFrom(told.alert.update_time)
    alert.resolve_time.CopyFrom(told.alert.resolve_time)
    return _Change(resume_token=resume_token, change=told.change, alert=alert)
