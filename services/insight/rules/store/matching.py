"""Rules compiled: one condition each over the facts table, so that a batch of customers, or all of
them, is matched against every rule of a kind by one statement.

What follows from a match is not known here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from services.chassis.caller import Scope
from services.chassis.errors import invalid
from services.chassis.lists import filters
from services.chassis.nearest import nearest
from services.chassis.store import AnyRow, ReadTransaction
from services.chassis.store.sight import Asking, predicate
from services.insight.facts.store import FACTS, FilterTerms, facts, fields, of_generation
from services.insight.rules.model import Rule, RuleKind, Sight
from services.insight.rules.texts import facts_in, wrong_braces
from services.insight.sources.store import Selection

__all__ = ["CompiledRule", "Matcher", "compile_rule", "match_counts"]

TAGS: Final = "tags"
# One look at the facts for so many rules: a statement has room for some hundred conditions.
_COUNTED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its condition; `facts` are those its filter names, in the filter's order."""

    rule: Rule
    condition: ColumnElement[bool]
    facts: tuple[str, ...]


class Matcher:
    """The rules in force on one day, compiled; `in_force` names those that could not be, too."""

    def __init__(self, rules: Iterable[CompiledRule], in_force: Iterable[str]) -> None:
        compiled = tuple(rules)
        self.in_force = frozenset(in_force)
        self.tags = tuple(each for each in compiled if each.rule.kind is RuleKind.TAG)
        self.alerts = tuple(each for each in compiled if each.rule.kind is RuleKind.ALERT)
        self._tags = cache(self._tags_statement)
        self._alerts = cache(self._alerts_statement)

    async def tagged(
        self, tx: ReadTransaction, generation: int, who: Selection
    ) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """Of each selected customer the name, the tags carried, and those that rules give now."""
        rows = await tx.unscoped().all(
            self._tags(type(who)), {"generation": generation, **who.parameters()}
        )
        return [(row[0], row[1], self._given(row)) for row in rows]

    async def matched(
        self, tx: ReadTransaction, generation: int, who: Selection
    ) -> list[tuple[AnyRow, list[CompiledRule]]]:
        """The selected customers that any ALERT rule matches, and which ones do."""
        if not self.alerts:
            return []
        rows = await tx.unscoped().all(
            self._alerts(type(who)), {"generation": generation, **who.parameters()}
        )
        return [(row, self._holding(row)) for row in rows]

    def _given(self, row: AnyRow) -> tuple[str, ...]:
        met = zip(self.tags, row[2:], strict=True)
        return tuple(sorted({each.rule.tag for each, holds in met if holds}))

    def _holding(self, row: AnyRow) -> list[CompiledRule]:
        met = zip(self.alerts, row[-len(self.alerts) :], strict=True)
        return [each for each, holds in met if holds]

    def _tags_statement(self, kind: type[Selection]) -> Select[*tuple[Any, ...]]:
        return select(facts.c.customer, facts.c.tags, *_flags(self.tags)).where(
            of_generation, kind.holds(facts.c.customer)
        )

    def _alerts_statement(self, kind: type[Selection]) -> Select[*tuple[Any, ...]]:
        names = {name for each in self.alerts for name in _named(each)} | {"owner", "team"}
        columns = [FACTS[name] for name in sorted(names)]
        return (
            select(facts.c.customer, facts.c.display_name, *columns, *_flags(self.alerts))
            .where(of_generation, kind.holds(facts.c.customer))
            .where(or_(*(each.condition for each in self.alerts)))
        )


def compile_rule(rule: Rule, terms: FilterTerms) -> CompiledRule:
    """The rule, ready to be matched.

    Raises INVALID_ARGUMENT naming `filter`, `text_en` or `text_zh`: what filters raise,
    TAGS_IN_TAG_RULE, TEXT_UNKNOWN_FACT.
    """
    declared = fields(terms.exponent)
    node = filters.parse(rule.filter)
    named = tuple(dict.fromkeys(each.field_name for each in filters.restrictions(node)))
    if rule.kind is RuleKind.TAG and TAGS in named:
        raise invalid("filter", "TAGS_IN_TAG_RULE", "a TAG rule can't depend on tags")
    for field in ("text_en", "text_zh"):
        _expect_only_facts_in_braces(field, getattr(rule, field))
    met = filters.compile_node(node, declared, today=terms.day.date, zone=terms.day.zone)
    return CompiledRule(
        rule, and_(met, *_seen(rule.sight)), tuple(name for name in named if name in FACTS)
    )


async def match_counts(
    tx: ReadTransaction, generation: int, rules: Sequence[CompiledRule]
) -> dict[str, int]:
    """How many of the customers in the caller's sight each rule matches, by its name."""
    counts: dict[str, int] = {}
    for start in range(0, len(rules), _COUNTED_AT_ONCE):
        some = rules[start : start + _COUNTED_AT_ONCE]
        sums = (func.coalesce(func.sum(flag), 0) for flag in _flags(some))
        row = await tx.first(select(*sums).where(facts.c.generation == generation))
        found = row or (0,) * len(some)
        counts |= {each.rule.name: count for each, count in zip(some, found, strict=True)}
    return counts


def _seen(sight: Sight) -> Iterator[ColumnElement[bool]]:
    """True for the customers that a rule sees, as a caller of its author's scope sees them."""
    if sight.reach is Scope.ALL:
        return
    teams = sight.teams if sight.reach is Scope.TEAM else ()
    seen = predicate(facts, Asking.in_itself(sight.author, teams), works=False)
    if seen is not None:
        yield seen


def _expect_only_facts_in_braces(field: str, text: str) -> None:
    for found in wrong_braces(text):
        guess = nearest(found.strip("{} "), FACTS)
        raise invalid(
            field,
            "TEXT_UNKNOWN_FACT",
            f"{found} is no fact in braces{guess}; braces hold {', '.join(sorted(FACTS))}",
        )


def _named(compiled: CompiledRule) -> Sequence[str]:
    rule = compiled.rule
    return (*compiled.facts, *facts_in(rule.text_en), *facts_in(rule.text_zh))


def _flags(rules: Iterable[CompiledRule]) -> list[ColumnElement[int]]:
    """One column for each rule: 1 where it matches; no order of names, no truth that is NULL."""
    return [
        case((each.condition, 1), else_=0).label(f"match_{number}")
        for number, each in enumerate(rules)
    ]
