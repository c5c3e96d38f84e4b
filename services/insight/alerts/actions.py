"""What can be done with alerts, on an open transaction: by people, by rules and by time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from services.chassis.store import WriteTransaction
from services.insight.alerts import messages, store
from services.insight.alerts.model import Alert, Evidence, Finding, Outcome
from services.insight.alerts.store import alerts
from services.insight.rules.model import OWNER, Severity
from services.insight.rules.store import CompiledRule, Matcher
from services.insight.rules.texts import FactTexts
from services.insight.sources.store import Selection

__all__ = [
    "acknowledge_alert",
    "close_alert",
    "follow_customers",
    "follow_rules",
    "snooze_alert",
    "wake_alerts",
]


@dataclass(slots=True)
class _Changes:
    """What one evaluation changes."""

    opened: list[Alert]
    updated: list["_Changed"]
    as_before: list[Alert]
    """Those who say the same by another edition of their rule."""
    ended: list["_Changed"]


@dataclass(frozen=True, slots=True)
class _Changed:
    """An alert before and after it has changed."""

    before: Alert
    after: Alert

    @property
    def by_rule(self) -> bool:
        """Whether its rule was changed since it was followed last."""
        return self.before.rule_edition != self.after.rule_edition


async def acknowledge_alert(tx: WriteTransaction, name: str, etag: str) -> Alert:
    """Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), FAILED_PRECONDITION (ALERT_CLOSED)."""
    return await _change(tx, name, etag, lambda alert: alert.acknowledge(at=tx.now))


async def snooze_alert(tx: WriteTransaction, name: str, etag: str, until: datetime) -> Alert:
    """Raises as `acknowledge_alert`, and INVALID_ARGUMENT (SNOOZE_NOT_IN_FUTURE)."""
    return await _change(tx, name, etag, lambda alert: alert.snooze(until, at=tx.now))


async def close_alert(
    tx: WriteTransaction, name: str, etag: str, outcome: Outcome, note: str
) -> Alert:
    """Raises as `acknowledge_alert`."""
    return await _change(tx, name, etag, lambda alert: alert.close(outcome, note, at=tx.now))


async def wake_alerts(tx: WriteTransaction) -> int:
    """Opens the alerts whose snooze has ended; returns how many."""
    woken = [alert.woken(at=tx.now) for alert in await store.snoozed_until(tx, tx.now)]
    await alerts.save(tx, *woken)
    for alert in woken:
        _emit(tx, alert, messages.updated(alert, alert))
    return len(woken)


async def follow_customers(tx: WriteTransaction, generation: int, who: Selection) -> None:
    """Gives all alerts of the selected customers, the ended too, to whose the customers are now,
    and tells of those that have not ended."""
    handed_over = await store.to_hand_over(tx, generation, who)
    await store.hand_over(tx, generation, who)
    for alert in handed_over:
        _emit(tx, alert, messages.handed_over(alert))


async def follow_rules(
    tx: WriteTransaction,
    generation: int,
    who: Selection,
    matcher: Matcher,
    texts: FactTexts,
    *,
    by_event: bool,
) -> None:
    """Opens, updates and resolves the alerts of the selected customers, as the rules find them.
    Those of rules that are no longer in force expire.

    An alert that only time has changed is written but not told: a day would else begin with as many
    messages as there are alerts. `by_event` says that more than time may have passed; an evaluation
    of everyone may also be the first after a rule was changed, and tells what the rule changed.
    """
    changes = await _compare(tx, generation, who, matcher, texts)
    everything = tx.unscoped()
    await alerts.insert(everything, changes.opened)
    changed = [each.after for each in (*changes.updated, *changes.ended)]
    await alerts.save(everything, *changed, *changes.as_before)
    for alert in changes.opened:
        _emit(tx, alert, messages.opened(alert))
    for each in changes.ended:
        _emit(tx, each.after, messages.resolved(each.before, each.after))
    for each in changes.updated:
        if by_event or each.by_rule:
            _emit(tx, each.after, messages.updated(each.before, each.after))


async def _compare(
    tx: WriteTransaction, generation: int, who: Selection, matcher: Matcher, texts: FactTexts
) -> _Changes:
    live = {(alert.rule, alert.customer): alert for alert in await store.live_of(tx, who)}
    updated: list[_Changed] = []
    as_before: list[Alert] = []
    new: list[tuple[CompiledRule, Finding]] = []
    for row, rules in await matcher.matched(tx, generation, who):
        for compiled in rules:
            finding = _finding(compiled, row._mapping, texts)
            alert = live.pop((finding.rule, finding.customer), None)
            if alert is None:
                new.append((compiled, finding))
            elif not alert.says(finding):
                updated.append(_Changed(alert, alert.refreshed(finding, at=tx.now)))
            elif alert.rule_edition != finding.rule_edition:
                as_before.append(alert.followed(finding))
    read = {each.rule.name for each in matcher.alerts}
    ended = [
        _Changed(alert, alert.resolved(at=tx.now)) for alert in live.values() if alert.rule in read
    ]
    ended += [
        _Changed(alert, alert.expired(at=tx.now))
        for alert in live.values()
        if alert.rule not in matcher.in_force
    ]
    return _Changes(await _opened(tx, new), updated, as_before, ended)


async def _opened(tx: WriteTransaction, new: Sequence[tuple[CompiledRule, Finding]]) -> list[Alert]:
    """New alerts, but none within the cooldown after somebody closed the last one."""
    cooling = [each for each in new if each[0].rule.cooldown_days]
    closed: dict[tuple[str, str], datetime] = {}
    if cooling:
        longest = max(compiled.rule.cooldown_days for compiled, _ in cooling)
        customers = sorted({finding.customer for _, finding in cooling})
        for alert in await store.closed_since(tx, customers, tx.now - timedelta(days=longest)):
            key = (alert.rule, alert.customer)
            closed[key] = max(closed.get(key, alert.update_time), alert.update_time)
    return [
        Alert.opened(f"alerts/{tx.new_id()}", finding, at=tx.now)
        for compiled, finding in new
        if not _cools(compiled, closed.get((finding.rule, finding.customer)), tx.now)
    ]


def _cools(compiled: CompiledRule, closed: datetime | None, now: datetime) -> bool:
    return closed is not None and now < closed + timedelta(days=compiled.rule.cooldown_days)


def _finding(compiled: CompiledRule, row: Mapping[Any, Any], texts: FactTexts) -> Finding:
    rule = compiled.rule
    return Finding(
        rule=rule.name,
        rule_edition=rule.edition,
        customer=row["customer"],
        customer_display_name=row["display_name"],
        owner=row["owner"],
        team=row["team"],
        assignee=row["owner"] if rule.assignee == OWNER else rule.assignee,
        given_to=rule.given_to,
        severity=rule.severity or Severity.NOTICE,
        text_en=texts.fill(rule.text_en, row) or rule.called,
        text_zh=texts.fill(rule.text_zh, row) or rule.called,
        evidence=tuple(Evidence(fact, texts.value(fact, row)) for fact in compiled.facts),
    )


async def _change(
    tx: WriteTransaction, name: str, etag: str, change: Callable[[Alert], Alert]
) -> Alert:
    before = await alerts.get(tx, name)
    before.expect(etag)
    after = change(before)
    if after is before:
        return before
    await alerts.save(tx, after)
    event = messages.updated if after.live else messages.resolved
    _emit(tx, after, event(before, after))
    return after


def _emit(tx: WriteTransaction, alert: Alert, event: Message) -> None:
    tx.emit(event, aggregate_type="alert", aggregate_id=alert.name, partition_key=alert.customer)
