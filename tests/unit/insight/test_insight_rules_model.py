"""Rules and alerts as such: when a rule is complete, how an alert moves, how values are written."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError
from services.insight.alerts.model import Alert, AlertState, Evidence, Finding, Outcome
from services.insight.facts.store import FACTS, FilterTerms
from services.insight.numbers.business_days import Day
from services.insight.rules.defaults import default_rules
from services.insight.rules.model import COMPANY, Rule, RuleDraft, RuleKind, Severity, Sight
from services.insight.rules.store import compile_rule
from services.insight.rules.texts import FactTexts, facts_in

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ADMIN = Caller("users/root", ("admin",), (), Scope.ALL)
MAX = Caller("users/max", ("manager",), ("teams/north",), Scope.TEAM)
LATER = NOW + timedelta(hours=1)
TERMS = FilterTerms(Day(NOW.date(), ZoneInfo("UTC")), 2)
DRAFT = RuleDraft(
    kind=RuleKind.ALERT,
    display_name="",
    filter="orders_total >= 1",
    enabled=True,
    severity=Severity.NOTICE,
    text_en="",
    text_zh="",
    assignee="",
    cooldown_days=0,
    tag_dimension="",
    tag="",
)
FINDING = Finding(
    rule="rules/r",
    rule_edition="first",
    customer="customers/ada",
    customer_display_name="Ada",
    owner="users/ann",
    team="teams/north",
    assignee="users/ann",
    given_to="",
    severity=Severity.NOTICE,
    text_en="1 order",
    text_zh="1",
    evidence=(Evidence("orders_total", "1"),),
)
ALERT = Alert.opened("alerts/a", FINDING, at=NOW)


def test_every_default_rule_can_be_read() -> None:
    rules = default_rules(NOW)
    assert len(rules) == 10
    for rule in rules:
        compiled = compile_rule(rule, TERMS)
        assert compiled.facts
        assert rule.built_in


def test_the_facts_of_a_rule_come_once_in_the_order_of_its_filter() -> None:
    rule = Rule.of(
        replace(DRAFT, filter="orders_total > 1 AND (age_days > 9 OR orders_total < 5)"),
        "rules/r",
        COMPANY,
        at=NOW,
    )
    assert compile_rule(rule, TERMS).facts == ("orders_total", "age_days")


def test_a_rule_has_another_edition_once_it_is_changed_or_made_anew_under_its_name() -> None:
    rule = Rule.of(DRAFT, "rules/r", COMPANY, at=NOW)
    changed = rule.change(replace(DRAFT, text_en="x"), ["text_en"], ADMIN, at=NOW)
    made_anew = Rule.of(DRAFT, "rules/r", COMPANY, at=LATER)
    assert len({rule.edition, changed.edition, made_anew.edition}) == 3
    assert rule.followed_by("runs/1").edition == rule.edition


def test_a_rule_is_for_the_owner_where_it_names_nobody() -> None:
    rule = Rule.of(DRAFT, "rules/r", COMPANY, at=NOW)
    assert rule.assignee == "owner"
    named = rule.change(replace(DRAFT, assignee="users/zoe"), ["assignee"], ADMIN, at=LATER)
    assert (named.assignee, named.update_time) == ("users/zoe", LATER)
    assert named.etag != rule.etag
    assert named.change(DRAFT, ["assignee"], ADMIN, at=LATER).assignee == "owner"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": None}, "kind"),
        ({"filter": "  "}, "filter"),
        ({"severity": None}, "severity"),
        ({"kind": RuleKind.TAG}, "tag"),
    ],
)
def test_an_incomplete_rule_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        Rule.of(replace(DRAFT, **change), "rules/r", COMPANY, at=NOW)
    assert refused.value.violations[0].field == field


def test_an_alert_goes_through_its_states() -> None:
    assert ALERT.state is AlertState.OPEN
    seen = ALERT.acknowledge(at=LATER)
    assert seen.state is AlertState.ACKNOWLEDGED
    assert seen.acknowledge(at=LATER) is seen
    asleep = seen.snooze(LATER + timedelta(days=1), at=LATER)
    assert asleep.state is AlertState.SNOOZED
    awake = asleep.woken(at=LATER)
    assert (awake.state, awake.snooze_end_time) == (AlertState.OPEN, None)
    closed = awake.close(Outcome.WON_BACK, "called", at=LATER)
    assert (closed.state, closed.outcome, closed.resolve_time) == (
        AlertState.RESOLVED,
        Outcome.WON_BACK,
        LATER,
    )
    assert len({each.etag for each in (ALERT, seen, asleep, awake, closed)}) == 5


def test_what_has_ended_changes_no_more() -> None:
    for ended in (ALERT.resolved(at=LATER), ALERT.expired(at=LATER)):
        with pytest.raises(DomainError, match="changes no more"):
            ended.acknowledge(at=LATER)
        with pytest.raises(DomainError, match="changes no more"):
            ended.snooze(LATER + timedelta(1), at=LATER)
        with pytest.raises(DomainError, match="changes no more"):
            ended.close(Outcome.CONTACTED, "", at=LATER)


def test_an_alert_keeps_its_state_when_its_evidence_changes() -> None:
    finding = replace(FINDING, evidence=(Evidence("orders_total", "2"),), owner="users/eve")
    seen = ALERT.acknowledge(at=NOW)
    assert seen.says(FINDING)
    assert not seen.says(finding)
    told = seen.refreshed(finding, at=LATER)
    assert told.says(finding)
    assert (told.state, told.owner) == (AlertState.ACKNOWLEDGED, "users/eve")


def test_facts_are_written_for_people() -> None:
    texts = FactTexts("JPY", ZoneInfo("Asia/Tokyo"))
    row: dict[Any, Any] = {
        FACTS["spend_total"]: 1234,
        FACTS["cycles_since_order"]: 2.5,
        FACTS["median_days_between_orders"]: 30.0,
        FACTS["segment"]: 5,
        FACTS["tags"]: ("VIP", "late"),
        FACTS["next_order_start"]: date(2026, 3, 9),
        FACTS["last_order_time"]: datetime(2026, 3, 1, 16, tzinfo=UTC),
        FACTS["days_since_order"]: None,
        FACTS["region"]: "Kent",
    }
    written = {column.name: texts.value(column.name.removesuffix("_minor"), row) for column in row}
    assert written == {
        "spend_total_minor": "1234 JPY",
        "cycles_since_order": "2.5",
        "median_days_between_orders": "30",
        "segment": "CHAMPIONS",
        "tags": "VIP, late",
        "next_order_start": "2026-03-09",
        "last_order_time": "2026-03-02",
        "days_since_order": "",
        "region": "Kent",
    }
    assert texts.fill("{region}: {days_since_order} days", row) == "Kent: ? days"
    assert list(facts_in("{a} and {b_1d}, {}")) == ["a", "b_1d"]


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (MAX, True),
        (replace(MAX, teams=("teams/west",)), True),
        (ADMIN, True),
        (replace(MAX, subject="users/mia"), False),
        (replace(MAX, subject="users/mia", teams=("teams/north", "teams/south")), False),
        (Caller("users/eve", ("rep",), ("teams/north",), Scope.OWN), False),
    ],
)
def test_a_rule_is_changed_by_its_author_and_by_who_sees_everyone(
    caller: Caller, may: bool
) -> None:
    rule = Rule.of(DRAFT, "rules/r", Sight.of(MAX), at=NOW)
    with nullcontext() if may else pytest.raises(DomainError, match="rules/r sees customers"):
        rule.expect_changed_by(caller)


def test_a_rule_keeps_its_sight_but_for_its_authors_own_changes() -> None:
    rule = Rule.of(DRAFT, "rules/r", Sight.of(MAX), at=NOW)
    renamed = replace(DRAFT, display_name="Named")

    assert rule.change(renamed, ["display_name"], ADMIN, at=LATER).sight == Sight.of(MAX)
    moved = replace(MAX, teams=("teams/south",))
    assert rule.change(renamed, ["display_name"], moved, at=LATER).sight.teams == ("teams/south",)
