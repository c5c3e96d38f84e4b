"""Rule messages ↔ our own words; no rule, no SQL."""

from typing import Final

from guanxi.insight.v1 import rules_pb2

from services.chassis.caller import Scope
from services.chassis.timestamps import to_timestamp
from services.insight.rules.model import Rule, RuleDraft, RuleKind, Severity, Sight

__all__ = ["created", "deleted", "draft_of", "to_message", "updated"]

_Message = rules_pb2.Rule


def draft_of(message: rules_pb2.Rule) -> RuleDraft:
    """What a caller wants a rule to be."""
    return RuleDraft(
        kind=RuleKind(_Message.Kind.Name(message.kind)) if message.kind else None,
        display_name=message.display_name,
        filter=message.filter,
        enabled=message.enabled,
        severity=Severity(message.severity) if message.severity else None,
        text_en=message.text_en,
        text_zh=message.text_zh,
        assignee=message.assignee,
        cooldown_days=message.cooldown_days,
        tag_dimension=message.tag_dimension,
        tag=message.tag,
    )


def to_message(rule: Rule, match_count: int) -> rules_pb2.Rule:
    """The rule as a caller sees it, with how many of the customers in their sight it matches."""
    message = _Message(
        name=rule.name,
        kind=_Message.Kind.Value(rule.kind.name),
        display_name=rule.display_name,
        filter=rule.filter,
        enabled=rule.enabled,
        text_en=rule.text_en,
        text_zh=rule.text_zh,
        assignee=rule.assignee,
        cooldown_days=rule.cooldown_days,
        tag_dimension=rule.tag_dimension,
        tag=rule.tag,
        built_in=rule.built_in,
        sight=_sight(rule.sight),
        match_count=match_count,
        create_time=to_timestamp(rule.create_time),
        update_time=to_timestamp(rule.update_time),
        etag=rule.etag,
        run=rule.run,
    )
    if rule.severity is not None:
        message.severity = rules_pb2.Severity.ValueType(rule.severity.value)
    return message


def created(rule: Rule) -> rules_pb2.RuleCreated:
    return rules_pb2.RuleCreated(rule=_told(rule))


def updated(rule: Rule) -> rules_pb2.RuleUpdated:
    return rules_pb2.RuleUpdated(rule=_told(rule))


def deleted(rule: Rule) -> rules_pb2.RuleDeleted:
    return rules_pb2.RuleDeleted(rule=_told(rule))


def _told(rule: Rule) -> rules_pb2.Rule:
    """The rule as an event carries it: there is nobody for whom to count."""
    return to_message(rule, 0)


_REACH: Final = {
    Scope.OWN: _Message.Sight.OWN,
    Scope.TEAM: _Message.Sight.TEAM,
    Scope.ALL: _Message.Sight.COMPANY,
}


def _sight(sight: Sight) -> rules_pb2.Rule.Sight:
    return _Message.Sight(reach=_REACH[sight.reach], author=sight.author, teams=sight.teams)
