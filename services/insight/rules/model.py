"""Rules: what one is, and what makes one complete.

Whether its filter and its texts name known facts is checked where facts are known.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from services.chassis import etag
from services.chassis.caller import Caller, Scope
from services.chassis.errors import DomainError, Kind, invalid

__all__ = [
    "COMPANY",
    "MOST_RULES",
    "OWNER",
    "Rule",
    "RuleDraft",
    "RuleKind",
    "Severity",
    "Sight",
    "expect_room",
]

OWNER = "owner"
"""The assignee expression that stands for whoever looks after the customer."""

MOST_RULES = 500
"""Each event is held against all that are enabled. Of 500 one takes 20 to 50 ms, with filters as
long as they may be up to 100, and a rule's change 0.1 s of processor, or 0.8."""


class RuleKind(StrEnum):
    """What follows for the customers a rule matches."""

    TAG = "TAG"
    ALERT = "ALERT"


class Severity(IntEnum):
    """How urgent an alert is: numbers of `guanxi.insight.v1.Severity`."""

    NOTICE = 1
    WARNING = 2
    CRITICAL = 3


class Sight(NamedTuple):
    """Which customers a rule sees: all of them, or those of its author, or of their teams too.

    `teams` are the author's when they wrote it, also where only their own customers are seen.
    """

    reach: Scope
    author: str
    teams: tuple[str, ...]

    @classmethod
    def of(cls, caller: Caller) -> "Sight":
        """That of who writes a rule."""
        return cls(caller.scope, caller.subject, caller.teams)


COMPANY = Sight(Scope.ALL, "", ())
"""That of the rules that come with the suite."""


def expect_room(count: int) -> None:
    """Raises FAILED_PRECONDITION, TOO_MANY_RULES where there are as many as there may be."""
    if count >= MOST_RULES:
        raise DomainError(
            Kind.FAILED_PRECONDITION,
            "TOO_MANY_RULES",
            f"there are {count} rules, those that are not enabled included, and {MOST_RULES} are "
            "the most: delete one that nobody needs",
            metadata={"count": str(count), "limit": str(MOST_RULES)},
        )


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
    """A filter over facts, and what follows; `severity` is None for a TAG rule.

    `run` is the one that lets its last change take effect; empty where nothing has to follow.
    """

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
    sight: Sight
    create_time: datetime
    update_time: datetime
    version: int
    run: str

    @classmethod
    def of(
        cls,
        draft: RuleDraft,
        name: str,
        sight: Sight,
        *,
        at: datetime,
        built_in: bool = False,
    ) -> "Rule":
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
            sight=sight,
            create_time=at,
            update_time=at,
            version=1,
            run="",
        )
        rule._expect_complete()
        return rule

    @property
    def etag(self) -> str:
        """Changes with every change of the record."""
        return etag.of(self.name, self.version)

    @property
    def person(self) -> str:
        """Whom its alerts go to by name; empty where that is whoever looks after the customer."""
        return "" if self.assignee == OWNER else self.assignee

    @property
    def edition(self) -> str:
        """Changes with every change of the rule, and is another where it was deleted and one of its
        name was made: what follows it keeps which one that was."""
        return etag.of(self.name, self.create_time.isoformat(), self.version)

    @property
    def given_to(self) -> str:
        """Who sees its alerts besides those who see the customer; empty for nobody.

        The customer's owner sees the customer. Who gives alerts to themselves sees those of the
        customers they see: they may have changed teams since they wrote the rule.
        """
        to_themselves = self.assignee == self.sight.author and self.sight.reach is not Scope.ALL
        return "" if to_themselves else self.person

    @property
    def called(self) -> str:
        """What people call it, for alerts that have no text of their own."""
        return self.display_name or self.filter

    def expect(self, given: str) -> None:
        """Raises ABORTED, ETAG_MISMATCH."""
        etag.expect(given, self.etag, self.name)

    def expect_changed_by(self, caller: Caller) -> None:
        """Raises PERMISSION_DENIED, RULE_SEES_MORE where a caller neither wrote the rule nor sees
        everyone: no team's customers are all that it sees, for its author's own may be of any.
        Its author may see less by now: their change brings it down to that."""
        if caller.subject != self.sight.author and caller.scope is not Scope.ALL:
            raise DomainError(
                Kind.PERMISSION_DENIED,
                "RULE_SEES_MORE",
                f"{self.name} sees customers that you may not see; make a rule of your own",
                metadata={"rule": self.name},
            )

    def change(
        self, draft: RuleDraft, changed: Collection[str], by: Caller, *, at: datetime
    ) -> "Rule":
        """The rule with the named fields of the draft; its author's changes renew its sight.

        Raises INVALID_ARGUMENT as `of`.
        """
        values = {name: getattr(draft, name) for name in changed}
        if values.get("assignee") == "":
            values["assignee"] = OWNER
        sight = Sight.of(by) if by.subject == self.sight.author else self.sight
        rule = replace(self, **values, sight=sight)
        if rule == self:
            return self
        rule._expect_complete()
        return replace(rule, update_time=at, version=self.version + 1)

    def left(self) -> "Rule":
        """The rule as it works once the person whom its alerts go to has left."""
        return replace(self, assignee=OWNER)

    def followed_by(self, run: str) -> "Rule":
        """The rule, with the run that lets its change take effect."""
        return replace(self, run=run)

    def _expect_complete(self) -> None:
        if not self.filter.strip():
            raise invalid("filter", "FIELD_REQUIRED", "says whom the rule matches")
        if self.kind is RuleKind.TAG and not self.tag:
            raise invalid("tag", "FIELD_REQUIRED", "a TAG rule gives a tag")
        if self.kind is RuleKind.ALERT and self.severity is None:
            raise invalid("severity", "FIELD_REQUIRED", "an ALERT rule says how urgent it is")
