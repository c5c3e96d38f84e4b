"""Alerts: what one is, and how it moves from one state to the next.

    OPEN ⇄ ACKNOWLEDGED, both → SNOOZED → OPEN, any of them → RESOLVED | EXPIRED

Rules only: when a condition holds and who is told lives elsewhere; instants are passed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.chassis import etag
from services.chassis.errors import DomainError, failed_precondition, invalid
from services.insight.rules.model import Severity

__all__ = ["LIVE", "Alert", "AlertState", "Evidence", "Finding", "Outcome", "SeenBy"]


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"
    EXPIRED = "EXPIRED"


class Outcome(StrEnum):
    """What came of an alert that somebody closed."""

    WON_BACK = "WON_BACK"
    CONTACTED = "CONTACTED"
    FALSE_ALARM = "FALSE_ALARM"
    LOST_CUSTOMER = "LOST_CUSTOMER"


LIVE = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.SNOOZED)
"""The states of an alert whose condition still holds."""


class Evidence(NamedTuple):
    """A fact with its value, as text."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class SeenBy:
    """Who sees an alert: the customer's owner and team, and whom it is given to."""

    owner: str = ""
    team: str = ""
    given_to: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule, in one edition of it, says about a customer whom it matches now."""

    rule: str
    rule_edition: str
    customer: str
    customer_display_name: str
    owner: str
    team: str
    assignee: str
    given_to: str
    severity: Severity
    text_en: str
    text_zh: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """One reason to get in touch with one customer; owner and team are the customer's.

    `given_to` is who sees it besides those who see the customer: nobody once it has ended.
    `rule_edition` is that of the rule which was followed last.
    """

    name: str
    rule: str
    rule_edition: str
    customer: str
    customer_display_name: str
    owner: str
    team: str
    assignee: str
    given_to: str
    severity: Severity
    text_en: str
    text_zh: str
    evidence: tuple[Evidence, ...]
    state: AlertState
    outcome: Outcome | None
    note: str
    snooze_end_time: datetime | None
    create_time: datetime
    update_time: datetime
    resolve_time: datetime | None
    version: int

    @classmethod
    def opened(cls, name: str, finding: Finding, *, at: datetime) -> "Alert":
        """A new alert for what a rule has found."""
        return cls(
            name=name,
            rule=finding.rule,
            rule_edition=finding.rule_edition,
            customer=finding.customer,
            customer_display_name=finding.customer_display_name,
            owner=finding.owner,
            team=finding.team,
            assignee=finding.assignee,
            given_to=finding.given_to,
            severity=finding.severity,
            text_en=finding.text_en,
            text_zh=finding.text_zh,
            evidence=finding.evidence,
            state=AlertState.OPEN,
            outcome=None,
            note="",
            snooze_end_time=None,
            create_time=at,
            update_time=at,
            resolve_time=None,
            version=1,
        )

    @property
    def etag(self) -> str:
        """Changes with every change of the record."""
        return etag.of(self.name, self.version)

    @property
    def live(self) -> bool:
        """Whether its condition still holds and nobody has closed it."""
        return self.state in LIVE

    def expect(self, given: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH."""
        etag.expect(given, self.etag, self.name)

    def says(self, finding: Finding) -> bool:
        """Whether the alert tells all that the rule finds now."""
        return all(getattr(self, name) == getattr(finding, name) for name in _FOUND)

    def refreshed(self, finding: Finding, *, at: datetime) -> "Alert":
        """The same alert with what the rule finds now; its state stays."""
        found = {name: getattr(finding, name) for name in _FOUND}
        followed = self.followed(finding)
        return replace(followed, **found, update_time=at, version=self.version + 1)

    def followed(self, finding: Finding) -> "Alert":
        """The same alert, which says what this edition of its rule finds."""
        return replace(self, rule_edition=finding.rule_edition)

    def acknowledge(self, *, at: datetime) -> "Alert":
        """Somebody is on it; again changes nothing. Raises FAILED_PRECONDITION, ALERT_CLOSED."""
        self._expect_live()
        if self.state is AlertState.ACKNOWLEDGED:
            return self
        return self._moved(AlertState.ACKNOWLEDGED, at, snooze_end_time=None)

    def snooze(self, until: datetime, *, at: datetime) -> "Alert":
        """Hidden until then.

        Raises FAILED_PRECONDITION, ALERT_CLOSED; INVALID_ARGUMENT, SNOOZE_NOT_IN_FUTURE.
        """
        self._expect_live()
        if until <= at:
            raise invalid("snooze_end_time", "SNOOZE_NOT_IN_FUTURE", "must be in the future")
        return self._moved(AlertState.SNOOZED, at, snooze_end_time=until)

    def woken(self, *, at: datetime) -> "Alert":
        """Open again: its snooze has ended while its condition holds."""
        return self._moved(AlertState.OPEN, at, snooze_end_time=None)

    def close(self, outcome: Outcome, note: str, *, at: datetime) -> "Alert":
        """Somebody says what came of it. Raises FAILED_PRECONDITION, ALERT_CLOSED."""
        self._expect_live()
        return self._ended(AlertState.RESOLVED, at, outcome=outcome, note=note)

    def resolved(self, *, at: datetime) -> "Alert":
        """Its condition has ended."""
        return self._ended(AlertState.RESOLVED, at, outcome=None, note="")

    def expired(self, *, at: datetime) -> "Alert":
        """Its rule is gone."""
        return self._ended(AlertState.EXPIRED, at, outcome=None, note="")

    def _expect_live(self) -> None:
        if not self.live:
            raise _closed(self)

    def _moved(
        self, state: AlertState, at: datetime, *, snooze_end_time: datetime | None
    ) -> "Alert":
        return replace(
            self,
            state=state,
            snooze_end_time=snooze_end_time,
            update_time=at,
            version=self.version + 1,
        )

    def _ended(
        self, state: AlertState, at: datetime, *, outcome: Outcome | None, note: str
    ) -> "Alert":
        return replace(
            self,
            given_to="",
            state=state,
            outcome=outcome,
            note=note,
            snooze_end_time=None,
            update_time=at,
            resolve_time=at,
            version=self.version + 1,
        )


_FOUND: Sequence[str] = (
    "customer_display_name",
    "owner",
    "team",
    "assignee",
    "given_to",
    "severity",
    "text_en",
    "text_zh",
    "evidence",
)


def _closed(alert: Alert) -> DomainError:
    return failed_precondition(
        "ALERT_CLOSED", f"{alert.name} is {alert.state} and changes no more", state=alert.state
    )
