"""Rules: what one is, and what makes one complete.

Whether its filter and its texts name known facts is checked where facts are known.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from services.chassis import etag
from services.chassis.errors import invalid

__all__ = ["OWNER", "Rule", "RuleDraft", "RuleKind", "Severity"]

OWNER = "owner"
"""The assignee expression that stands for whoever looks after the customer."""


class RuleKind(StrEnum):
    """What follows for the customers a rule matches."""

    TAG = "TAG"
    ALERT = "ALERT"


class Severity(IntEnum):
    """How urgent an alert is: numbers of `guanxi.insight.v1.Severity`."""

    NOTICE = 1
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What a person writes down as a rule."""

    kind: RuleKind | None
    display_name: str
    filter: str
    enabled: bool
    severity: Severity | None
    text_en: str
    text_zh: str
    assignee: str
    cooldown_days: int
    tag_dimension: str
    tag: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A filter over facts, and what follows; `severity` is None for a TAG rule."""

    name: str
    kind: RuleKind
    display_name: str
    filter: str
    enabled: bool
    severity: Severity | None
    text_en: str
    text_zh: str
    assignee: str
    cooldown_days: int
    tag_dimension: str
    tag: str
    built_in: bool
    create_time: datetime
    update_time: datetime
    version: int

    @classmethod
    def of(cls, draft: RuleDraft, name: str, *, at: datetime, built_in: bool = False) -> "Rule":
        """A new rule.

        Raises INVALID_ARGUMENT, FIELD_REQUIRED for `kind`, `filter`, the tag of a TAG rule and the
        severity of an ALERT rule.
        """
        if draft.kind is None:
            raise invalid("kind", "FIELD_REQUIRED", "is TAG or ALERT")
        rule = cls(
            name=name,
            kind=draft.kind,
            display_name=draft.display_name,
            filter=draft.filter,
            enabled=draft.enabled,
            severity=draft.severity,
            text_en=draft.text_en,
            text_zh=draft.text_zh,
            assignee=draft.assignee or OWNER,
            cooldown_days=draft.cooldown_days,
            tag_dimension=draft.tag_dimension,
            tag=draft.tag,
            built_in=built_in,
            create_time=at,
            update_time=at,
            version=1,
        )
        rule._expect_complete()
        return rule

    @property
    def etag(self) -> str:
        """Changes with every change of the record."""
        return etag.of(self.name, self.version)

    def expect(self, given: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH."""
        etag.expect(given, self.etag, self.name)

    def change(self, draft: RuleDraft, changed: Collection[str], *, at: datetime) -> "Rule":
        """The rule with the named fields of the draft. Raises INVALID_ARGUMENT as `of`."""
        values = {name: getattr(draft, name) for name in changed}
        if values.get("assignee") == "":
            values["assignee"] = OWNER
        rule = replace(self, **values)
        if rule == self:
            return self
        rule._expect_complete()
        return replace(rule, update_time=at, version=self.version + 1)

    def _expect_complete(self) -> None:
        if not self.filter.strip():
            raise invalid("filter", "FIELD_REQUIRED", "says whom the rule matches")
        if self.kind is RuleKind.TAG and not self.tag:
            raise invalid("tag", "FIELD_REQUIRED", "a TAG rule gives a tag")
        if self.kind is RuleKind.ALERT and self.severity is None:
            raise invalid("severity", "FIELD_REQUIRED", "an ALERT rule says how urgent it is")
