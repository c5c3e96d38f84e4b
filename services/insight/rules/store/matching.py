"""Rules compiled: one condition each over the facts table, so that a batch of customers, or all of
them, is matched against many rules by one statement.

What follows from a match is not known here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Label, Select, and_, case, func, or_, select

from services.chassis.caller import Caller, Scope
from services.chassis.errors import invalid
from services.chassis.lists import filters
from services.chassis.nearest import nearest
from services.chassis.store import AnyRow, ReadTransaction
from services.chassis.store.kept_apart import kept_apart
from services.chassis.store.sight import Asking, predicate, seeing
from services.insight.facts.store import FACTS, FilterTerms, facts, fields, of_generation
from services.insight.rules.model import Rule, RuleKind, Sight
from services.insight.rules.texts import facts_in, wrong_braces
from services.insight.sources.store import Selection

__all__ = ["CompiledRule", "Matcher", "compile_rule", "match_counts"]

TAGS: Final = "tags"
# So many rules by one statement. Of filters as long as they may be it has 1,600 parameters and
# takes 2 MB once it is compiled; SQLite takes expressions that are 1,000 deep and, as PostgreSQL
# does, some 32,766 parameters: 170 rules of a manager of 200 teams had more.
_AT_ONCE: Final = 25


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with the condition that its filter is, whoever sees what, and who sees a row of facts
    as the rule does; `facts` are those its filter names, in the filter's order."""

    rule: Rule
    condition: ColumnElement[bool]
    sees: Callable[[object], bool]
    facts: tuple[str, ...]


class Matcher:
    """The rules in force on one day, compiled; `in_force` names those that could not be, too."""

    def __init__(
        self,
        rules: Iterable[CompiledRule],
        in_force: Iterable[str],
        before: "Matcher | None" = None,
    ) -> None:
        """`before` is one of the same day, whose statements are taken over where they are the same:
        a rule that is changed costs those that are matched with it."""
        compiled = tuple(rules)
        self.in_force = frozenset(in_force)
        self.tags = tuple(each for each in compiled if each.rule.kind is RuleKind.TAG)
        self.alerts = tuple(each for each in compiled if each.rule.kind is RuleKind.ALERT)
        known = {each.key: each for each in (before._groups if before else ())}
        self._tagging = _grouped(self.tags, known)
        self._alerting = _grouped(self.alerts, known)

    async def tagged(
        self, tx: ReadTransaction, generation: int, who: Selection
    ) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
        """Of each selected customer the name, the tags carried, and those that rules give now."""
        given: defaultdict[str, set[str]] = defaultdict(set)
        for group in self._tagging:
            for row, met in await group.matched(tx, generation, who):
                given[row.customer].update(each.rule.tag for each in met)
        carried = await tx.unscoped().all(
            _carried(type(who)), {"generation": generation, **who.parameters()}
        )
        return [(row.customer, row.tags, tuple(sorted(given[row.customer]))) for row in carried]

    async def matched(
        self, tx: ReadTransaction, generation: int, who: Selection
    ) -> list[tuple[AnyRow, list[CompiledRule]]]:
        """The selected customers that any ALERT rule matches, and which ones do; a customer may
        come several times, with other rules each time."""
        found: list[tuple[AnyRow, list[CompiledRule]]] = []
        for group in self._alerting:
            found += await group.matched(tx, generation, who)
        return found

    @property
    def _groups(self) -> "tuple[_Group, ...]":
        return (*self._tagging, *self._alerting)


class _Group:
    """Rules that are matched by one statement."""

    def __init__(self, rules: tuple[CompiledRule, ...]) -> None:
        self.key = tuple(each.rule for each in rules)
        self._rules = rules
        self._statement = cache(self._matching)

    async def matched(
        self, tx: ReadTransaction, generation: int, who: Selection
    ) -> Iterator[tuple[AnyRow, list[CompiledRule]]]:
        """The selected customers that any of the rules matches, and which ones do."""
        rows = await tx.unscoped().all(
            self._statement(type(who)), {"generation": generation, **who.parameters()}
        )
        return ((row, met) for row in rows if (met := self._met(row)))

    def _met(self, row: AnyRow) -> list[CompiledRule]:
        flags = zip(self._rules, row[-len(self._rules) :], strict=True)
        return [each for each, holds in flags if holds and each.sees(row)]

    def _matching(self, kind: type[Selection]) -> Select[*tuple[Any, ...]]:
        names = {name for each in self._rules for name in _named(each)} | {"owner", "team"}
        columns = [FACTS[name] for name in sorted(names)]
        conditions = [each.condition for each in self._rules]
        return kept_apart(
            select(facts.c.customer, facts.c.display_name, *columns, *_flags(conditions))
            .where(of_generation, kind.holds(facts.c.customer))
            .where(or_(*conditions))
        )


def _grouped(
    rules: Sequence[CompiledRule], known: Mapping[tuple[Rule, ...], _Group]
) -> tuple[_Group, ...]:
    """As they came to be: a new rule stands behind all others, and changes the last group alone."""
    old_first = sorted(rules, key=lambda each: (each.rule.create_time, each.rule.name))
    groups = (_Group(some) for some in _portions(old_first))
    return tuple(known.get(group.key, group) for group in groups)


@cache
def _carried(kind: type[Selection]) -> Select[*tuple[Any, ...]]:
    """Which tags the selected customers have."""
    return select(facts.c.customer, facts.c.tags).where(of_generation, kind.holds(facts.c.customer))


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
    return CompiledRule(rule, met, _eye(rule.sight), tuple(name for name in named if name in FACTS))


async def match_counts(
    tx: ReadTransaction, generation: int, rules: Sequence[CompiledRule]
) -> dict[str, int]:
    """How many of the customers in the caller's sight each rule matches, by its name."""
    counts: dict[str, int] = {}
    for some in _portions(rules):
        flags = _flags(and_(each.condition, *_seen(each.rule.sight)) for each in some)
        sums = (func.coalesce(func.sum(flag), 0) for flag in flags)
        counting = kept_apart(select(*sums).where(facts.c.generation == generation))
        row = await tx.first(counting)
        found = row or (0,) * len(some)
        counts |= {each.rule.name: count for each, count in zip(some, found, strict=True)}
    return counts


def _eye(sight: Sight) -> Callable[[object], bool]:
    """What a rule sees, of facts that are in hand."""
    return seeing(Caller(sight.author, teams=sight.teams, scope=sight.reach), facts)


def _seen(sight: Sight) -> Iterator[ColumnElement[bool]]:
    """True for the customers that a rule sees, as a caller of its author's scope sees them."""
    if sight.reach is Scope.ALL:
        return
    teams = sight.teams if sight.reach is Scope.TEAM else ()
    seen = predicate(facts, Asking.in_itself(sight.author, teams), works=False)
    if seen is not None:
        yield seen


def _portions(rules: Sequence[CompiledRule]) -> Iterator[tuple[CompiledRule, ...]]:
    for start in range(0, len(rules), _AT_ONCE):
        yield tuple(rules[start : start + _AT_ONCE])


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


def _flags(conditions: Iterable[ColumnElement[bool]]) -> list[Label[int]]:
    """One column for each: 1 where it is met; no order of names, no truth that is NULL."""
    return [
        case((condition, 1), else_=0).label(f"match_{number}")
        for number, condition in enumerate(conditions)
    ]
